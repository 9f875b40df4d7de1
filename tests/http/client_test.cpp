#include "base/http/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>

#include "tests/support/raw_server.hpp"

namespace fluxpg::http {
namespace {

using test::always;
using test::answer;
using test::closed_port;
using test::Connection;
using test::RawServer;
using testing::HasSubstr;
using testing::Not;

Result fetch(Client& client, Request request) {
  std::optional<Result> result;
  client.start(std::move(request), [&](Result r) { result = std::move(r); });
  client.run_until_idle();
  return *result;
}

Request get(std::string url) {
  Request request;
  request.url = std::move(url);
  return request;
}

// What the server was sent, for the tests that look at our own requests.
struct Recorder {
  std::mutex mutex;
  std::vector<std::string> requests;
  test::Script script() {
    return [this](Connection& c) {
      for (std::string request = c.read_request(); !request.empty(); request = c.read_request()) {
        const std::lock_guard lock(mutex);
        requests.push_back(request);
        c.send(answer("ok"));
      }
    };
  }
};

TEST(HttpClient, ReturnsStatusHeadersAndBody) {
  RawServer server(always(answer("hello", "201 Created", "FLUXNODE: server7_1.2.3.4\r\nX-Two:  a \r\nx-two: b\r\n")));
  Client client;
  const Result result = fetch(client, get(server.url()));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 201);
  EXPECT_EQ(result->body, "hello");
  EXPECT_EQ(result->headers.at("fluxnode"), "server7_1.2.3.4");
  EXPECT_EQ(result->headers.at("x-two"), "b");
  EXPECT_GT(result->took, Duration::zero());
}

TEST(HttpClient, ForgetsTheHeadersOfAnInterimAnswer) {
  RawServer server(always("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + answer("hello")));
  Client client;
  const Result result = fetch(client, get(server.url()));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->headers.count("x-early"), 0U);
}

TEST(HttpClient, ReusesAConnection) {
  RawServer server(always(answer("hello")));
  Client client;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(fetch(client, get(server.url())));
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, SendsMethodHeadersAndBodyAndNothingItWasNotTold) {
  Recorder recorder;
  RawServer server(recorder.script());
  Client client;
  Request request = get(server.url("/path?x=1"));
  request.method = "PATCH";
  request.headers = {"X-Own: yes"};
  request.body = std::string(2000, 'b');  // large enough for libcurl to ask for 100-continue by itself
  ASSERT_TRUE(fetch(client, request));
  const std::string& sent = recorder.requests.at(0);
  EXPECT_THAT(sent, testing::StartsWith("PATCH /path?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(sent, HasSubstr("\r\nX-Own: yes\r\n"));
  EXPECT_THAT(sent, testing::EndsWith("\r\n\r\n" + request.body));
  EXPECT_THAT(sent, Not(HasSubstr("Expect:")));
  EXPECT_THAT(sent, Not(HasSubstr("Content-Type:")));
}

TEST(HttpClient, SendsAnEmptyPostAndAGivenContentType) {
  Recorder recorder;
  RawServer server(recorder.script());
  Client client;
  Request request = get(server.url());
  request.method = "POST";
  request.headers = {"content-type: text/xml"};
  ASSERT_TRUE(fetch(client, request));
  EXPECT_THAT(recorder.requests.at(0), HasSubstr("Content-Length: 0\r\n"));
  EXPECT_THAT(recorder.requests.at(0), HasSubstr("content-type: text/xml\r\n"));
}

TEST(HttpClient, NeverUsesAProxyFromTheEnvironment) {
  setenv("http_proxy", ("http://127.0.0.1:" + std::to_string(closed_port())).c_str(), 1);
  RawServer server(always(answer("direct")));
  Client client;
  const Result result = fetch(client, get(server.url()));
  unsetenv("http_proxy");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->body, "direct");
}

TEST(HttpClient, SaysThatARefusedConnectionSentNothing) {
  Client client;
  const Result result = fetch(client, get("http://127.0.0.1:" + std::to_string(closed_port()) + "/"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUnreachable);
  EXPECT_FALSE(result.error().sent);
  EXPECT_FALSE(result.error().message.empty());
}

TEST(HttpClient, RefusesWhatIsNotHttp) {
  Client client;
  for (const char* url : {"ftp://127.0.0.1/", "file:///etc/passwd", "", "http://", "http://127.0.0.1:1/\r\nX: y"}) {
    const Result result = fetch(client, get(url));
    ASSERT_FALSE(result) << url;
    EXPECT_EQ(result.error().kind, ErrorKind::kUnreachable) << url;
    EXPECT_FALSE(result.error().sent) << url;
  }
}

TEST(HttpClient, RefusesHeadersThatWouldSmuggle) {
  RawServer server(always(answer("hello")));
  Client client;
  Request request = get(server.url());
  request.headers = {"X-Own: a\r\nX-Other: b"};
  EXPECT_FALSE(fetch(client, request));
  request.headers.clear();
  request.method = "GET / HTTP/1.1\r\nX: y";
  EXPECT_FALSE(fetch(client, request));
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpClient, DoesNotFollowARedirect) {
  RawServer target(always(answer("target")));
  RawServer server(always(answer("", "302 Found", "Location: " + target.url() + "\r\n")));
  Client client;
  const Result result = fetch(client, get(server.url()));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 302);
  EXPECT_EQ(result->headers.at("location"), target.url());
  EXPECT_EQ(target.connections(), 0);
}

TEST(HttpClient, SpeaksThroughAUnixSocket) {
  const std::string path = "/tmp/fluxpg-http-" + std::to_string(getpid());
  RawServer server(always(answer("hello")), path);
  Client client;
  Request request = get("http://localhost/RPC2");
  request.unix_socket = path;
  const Result result = fetch(client, request);
  unlink(path.c_str());
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->body, "hello");
  const Result gone = fetch(client, [&] {
    request.unix_socket = path + "-other";
    return request;
  }());
  ASSERT_FALSE(gone);
  EXPECT_FALSE(gone.error().sent);
}

TEST(HttpClient, ConnectsWhereItIsToldAndForgetsItWithTheRequest) {
  Recorder recorder;
  RawServer server(recorder.script());
  Client client;
  Request request = get("http://n-0123.invalid:" + std::to_string(server.port()) + "/");
  request.resolve_to = "127.0.0.1";
  ASSERT_TRUE(fetch(client, request));
  EXPECT_THAT(recorder.requests.at(0), HasSubstr("Host: n-0123.invalid:"));
  request.resolve_to = "127.0.0.99";  // nobody listens there; the kept connection to the old address must not be used
  const Result moved = fetch(client, request);
  ASSERT_FALSE(moved);
  EXPECT_FALSE(moved.error().sent);
  request.resolve_to = "somewhere";
  EXPECT_FALSE(fetch(client, request));
  EXPECT_EQ(recorder.requests.size(), 1U);
}

TEST(HttpClient, NeverRunsACallbackInsideStart) {
  Client client(1);
  int called = 0;
  client.start(get("http://127.0.0.1:1/"), [&](Result) { ++called; });
  client.start(get("http://127.0.0.1:1/"), [&](Result) { ++called; });
  EXPECT_EQ(called, 0);
  client.run_until_idle();
  EXPECT_EQ(called, 2);
}

TEST(HttpClient, RefusesMoreThanItsBoundOfRequests) {
  RawServer server(always(answer("hello")));
  Client client(1);
  Result first = unexpected(Error{});
  Result second = first;
  client.start(get(server.url()), [&](Result r) { first = std::move(r); });
  client.start(get(server.url()), [&](Result r) { second = std::move(r); });
  EXPECT_EQ(client.timeout(), Duration::zero());
  client.run_until_idle();
  EXPECT_TRUE(first);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "too many requests under way");
  EXPECT_TRUE(fetch(client, get(server.url())));
}

TEST(HttpClient, LetsACallbackStartAndCancelOthers) {
  RawServer server(always(answer("hello")));
  Client client(3);
  std::vector<std::string> events;
  Ticket doomed;
  client.start(get("ftp://x/"), [&](Result) {
    events.push_back("first");
    client.cancel(doomed);  // answered in the same drive(), its callback not yet run
    client.start(get(server.url()), [&](Result r) { events.push_back(r ? r->body : r.error().message); });
  });
  doomed = client.start(get("ftp://y/"), [&](Result) { events.push_back("cancelled one ran"); });
  client.run_until_idle();
  EXPECT_THAT(events, testing::ElementsAre("first", "hello"));
}

TEST(HttpClient, NeverCallsBackACancelledRequest) {
  RawServer server([](Connection& c) { c.hang(); });
  Client client;
  bool called = false;
  const Ticket ticket = client.start(get(server.url()), [&](Result) { called = true; });
  for (int i = 0; i < 5; ++i) client.drive();
  EXPECT_FALSE(client.waits().empty());
  client.cancel(ticket);
  client.cancel(ticket);
  client.run_until_idle();
  EXPECT_FALSE(called);
  EXPECT_FALSE(client.timeout());
}

TEST(HttpClient, CanBeDestroyedWithRequestsUnderWay) {
  RawServer server([](Connection& c) { c.hang(); });
  bool called = false;
  {
    Client client;
    client.start(get(server.url()), [&](Result) { called = true; });
    client.drive();
  }
  EXPECT_FALSE(called);
}

TEST(HttpClient, NeverSendsARequestTwice) {
  std::atomic<int> seen = 0;
  RawServer server([&](Connection& c) {
    if (c.read_request().empty()) return;
    ++seen;
    c.send(answer("hello"));
    if (!c.read_request().empty()) ++seen;  // received, perhaps carried out, never answered
  });
  Client client;
  ASSERT_TRUE(fetch(client, get(server.url())));
  Request change = get(server.url());
  change.method = "POST";
  change.body = "{}";
  const Result result = fetch(client, change);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kBroken);
  EXPECT_TRUE(result.error().sent);
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace fluxpg::http
