#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "etcdctl-adapter/codec.hpp"

namespace fluxpg::etcd {
namespace {

const std::string kHeader =
    R"("header":{"cluster_id":"6340273314637844773","member_id":"2796415265687506306","revision":"9","raft_term":"2"})";
const Header kHeaderValue{{6340273314637844773}, {2796415265687506306}, 9, 2};

std::string with_header(const std::string& rest) {
  return std::string("{").append(kHeader).append(rest.empty() ? "" : ",").append(rest).append("}");
}
std::string streamed(const std::string& result) { return std::string("{\"result\":").append(result).append("}\n"); }

template <class T>
T read(const Call& call, const std::string& body) {
  const Result result = decode(call, 200, body);
  EXPECT_TRUE(result) << result.error().message;
  return result ? std::get<T>(*result) : T{};
}

// Malformed, in a sentence that names the field.
void expect_malformed(const Call& call, const std::string& body, const std::string& field) {
  const Result result = decode(call, 200, body);
  ASSERT_FALSE(result) << body;
  EXPECT_EQ(result.error().kind, ErrorKind::kMalformed) << body;
  EXPECT_THAT(result.error().message, testing::HasSubstr("\"" + field + "\" is ")) << body;
  EXPECT_THAT(result.error().message, testing::HasSubstr(", allowed is ")) << body;
  EXPECT_EQ(outcome(result), Outcome::kUnknown);
}

TEST(Decode, AStatus) {
  const auto status = read<Status>(GetStatus{}, with_header(R"("version":"3.4.23","dbSize":"20480","leader":"7107486725063330339",
      "raftIndex":"10","raftTerm":"2","raftAppliedIndex":"9","dbSizeInUse":"16384","isLearner":true,"errors":["etcdserver: no leader"])"));
  EXPECT_EQ(status.header, kHeaderValue);
  EXPECT_EQ(status.version, "3.4.23");
  EXPECT_EQ(status.leader, MemberId{7107486725063330339});
  EXPECT_EQ(status.raft_index, 10U);
  EXPECT_EQ(status.raft_applied_index, 9U);
  EXPECT_EQ(status.db_size, 20480);
  EXPECT_EQ(status.db_size_in_use, 16384);
  EXPECT_TRUE(status.learner);
  EXPECT_THAT(status.errors, testing::ElementsAre("etcdserver: no leader"));
}

TEST(Decode, AStatusWithoutLeaderHasNone) {
  const auto status = read<Status>(GetStatus{}, with_header(R"("version":"3.4.23")"));
  EXPECT_FALSE(status.leader);
  EXPECT_FALSE(status.learner);
}

TEST(Decode, AMemberList) {
  const auto list = read<MemberList>(ListMembers{}, with_header(R"("members":[
      {"ID":"18446744073709551615","name":"e1","peerURLs":["http://127.0.1.1:2380"],"clientURLs":["http://127.0.1.1:2379"]},
      {"ID":"10853185948682846621","peerURLs":["http://127.0.1.4:2380"],"isLearner":true,"new field":{}}])"));
  EXPECT_EQ(list.header, kHeaderValue);
  const Member started{{18446744073709551615U}, "e1", {"http://127.0.1.1:2380"}, {"http://127.0.1.1:2379"}, false};
  const Member unstarted{{10853185948682846621U}, "", {"http://127.0.1.4:2380"}, {}, true};
  EXPECT_THAT(list.members, testing::ElementsAre(started, unstarted));
}

TEST(Decode, AMemberListThatIsNoElectorateIsMalformed) {
  const ListMembers call;
  expect_malformed(call, with_header(""), "members");
  expect_malformed(call, with_header(R"("members":[])"), "members");
  expect_malformed(call, with_header(R"("members":{})"), "members");
  expect_malformed(call, with_header(R"("members":[7])"), "members");
  expect_malformed(call, with_header(R"("members":[{"ID":"7","peerURLs":["u"],"isLearner":true}])"), "members");
  expect_malformed(call, with_header(R"("members":[{"peerURLs":["u"]}])"), "ID");
  expect_malformed(call, with_header(R"("members":[{"ID":"0","peerURLs":["u"]}])"), "ID");
  expect_malformed(call, with_header(R"("members":[{"ID":7,"peerURLs":["u"]}])"), "ID");
  expect_malformed(call, with_header(R"("members":[{"ID":"-7","peerURLs":["u"]}])"), "ID");
  expect_malformed(call, with_header(R"("members":[{"ID":"18446744073709551616","peerURLs":["u"]}])"), "ID");
  expect_malformed(call, with_header(R"("members":[{"ID":"7","peerURLs":["u"]},{"ID":"7","peerURLs":["w"]}])"), "ID");
  expect_malformed(call, with_header(R"("members":[{"ID":"7"}])"), "peerURLs");
  expect_malformed(call, with_header(R"("members":[{"ID":"7","peerURLs":[7]}])"), "peerURLs");
  expect_malformed(call, with_header(R"("members":[{"ID":"7","peerURLs":["u"],"isLearner":"true"}])"), "isLearner");
  expect_malformed(call, with_header(R"("members":[{"ID":"7","peerURLs":["u"],"name":null}])"), "name");
}

TEST(Decode, AHeaderMustNameClusterAndMember) {
  const std::string rest = R"(,"members":[{"ID":"7","peerURLs":["u"]}]})";
  expect_malformed(ListMembers{}, R"({"x":1)" + rest, "header");
  expect_malformed(ListMembers{}, R"({"header":[])" + rest, "header");
  expect_malformed(ListMembers{}, R"({"header":{"member_id":"7"})" + rest, "cluster_id");
  expect_malformed(ListMembers{}, R"({"header":{"cluster_id":"7"})" + rest, "member_id");
  expect_malformed(ListMembers{}, R"({"header":{"cluster_id":"7","member_id":"7","revision":"9223372036854775808"})" + rest, "revision");
}

TEST(Decode, WhatIsNoJsonObjectIsMalformed) {
  for (const char* body : {"", "404 page not found", "[]", "7", "null", "{\"header\":", "{}{}", "\xff\xfe"}) {
    const Result result = decode(ListMembers{}, 404, body);
    ASSERT_FALSE(result) << body;
    EXPECT_EQ(result.error().kind, ErrorKind::kMalformed) << body;
    EXPECT_THAT(result.error().message, testing::StartsWith("HTTP 404 with "));
    EXPECT_THAT(result.error().message, testing::HasSubstr("enable-grpc-gateway"));
  }
}

TEST(Decode, AnotherStatusWithoutAnErrorIsMalformed) {
  const Result result = decode(Txn{}, 302, with_header(R"("succeeded":true)"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kMalformed);
}

TEST(Decode, DeepNestingIsNoWayToCrash) {
  const std::string deep(200000, '[');
  expect_malformed(ListMembers{}, with_header(R"("members":)" + deep + std::string(200000, ']')), "members");
}

TEST(Decode, AnAddedLearner) {
  const AddLearner call{"http://x:1"};
  const std::string members =
      R"("members":[{"ID":"1","name":"e1","peerURLs":["http://y:1"]},{"ID":"7","peerURLs":["http://x:1"],"isLearner":true}])";
  const auto added = read<Added>(call, with_header(R"("member":{"ID":"7","peerURLs":["http://x:1"],"isLearner":true},)" + members));
  EXPECT_EQ(added.member.id, MemberId{7});
  EXPECT_EQ(added.members.size(), 2U);
  expect_malformed(call, with_header(members), "member");
  expect_malformed(call, with_header(R"("member":{"ID":"7","peerURLs":["http://x:1"]},)" + members), "member");  // a voter!
  expect_malformed(call, with_header(R"("member":{"ID":"7","peerURLs":["http://z:1"],"isLearner":true},)" + members), "member");
  expect_malformed(call, with_header(R"("member":{"ID":"8","peerURLs":["http://x:1"],"isLearner":true},)" + members), "members");
}

TEST(Decode, AChangeCountsOnlyIfTheListShowsIt) {
  const std::string with7 = with_header(R"("members":[{"ID":"1","peerURLs":["u"]},{"ID":"7","peerURLs":["w"]}])");
  const std::string without7 = with_header(R"("members":[{"ID":"1","peerURLs":["u"]}])");
  const std::string learner7 = with_header(R"("members":[{"ID":"1","peerURLs":["u"]},{"ID":"7","peerURLs":["w"],"isLearner":true}])");
  EXPECT_EQ(read<Changed>(RemoveMember{{7}}, without7).members.size(), 1U);
  expect_malformed(RemoveMember{{7}}, with7, "members");
  EXPECT_EQ(read<Changed>(Promote{{7}}, with7).members.size(), 2U);
  expect_malformed(Promote{{7}}, without7, "members");
  expect_malformed(Promote{{7}}, learner7, "members");
}

TEST(Decode, ARange) {
  const Range call{"fo", true, false, 0, false};
  const auto range = read<RangeResult>(
      call,
      with_header(
          R"("kvs":[{"key":"Zm9v","create_revision":"3","mod_revision":"5","version":"2","value":"AP8=","lease":"9"}],"more":true,"count":"4")"));
  EXPECT_EQ(range.header, kHeaderValue);
  EXPECT_THAT(range.kvs, testing::ElementsAre(KeyValue{"foo", std::string("\0\xff", 2), 3, 5, {9}}));
  EXPECT_EQ(range.count, 4);
}

TEST(Decode, AnEmptyRange) {
  const auto range = read<RangeResult>(Range{"foo", false, false, 0, false}, with_header(""));
  EXPECT_TRUE(range.kvs.empty());
  EXPECT_EQ(range.count, 0);
}

TEST(Decode, AMalformedRange) {
  const Range call{"foo", false, false, 0, false};
  const std::string revisions = R"("create_revision":"3","mod_revision":"5")";
  expect_malformed(call, with_header(R"("kvs":[{"key":"!",)" + revisions + R"(}],"count":"1")"), "key");
  expect_malformed(call, with_header(R"("kvs":[{"key":"Zm9",)" + revisions + R"(}],"count":"1")"), "key");
  expect_malformed(call, with_header(R"("kvs":[{"key":"Zm9vbw==",)" + revisions + R"(}],"count":"1")"), "key");  // "fooo"
  expect_malformed(call, with_header(R"("kvs":[{"key":"Zm9v","value":7,)" + revisions + R"(}],"count":"1")"), "value");
  expect_malformed(call, with_header(R"("kvs":[{"key":"Zm9v","mod_revision":"5"}],"count":"1")"), "create_revision");
  expect_malformed(call, with_header(R"("kvs":[{"key":"Zm9v","create_revision":"6","mod_revision":"5"}],"count":"1")"), "mod_revision");
  expect_malformed(call, with_header(R"("kvs":[{"key":"Zm9v",)" + revisions + R"(}])"), "count");
  expect_malformed(call, with_header(R"("kvs":[[]],"count":"1")"), "kvs");
}

TEST(Decode, ATransactionSucceededOnlyIfItSaysSo) {
  EXPECT_TRUE(read<TxnResult>(Txn{}, with_header(R"("succeeded":true,"responses":[{"response_put":{}}])")).succeeded);
  EXPECT_FALSE(read<TxnResult>(Txn{}, with_header("")).succeeded);
  EXPECT_FALSE(read<TxnResult>(Txn{}, with_header(R"("succeeded":false)")).succeeded);
  expect_malformed(Txn{}, with_header(R"("succeeded":1)"), "succeeded");
  expect_malformed(Txn{}, R"({"succeeded":true})", "header");
}

TEST(Decode, ALease) {
  const auto lease = read<Lease>(GrantLease{}, with_header(R"("ID":"973518620957228555","TTL":"60")"));
  EXPECT_EQ(lease.id, LeaseId{973518620957228555});
  EXPECT_EQ(lease.ttl, seconds(60));
  expect_malformed(GrantLease{}, with_header(R"("TTL":"60")"), "ID");
  expect_malformed(GrantLease{}, with_header(R"("ID":"7")"), "TTL");
  expect_malformed(GrantLease{}, with_header(R"("ID":"7","TTL":"9223372036854775807")"), "TTL");
}

TEST(Decode, AKeepAliveWithoutTtlIsALostLease) {
  EXPECT_EQ(read<Lease>(KeepAlive{{7}}, streamed(with_header(R"("ID":"7","TTL":"5")"))).ttl, seconds(5));
  const auto lost = read<Lease>(KeepAlive{{7}}, streamed(with_header(R"("ID":"7")")));
  EXPECT_EQ(lost.ttl, Duration::zero());
  EXPECT_EQ(outcome(lost), Outcome::kNotDone);
  expect_malformed(KeepAlive{{7}}, R"({"result":{"ID":"8","TTL":"5"}})", "ID");
  expect_malformed(KeepAlive{{7}}, R"({"result":{"TTL":"5"}})", "ID");
  expect_malformed(KeepAlive{{7}}, R"({"ID":"7","TTL":"5"})", "result");
}

TEST(Decode, Alarms) {
  EXPECT_TRUE(read<Alarms>(ListAlarms{}, with_header("")).raised.empty());
  EXPECT_THAT(read<Alarms>(ListAlarms{}, with_header(R"("alarms":[{"memberID":"7","alarm":"NOSPACE"}])")).raised,
              testing::ElementsAre(Alarm{MemberId{7}, "NOSPACE"}));
  EXPECT_EQ(outcome(decode(DisarmAlarm{MemberId{7}}, 200, R"({"alarms":[{"memberID":"7","alarm":"NOSPACE"}]})")), Outcome::kDone);
  EXPECT_EQ(outcome(decode(DisarmAlarm{MemberId{7}}, 200, R"({"alarms":7})")), Outcome::kUnknown);
  expect_malformed(ListAlarms{}, with_header(R"("alarms":[{"memberID":"7"}])"), "alarm");
  expect_malformed(ListAlarms{}, with_header(R"("alarms":[7])"), "alarms");
}

TEST(Decode, AnswersThatSayOnlyThatItIsDone) {
  EXPECT_EQ(outcome(decode(Defragment{}, 200, "{}")), Outcome::kDone);
  EXPECT_EQ(outcome(decode(TransferLeadership{}, 200, "{}")), Outcome::kDone);
  EXPECT_EQ(outcome(decode(RevokeLease{}, 200, with_header(""))), Outcome::kDone);
  EXPECT_EQ(outcome(decode(Compact{}, 200, with_header(""))), Outcome::kDone);
  expect_malformed(RevokeLease{}, "{}", "header");
  expect_malformed(Compact{}, "{}", "header");
}

}  // namespace
}  // namespace fluxpg::etcd
