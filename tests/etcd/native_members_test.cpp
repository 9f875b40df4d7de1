// Membership changes of a real cluster, each also where it must be refused, read back by etcdctl.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/etcd/native.hpp"

namespace fluxpg::etcd {
namespace {

using test::EtcdCluster;
using test::EtcdProcess;
using test::eventually;

// etcd refuses an add until all voters have been connected for 5 s: this waits, and accepts no other refusal meanwhile.
Added add_learner(const EtcdProcess& asked, const std::string& peer_url) {
  Result result = ask_member(asked, AddLearner{peer_url});
  eventually(seconds(20), [&] {
    if (!result && result.error().kind == ErrorKind::kUnhealthy) result = ask_member(asked, AddLearner{peer_url});
    return result || result.error().kind != ErrorKind::kUnhealthy;
  });
  if (!result) {
    ADD_FAILURE() << result.error().message;
    return {};
  }
  return std::get<Added>(*result);
}

long learners_by_etcdctl(const EtcdProcess& asked) {
  const auto members = listed_by_etcdctl(asked);
  return std::count_if(members.begin(), members.end(), [](const Member& m) { return m.learner; });
}

EtcdProcess& leader_of(EtcdCluster& cluster) {
  const MemberId leader = must<Status>(cluster[0], GetStatus{}).leader;
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    if (id_of(cluster[i]) == leader) return cluster[i];
  }
  ADD_FAILURE() << "no leader";
  return cluster[0];
}

TEST(NativeMembers, AListIsWhatEtcdctlLists) {
  EtcdCluster cluster(3);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto list = must<MemberList>(cluster[i], ListMembers{true});
    EXPECT_THAT(list.members, testing::UnorderedElementsAreArray(listed_by_etcdctl(cluster[i])));
    EXPECT_EQ(list.members, must<MemberList>(cluster[i], ListMembers{false}).members);
    EXPECT_EQ(list.header.member, id_of(cluster[i]));
    EXPECT_EQ(list.header.cluster, must<Status>(cluster[0], GetStatus{}).header.cluster);
  }
}

TEST(NativeMembers, ALearnerJoinsIsPromotedAndRemoved) {
  EtcdCluster cluster(3);
  EtcdProcess& e1 = cluster[0];
  EtcdProcess& e4 = cluster.add_process();
  const Added added = add_learner(e1, e4.peer_url());
  const MemberId id = added.member.id;
  EXPECT_EQ(added.members.size(), 4U);
  EXPECT_THAT(listed_by_etcdctl(e1), testing::Contains(added.member));

  expect_refused(ask_member(e1, AddLearner{e4.peer_url()}), ErrorKind::kExists);
  expect_refused(ask_member(e1, AddLearner{"http://127.0.41.99:1"}), ErrorKind::kTooManyLearners);
  expect_refused(ask_member(e1, Promote{id}), ErrorKind::kNotInSync);
  expect_refused(ask_member(e1, Promote{id_of(e1)}), ErrorKind::kNotLearner);
  EXPECT_EQ(listed_by_etcdctl(e1).size(), 4U);
  EXPECT_EQ(learners_by_etcdctl(e1), 1);

  e4.start(cluster.initial_cluster(), true);
  ASSERT_TRUE(eventually(seconds(20), [&] { return e4.healthy(); })) << e4.log();
  EXPECT_TRUE(must<Status>(e4, GetStatus{}).learner);
  EXPECT_EQ(id_of(e4), id);
  expect_refused(ask_member(e4, ListMembers{true}), ErrorKind::kLearner);
  expect_refused(ask_member(e4, Range{"/k", false, false, 0, false}), ErrorKind::kLearner);

  Result promoted = ask_member(e1, Promote{id});
  eventually(seconds(20), [&] {
    if (!promoted) promoted = ask_member(e1, Promote{id});
    return promoted.has_value();
  });
  EXPECT_EQ(outcome(promoted), Outcome::kDone);
  EXPECT_EQ(learners_by_etcdctl(e1), 0);
  expect_refused(ask_member(e1, Promote{id}), ErrorKind::kNotLearner);

  EXPECT_EQ(outcome(ask_member(e1, RemoveMember{id})), Outcome::kDone);
  EXPECT_EQ(listed_by_etcdctl(e1).size(), 3U);
  EXPECT_EQ(e4.wait(seconds(20)), 0);  // an evicted etcd says so by its exit code
  EXPECT_EQ(outcome(ask_member(e4, RemoveMember{id_of(e1)})), Outcome::kNotDone);
  expect_refused(ask_member(e1, RemoveMember{id}), ErrorKind::kNotFound);
  EXPECT_EQ(listed_by_etcdctl(e1).size(), 3U);
}

TEST(NativeMembers, WhatDoesNotExistOrIsNoUrlIsRefused) {
  EtcdCluster cluster(1);
  EtcdProcess& e1 = cluster[0];
  expect_refused(ask_member(e1, RemoveMember{{12345}}), ErrorKind::kNotFound);
  expect_refused(ask_member(e1, Promote{{12345}}), ErrorKind::kNotFound);
  expect_refused(ask_member(e1, AddLearner{"nonsense"}), ErrorKind::kRefused);
  expect_refused(ask_member(e1, RemoveMember{id_of(e1)}), ErrorKind::kNotEnoughStarted);
  EXPECT_EQ(listed_by_etcdctl(e1).size(), 1U);
}

TEST(NativeMembers, ADeadVoterMustGoBeforeAnybodyComes) {
  EtcdCluster cluster(3);
  EtcdProcess& e1 = cluster[0];
  const MemberId live = id_of(cluster[1]);
  const MemberId dead = id_of(cluster[2]);
  cluster[2].kill();
  expect_refused(ask_member(e1, AddLearner{"http://127.0.41.99:1"}), ErrorKind::kUnhealthy);
  expect_refused(ask_member(e1, RemoveMember{live}), ErrorKind::kUnhealthy);
  EXPECT_EQ(listed_by_etcdctl(e1).size(), 3U);
  // The dead one may have been the leader: a removal that is asked for during the election hangs and never happens.
  ASSERT_TRUE(eventually(seconds(20), [&] {
    const MemberId leader = must<Status>(e1, GetStatus{}).leader;
    return leader && leader != dead;
  }));
  EXPECT_EQ(outcome(ask_member(e1, RemoveMember{dead})), Outcome::kDone);
  EXPECT_EQ(listed_by_etcdctl(e1).size(), 2U);
  EXPECT_EQ(must<MemberList>(e1, ListMembers{}).members.size(), 2U);
  add_learner(e1, "http://127.0.41.99:1");
  EXPECT_EQ(learners_by_etcdctl(e1), 1);
}

TEST(NativeMembers, OnlyTheLeaderHandsLeadershipOver) {
  EtcdCluster cluster(3);
  EtcdProcess& leader = leader_of(cluster);
  EtcdProcess& other = &leader == &cluster[0] ? cluster[1] : cluster[0];
  expect_refused(ask_member(other, TransferLeadership{id_of(other)}), ErrorKind::kRefused);
  EXPECT_EQ(outcome(ask_member(leader, TransferLeadership{id_of(other)})), Outcome::kDone);
  EXPECT_TRUE(eventually(seconds(10), [&] { return must<Status>(other, GetStatus{}).leader == id_of(other); }));
}

}  // namespace
}  // namespace fluxpg::etcd
