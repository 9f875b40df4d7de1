// A name server that does not answer must not stop the loop: this program replaces getaddrinfo for names that end in ".slow".
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <condition_variable>
#include <mutex>
#include <string_view>

#include "base/http/client.hpp"
#include "tests/support/raw_server.hpp"

namespace {

std::mutex mutex;
std::condition_variable changed;
bool released = false;
int waiting = 0;

}  // namespace

extern "C" int getaddrinfo(const char* node, const char* service, const struct addrinfo* hints, struct addrinfo** result) noexcept(false) {
  if (node != nullptr && std::string_view(node).ends_with(".slow")) {
    std::unique_lock lock(mutex);
    ++waiting;
    changed.notify_all();
    changed.wait(lock, [] { return released; });
    --waiting;
    changed.notify_all();
    return EAI_NONAME;
  }
  using Function = int (*)(const char*, const char*, const struct addrinfo*, struct addrinfo**);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(node, service, hints, result);
}

namespace fluxpg::http {
namespace {

Request get(std::string url) {
  Request request;
  request.url = std::move(url);
  return request;
}

TEST(HttpResolver, ASilentNameServerBlocksNobodyAndDiesAtTheDeadline) {
  {
    const std::unique_lock lock(mutex);
    released = false;  // whatever ran before
  }
  test::RawServer server(test::always(test::answer("hello")));
  std::optional<Result> slow;
  std::optional<Result> fast;
  {
    Client client;
    Request request = get("http://api.slow/");
    request.deadline = milliseconds(150);
    client.start(request, [&](Result r) { slow = std::move(r); });
    client.start(get(server.url()), [&](Result r) { fast = std::move(r); });
    client.run_until_idle();
    std::unique_lock lock(mutex);
    changed.wait(lock, [] { return waiting > 0; });  // it was really asked, and is still being asked
  }
  ASSERT_TRUE(fast && *fast);
  ASSERT_TRUE(slow && !*slow);
  EXPECT_EQ(slow->error().kind, ErrorKind::kTimeout);
  EXPECT_FALSE(slow->error().sent);
  EXPECT_LT(slow->error().took, seconds(20));  // the name server would never have answered
  std::unique_lock lock(mutex);
  released = true;
  changed.notify_all();
  changed.wait(lock, [] { return waiting == 0; });
}

TEST(HttpResolver, AnUnknownNameIsUnreachable) {
  {
    const std::unique_lock lock(mutex);
    released = true;
  }
  Client client;
  std::optional<Result> result;
  client.start(get("http://unknown.slow/"), [&](Result r) { result = std::move(r); });
  client.run_until_idle();
  ASSERT_TRUE(result && !*result);
  EXPECT_EQ(result->error().kind, ErrorKind::kUnreachable);
  EXPECT_FALSE(result->error().sent);
}

TEST(HttpResolver, ANameIsResolved) {
  test::RawServer server(test::always(test::answer("hello")));
  Client client;
  std::optional<Result> result;
  client.start(get("http://localhost:" + std::to_string(server.port()) + "/"), [&](Result r) { result = std::move(r); });
  client.run_until_idle();
  ASSERT_TRUE(result);
  EXPECT_TRUE(*result);
}

}  // namespace
}  // namespace fluxpg::http
