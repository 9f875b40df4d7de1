// Without a quorum nothing is certain, and the adapter must say "unknown" rather than "not done".
#include <gmock/gmock.h>

#include "tests/etcd/native.hpp"

namespace fluxpg::etcd {
namespace {

using test::EtcdCluster;
using test::EtcdProcess;
using test::eventually;

TEST(NativeQuorum, WithoutOneChangesAreUnknownAndOnlyLocalReadsAnswer) {
  EtcdCluster cluster(3);
  EtcdProcess& e1 = cluster[0];
  const MemberId victim = id_of(cluster[2]);
  cluster[1].kill();
  cluster[2].kill();
  ASSERT_TRUE(eventually(seconds(20), [&] { return !must<Status>(e1, GetStatus{}).leader; }));
  EXPECT_THAT(must<Status>(e1, GetStatus{}).errors, testing::Contains("etcdserver: no leader"));
  EXPECT_EQ(must<MemberList>(e1, ListMembers{false}).members.size(), 3U);
  expect_refused(ask_member(e1, ListMembers{true}, seconds(1)), ErrorKind::kTimeout);

  const Result removal = ask_member(e1, RemoveMember{victim}, seconds(1));
  expect_refused(removal, ErrorKind::kTimeout);
  EXPECT_EQ(outcome(removal), Outcome::kUnknown);
  const Result write = ask_member(e1, put_if({absent("/k")}, "/k", "v"), seconds(15));  // etcd gives up first, after 7 s
  expect_refused(write, ErrorKind::kTimeout);
  EXPECT_THAT(write.error().message, testing::Not(testing::HasSubstr("no complete answer")));
  EXPECT_EQ(outcome(write), Outcome::kUnknown);
  expect_refused(ask_member(e1, AddLearner{"http://127.0.41.99:1"}), ErrorKind::kUnhealthy);
  const Result promotion = ask_member(e1, Promote{victim}, seconds(15));
  expect_refused(promotion, ErrorKind::kNoLeader);
  EXPECT_EQ(outcome(promotion), Outcome::kUnknown);

  cluster[1].restart();
  EXPECT_TRUE(eventually(seconds(30), [&] { return ask_member(e1, ListMembers{true}, seconds(2)).has_value(); }));
}

// Why a time-out is "unknown": the removal lands after its sender has given up.
TEST(NativeQuorum, ATimedOutRemovalMayCommitLater) {
  EtcdCluster cluster(3);
  const MemberId leader = must<Status>(cluster[0], GetStatus{}).leader;
  std::size_t l = 0;
  while (id_of(cluster[l]) != leader) ++l;
  EtcdProcess& asked = cluster[l];
  EtcdProcess& other = cluster[(l + 1) % 3];
  EtcdProcess& victim = cluster[(l + 2) % 3];
  const MemberId victim_id = id_of(victim);
  victim.kill();
  Result removal = Done{};
  eventually(seconds(20), [&] {  // etcd objects until it has noticed that the victim is dead
    other.pause();
    removal = ask_member(asked, RemoveMember{victim_id}, milliseconds(500));
    if (error_kind(removal) == ErrorKind::kUnhealthy) other.resume();
    return error_kind(removal) != ErrorKind::kUnhealthy;
  });
  expect_refused(removal, ErrorKind::kTimeout);
  EXPECT_EQ(outcome(removal), Outcome::kUnknown);
  EXPECT_EQ(must<MemberList>(asked, ListMembers{false}).members.size(), 3U);
  other.resume();
  EXPECT_TRUE(eventually(seconds(20), [&] { return must<MemberList>(asked, ListMembers{false}).members.size() == 2; }));
  EXPECT_EQ(listed_by_etcdctl(asked).size(), 2U);
}

TEST(NativeQuorum, AStoppedMemberTakesTheCallAndADeadOneDoesNot) {
  EtcdCluster cluster(1);
  EtcdProcess& e1 = cluster[0];
  e1.pause();
  const Result stopped = ask_member(e1, RemoveMember{{7}}, milliseconds(500));
  expect_refused(stopped, ErrorKind::kTimeout);
  EXPECT_EQ(outcome(stopped), Outcome::kUnknown);
  e1.resume();
  e1.kill();
  const Result dead = ask_member(e1, RemoveMember{{7}}, milliseconds(500));
  expect_refused(dead, ErrorKind::kUnreachable);
  EXPECT_EQ(outcome(dead), Outcome::kNotDone);
}

}  // namespace
}  // namespace fluxpg::etcd
