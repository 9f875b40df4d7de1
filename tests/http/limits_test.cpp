// Servers that misbehave: every answer ends at its deadline or its size limit, and says truly whether anything was sent.
#include <gtest/gtest.h>

#include "base/http/client.hpp"
#include "tests/support/raw_server.hpp"

namespace fluxpg::http {
namespace {

using test::answer;
using test::Connection;
using test::RawServer;

constexpr Duration kDeadline = seconds(1);  // long enough to connect and send before it on a busy machine
constexpr Duration kLate = seconds(10);

Result fetch_from(test::Script script, std::size_t max_body = 1 << 20, Duration deadline = seconds(30)) {
  RawServer server(std::move(script));
  Client client;
  Request request;
  request.url = server.url();
  request.deadline = deadline;
  request.max_body = max_body;
  std::optional<Result> result;
  client.start(std::move(request), [&](Result r) { result = std::move(r); });
  client.run_until_idle();
  return *result;
}

test::Script after_request(std::string bytes) {
  return [bytes = std::move(bytes)](Connection& c) {
    if (!c.read_request().empty()) c.send(bytes);
  };
}

void expect_error(const Result& result, ErrorKind kind) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, kind) << result.error().message;
  EXPECT_TRUE(result.error().sent);
  EXPECT_FALSE(result.error().message.empty());
}

TEST(HttpLimits, AHangingServerDiesAtTheDeadline) {
  const Result result = fetch_from([](Connection& c) { c.hang(); }, 1 << 20, kDeadline);
  expect_error(result, ErrorKind::kTimeout);
  EXPECT_GE(result.error().took, kDeadline);
  EXPECT_LT(result.error().took, kDeadline + kLate);
}

TEST(HttpLimits, ADrippingBodyDiesAtTheDeadline) {
  const auto drip = [](Connection& c) {
    if (c.read_request().empty() || !c.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")) return;
    while (c.pause_ms(50) && c.send("x")) {
    }
  };
  const Result result = fetch_from(drip, 1 << 20, kDeadline);
  expect_error(result, ErrorKind::kTimeout);
  EXPECT_LT(result.error().took, kDeadline + kLate);
}

TEST(HttpLimits, DrippingHeadersDieAtTheDeadline) {
  const auto drip = [](Connection& c) {
    if (c.read_request().empty() || !c.send("HTTP/1.1 200 OK\r\n")) return;
    while (c.pause_ms(50) && c.send("X")) {
    }
  };
  expect_error(fetch_from(drip, 1 << 20, kDeadline), ErrorKind::kTimeout);
}

TEST(HttpLimits, ATruncatedBodyIsNotAnAnswer) {
  expect_error(fetch_from(after_request("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")), ErrorKind::kBroken);
  expect_error(fetch_from(after_request("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")), ErrorKind::kBroken);
  expect_error(fetch_from(after_request("HTTP/1.1 200 OK\r\nContent-")), ErrorKind::kBroken);
}

TEST(HttpLimits, NoAnswerIsNotAnAnswer) { expect_error(fetch_from(after_request("")), ErrorKind::kBroken); }

TEST(HttpLimits, GarbageIsNotAnAnswer) {
  expect_error(fetch_from(after_request("\x01\x02 garbage\n\n")), ErrorKind::kBroken);
  expect_error(fetch_from(after_request("SSH-2.0-OpenSSH_9.2\r\n")), ErrorKind::kBroken);
  expect_error(fetch_from(after_request("HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n")), ErrorKind::kBroken);
}

TEST(HttpLimits, ABodyOfExactlyTheLimitPasses) {
  const Result result = fetch_from(after_request(answer(std::string(1000, 'x'))), 1000);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->body.size(), 1000U);
}

TEST(HttpLimits, AnAnnouncedBodyOverTheLimitIsNotRead) {
  const auto script = [](Connection& c) {
    if (c.read_request().empty()) return;
    c.send("HTTP/1.1 200 OK\r\nContent-Length: 209715200\r\n\r\n");
    c.hang();
  };
  expect_error(fetch_from(script, 1000), ErrorKind::kTooLarge);
}

// 200 MB on offer; the kernel's buffers take a few of them before the client hangs up.
TEST(HttpLimits, AnEndlessBodyStopsAtTheLimit) {
  const std::string block(1 << 16, 'x');
  for (const std::string framing : {"Connection: close\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"}) {
    const std::string chunk = framing[0] == 'T' ? "10000\r\n" + block + "\r\n" : block;
    std::atomic<int> blocks = 0;
    const auto flood = [&](Connection& c) {
      if (c.read_request().empty() || !c.send("HTTP/1.1 200 OK\r\n" + framing)) return;
      while (blocks < 3200 && c.send(chunk)) ++blocks;
    };
    expect_error(fetch_from(flood, 100000), ErrorKind::kTooLarge);
    EXPECT_LT(blocks, 1600) << framing;
  }
}

std::string with_headers(int count, const std::string& value) {
  std::string headers;
  for (int i = 0; i < count; ++i) headers += "X-" + std::to_string(i) + ": " + value + "\r\n";
  return answer("hello", "200 OK", headers);
}

TEST(HttpLimits, AFloodOfHeadersIsRefused) {
  const Result most = fetch_from(after_request(with_headers(static_cast<int>(kMaxHeaders) - 1, "v")));  // + Content-Length
  ASSERT_TRUE(most);
  EXPECT_EQ(most->headers.size(), kMaxHeaders);
  expect_error(fetch_from(after_request(with_headers(static_cast<int>(kMaxHeaders), "v"))), ErrorKind::kTooLarge);
  expect_error(fetch_from(after_request(with_headers(3, std::string(4000, 'v')))), ErrorKind::kTooLarge);
}

}  // namespace
}  // namespace fluxpg::http
