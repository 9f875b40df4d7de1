// Every error that was seen from etcd 3.4, through both shapes in which the gateway writes it.
#include <gtest/gtest.h>

#include "etcdctl-adapter/codec.hpp"

namespace fluxpg::etcd {
namespace {

struct Case {
  const char* words;
  int code;
  int http_status;
  ErrorKind kind;
};

const Case kCases[] = {
    {"etcdserver: unhealthy cluster", 14, 503, ErrorKind::kUnhealthy},
    {"etcdserver: re-configuration failed due to not enough started members", 2, 500, ErrorKind::kNotEnoughStarted},
    {"etcdserver: member not found", 5, 404, ErrorKind::kNotFound},
    {"etcdserver: requested lease not found", 5, 404, ErrorKind::kNotFound},
    {"etcdserver: Peer URLs already exists", 9, 412, ErrorKind::kExists},
    {"etcdserver: member ID already exist", 9, 412, ErrorKind::kExists},
    {"etcdserver: too many learner members in cluster", 9, 412, ErrorKind::kTooManyLearners},
    {"etcdserver: can only promote a learner member which is in sync with leader", 9, 412, ErrorKind::kNotInSync},
    {"etcdserver: can only promote a learner member", 9, 412, ErrorKind::kNotLearner},
    {"etcdserver: given member URLs are invalid", 3, 400, ErrorKind::kRefused},
    {"etcdserver: rpc not supported for learner", 14, 503, ErrorKind::kLearner},
    {"etcdserver: not leader", 9, 412, ErrorKind::kRefused},
    {"etcdserver: no leader", 14, 503, ErrorKind::kNoLeader},
    {"etcdserver: leader changed", 14, 503, ErrorKind::kNoLeader},
    {"etcdserver: request timed out", 14, 503, ErrorKind::kTimeout},
    {"etcdserver: request timed out, possibly due to previous leader failure", 14, 503, ErrorKind::kTimeout},
    {"context deadline exceeded", 2, 500, ErrorKind::kTimeout},
    {"etcdserver: server stopped", 14, 503, ErrorKind::kStopped},
    {"raft: stopped", 2, 500, ErrorKind::kStopped},
    {"etcdserver: mvcc: database space exceeded", 8, 429, ErrorKind::kNoSpace},
    {"etcdserver: too many requests", 8, 429, ErrorKind::kRefused},
    {"etcdserver: mvcc: required revision has been compacted", 11, 400, ErrorKind::kRefused},
    {"all SubConns are in TransientFailure", 14, 503, ErrorKind::kStopped},
    {"something new", 2, 500, ErrorKind::kMalformed},
    {"something new", 4, 504, ErrorKind::kTimeout},
};

TEST(Refusal, EachWordingOfEtcdHasItsKind) {
  for (const Case& c : kCases) {
    const std::string words = c.words;
    const std::string code = std::to_string(c.code);
    const std::string plain = R"({"error":")" + words + R"(","message":")" + words + R"(","code":)" + code + "}";
    const std::string stream = R"({"error":{"grpc_code":)" + code + R"(,"http_code":503,"message":")" + words + R"(","http_status":"x"}})";
    for (const std::string& body : {plain, stream}) {
      const Result result = decode(RemoveMember{{7}}, c.http_status, body);
      ASSERT_FALSE(result) << body;
      EXPECT_EQ(result.error().kind, c.kind) << body;
      EXPECT_EQ(result.error().message, words);
    }
  }
}

TEST(Refusal, AStreamMaySayItsErrorWithStatus200) {
  const Result result = decode(KeepAlive{{7}}, 200, R"({"error":{"grpc_code":14,"message":"etcdserver: no leader"}})");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kNoLeader);
}

TEST(Refusal, WithoutWordsIsMalformed) {
  for (const char* body : {R"({"error":""})", R"({"error":7})", R"({"error":null})", R"({"error":{}})", R"({"error":{"message":[]}})"}) {
    const Result result = decode(RemoveMember{{7}}, 500, body);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::kMalformed) << body;
  }
}

}  // namespace
}  // namespace fluxpg::etcd
