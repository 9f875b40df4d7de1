#include "etcdctl-adapter/types.hpp"

#include <gtest/gtest.h>

#include <set>

namespace fluxpg::etcd {
namespace {

Outcome outcome_of(ErrorKind kind) { return outcome(unexpected(Error{kind, ""})); }

TEST(Outcome, IsUnknownWheneverTheChangeMayStillCommit) {
  for (const ErrorKind kind : {ErrorKind::kTimeout, ErrorKind::kNoLeader, ErrorKind::kStopped, ErrorKind::kMalformed}) {
    EXPECT_EQ(outcome_of(kind), Outcome::kUnknown) << to_text(kind);
  }
}

TEST(Outcome, IsNotDoneWhenEtcdRefusedOrNothingWasSent) {
  for (const ErrorKind kind : {ErrorKind::kUnreachable, ErrorKind::kUnhealthy, ErrorKind::kNotEnoughStarted, ErrorKind::kNotFound,
                               ErrorKind::kExists, ErrorKind::kTooManyLearners, ErrorKind::kNotInSync, ErrorKind::kNotLearner,
                               ErrorKind::kLearner, ErrorKind::kNoSpace, ErrorKind::kRefused}) {
    EXPECT_EQ(outcome_of(kind), Outcome::kNotDone) << to_text(kind);
  }
}

TEST(Outcome, OfATransactionIsWhetherItsComparesHeld) {
  EXPECT_EQ(outcome(TxnResult{{}, true}), Outcome::kDone);
  EXPECT_EQ(outcome(TxnResult{{}, false}), Outcome::kNotDone);
}

TEST(Outcome, OfAKeepAliveIsWhetherTheLeaseLives) {
  EXPECT_EQ(outcome(Lease{{7}, seconds(5)}), Outcome::kDone);
  EXPECT_EQ(outcome(Lease{{7}, {}}), Outcome::kNotDone);
}

TEST(Outcome, OfAnyOtherAnswerIsDone) {
  EXPECT_EQ(outcome(Changed{}), Outcome::kDone);
  EXPECT_EQ(outcome(Done{}), Outcome::kDone);
}

TEST(ErrorKind, EachHasItsOwnWords) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(ErrorKind::kRefused); ++i) words.insert(to_text(static_cast<ErrorKind>(i)));
  EXPECT_EQ(words.size(), static_cast<std::size_t>(ErrorKind::kRefused) + 1);
  EXPECT_EQ(words.count("unknown"), 0U);
}

TEST(AsEtcdctl, WritesIdsInHexAsEtcdctlReadsThem) {
  const MemberId id{0x8e9e05c52164694d};
  EXPECT_EQ(as_etcdctl(RemoveMember{id}), "etcdctl member remove 8e9e05c52164694d");
  EXPECT_EQ(as_etcdctl(Promote{id}), "etcdctl member promote 8e9e05c52164694d");
  EXPECT_EQ(as_etcdctl(TransferLeadership{id}), "etcdctl move-leader 8e9e05c52164694d");
  EXPECT_EQ(as_etcdctl(KeepAlive{{0xabc}}), "etcdctl lease keep-alive --once abc");
  EXPECT_EQ(as_etcdctl(RevokeLease{{0xabc}}), "etcdctl lease revoke abc");
}

TEST(AsEtcdctl, NamesALearnerAfterItsHost) {
  EXPECT_EQ(as_etcdctl(AddLearner{"https://n-0123:2380"}), "etcdctl member add n-0123 --learner --peer-urls=https://n-0123:2380");
}

TEST(AsEtcdctl, WritesTheReads) {
  EXPECT_EQ(as_etcdctl(GetStatus{}), "etcdctl endpoint status");
  EXPECT_EQ(as_etcdctl(ListMembers{}), "etcdctl member list");
  EXPECT_EQ(as_etcdctl(ListAlarms{}), "etcdctl alarm list");
  EXPECT_EQ(as_etcdctl(DisarmAlarm{MemberId{7}}), "etcdctl alarm disarm");
  Range range;
  range.key = "/fluxpg/my app/record";
  EXPECT_EQ(as_etcdctl(range), "etcdctl get '/fluxpg/my app/record'");
  range = Range{"/fluxpg/", true, true, 5, true};
  EXPECT_EQ(as_etcdctl(range), "etcdctl get /fluxpg/ --prefix --sort-by=CREATE --order=DESCEND --limit=5 --consistency=s");
}

TEST(AsEtcdctl, WritesTheHousekeeping) {
  EXPECT_EQ(as_etcdctl(GrantLease{milliseconds(4001)}), "etcdctl lease grant 5");
  EXPECT_EQ(as_etcdctl(Compact{12}), "etcdctl compact --physical 12");
  EXPECT_EQ(as_etcdctl(Defragment{}), "etcdctl defrag");
}

TEST(AsEtcdctl, WritesATransactionAsOneShellLine) {
  Txn txn;
  txn.compares = {{Compare::What::kCreateRevision, "/k", 0}, {Compare::What::kModRevision, "/r", 7}};
  txn.writes = {Put{"/k", R"({"why":"it's \"dead\""})", {0xabc}}, Delete{"/r"}};
  EXPECT_EQ(as_etcdctl(txn), R"(printf '%s\n' 'create("/k") = "0"' 'mod("/r") = "7"' '' )"
                             R"('put --lease=abc "/k" "{\"why\":\"it'\''s \\\"dead\\\"\"}"' 'del "/r"' '' '' | etcdctl txn)");
}

}  // namespace
}  // namespace fluxpg::etcd
