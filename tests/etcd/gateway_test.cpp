// The gateway against a server that misbehaves on purpose; real etcd is asked in the native tests.
#include "etcdctl-adapter/gateway.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "tests/support/raw_server.hpp"

namespace fluxpg::etcd {
namespace {

using test::answer;
using test::Connection;
using test::RawServer;

constexpr Duration kDeadline = seconds(1);  // long enough to connect and send before it on a busy machine

Result ask_at(const std::string& base_url, const Call& call, Duration deadline = seconds(30)) {
  http::Client client;
  std::optional<Result> result;
  ask(client, Access{base_url, "", std::nullopt}, call, deadline, [&](Result r) { result = std::move(r); });
  client.run_until_idle();
  return *result;
}

// Answers the n-th request with the n-th body, and remembers what was asked.
class Script {
 public:
  explicit Script(std::vector<std::string> bodies) : bodies_(std::move(bodies)), server_([this](Connection& c) { serve(c); }) {}
  std::string url() const { return server_.url(""); }
  std::vector<std::string> paths() {
    const std::lock_guard lock(mutex_);
    return paths_;
  }

 private:
  void serve(Connection& c) {
    for (std::string request = c.read_request(); !request.empty(); request = c.read_request()) {
      const std::lock_guard lock(mutex_);
      paths_.push_back(request.substr(0, request.find(" HTTP")));
      if (paths_.size() > bodies_.size()) return;
      c.send(answer(bodies_[paths_.size() - 1]));
    }
  }
  std::mutex mutex_;
  std::vector<std::string> paths_;
  const std::vector<std::string> bodies_;
  RawServer server_;
};

std::string read_by(const std::string& member) { return R"({"header":{"cluster_id":"1","member_id":")" + member + R"("}})"; }
std::string list_by(const std::string& member) {
  return R"({"header":{"cluster_id":"1","member_id":")" + member + R"("},"members":[{"ID":"7","peerURLs":["u"]}]})";
}

TEST(Gateway, ReadsLinearizablyBeforeALinearizableList) {
  Script script({read_by("7"), list_by("7")});
  const Result result = ask_at(script.url(), ListMembers{true});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(std::get<MemberList>(*result).members.size(), 1U);
  EXPECT_THAT(script.paths(), testing::ElementsAre("POST /v3/kv/range", "POST /v3/cluster/member/list"));
}

TEST(Gateway, AsksForALocalListAtOnce) {
  Script script({list_by("7")});
  ASSERT_TRUE(ask_at(script.url(), ListMembers{false}));
  EXPECT_THAT(script.paths(), testing::ElementsAre("POST /v3/cluster/member/list"));
}

TEST(Gateway, GivesNoListIfTheReadFails) {
  Script script({R"({"error":"etcdserver: request timed out","code":14})", list_by("7")});
  const Result result = ask_at(script.url(), ListMembers{true});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kTimeout);
  EXPECT_EQ(script.paths().size(), 1U);
}

TEST(Gateway, GivesNoListIfAnotherMemberAnswersIt) {
  Script script({read_by("7"), list_by("8")});
  const Result result = ask_at(script.url(), ListMembers{true});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kMalformed);
}

TEST(Gateway, KeepsOneDeadlineOverBothRequests) {
  RawServer server([](Connection& c) {
    c.read_request();
    c.pause_ms(1000);
    c.send(answer(read_by("7")));
    c.read_request();
    c.hang();
  });
  http::Client client;
  std::optional<Result> result;
  Duration took{};
  const auto start = std::chrono::steady_clock::now();
  ask(client, Access{server.url(""), "", std::nullopt}, ListMembers{true}, milliseconds(1500), [&](Result r) {
    result = std::move(r);
    took = std::chrono::steady_clock::now() - start;
  });
  client.run_until_idle();
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().kind, ErrorKind::kTimeout);
  EXPECT_GE(took, milliseconds(1490));
  EXPECT_LT(took, milliseconds(2500));  // with a deadline of its own the second request would end here at the earliest
}

TEST(Gateway, ARefusedConnectionIsNotDone) {
  const Result result = ask_at("http://127.0.0.1:" + std::to_string(test::closed_port()), RemoveMember{{7}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUnreachable);
  EXPECT_THAT(result.error().message, testing::HasSubstr("/v3/cluster/member/remove: "));
  EXPECT_EQ(outcome(result), Outcome::kNotDone);
}

TEST(Gateway, WhateverHappensAfterSendingIsUnknown) {
  const std::string huge = answer(std::string(2 << 20, ' '));
  const std::pair<test::Script, ErrorKind> cases[] = {
      {[](Connection& c) { c.hang(); }, ErrorKind::kTimeout}, {[](Connection& c) { c.read_request(); }, ErrorKind::kTimeout},
      {test::always("garbage\r\n\r\n"), ErrorKind::kTimeout}, {test::always(answer("<html>")), ErrorKind::kMalformed},
      {test::always(answer("{}")), ErrorKind::kMalformed},    {test::always(huge), ErrorKind::kMalformed},
  };
  for (const auto& [script, kind] : cases) {
    RawServer server(script);
    const Result result = ask_at(server.url(""), RemoveMember{{7}}, kDeadline);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, kind) << result.error().message;
    EXPECT_EQ(outcome(result), Outcome::kUnknown);
  }
}

}  // namespace
}  // namespace fluxpg::etcd
