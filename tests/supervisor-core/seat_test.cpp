#include "supervisor/core/seat.hpp"

#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

// Node 1 with its etcd down. Its peer URL is n-<node id>, as every seat's.
struct Seated : ::testing::Test {
  Seated() {
    seen.etcd.state = Process::State::kStopped;
    house.pass(seconds(5));  // its own etcd has not answered for a while
  }
  void tick(bool conflict = false) {
    if (fresh_view) refresh();
    seat.tick(house.now, house.world(), seen, conflict, house.persistent, house.out);
  }
  // The list, as another member tells it: our own etcd does not answer.
  void refresh() {
    house.view.refresh_soon();
    house.view.tick(house.now, {World::etcd_of(info_of(2))}, house.persistent.cluster, house.out);
    for (int i = 0; i < 12; ++i) {
      for (const Asked& one : house.asked()) {
        const bool own = std::holds_alternative<etcd::GetStatus>(one.call);
        house.view.handle(house.now, one.purpose, own ? failure(etcd::ErrorKind::kUnreachable) : house.etcd.answer(one.call), house.out);
      }
    }
  }
  std::vector<RunEtcd> started() { return house.done<RunEtcd>(); }
  void was_member() {
    house.persistent.chosen = true;
    house.persistent.cluster = kCluster;
    house.persistent.member = MemberId{1};
    seen.etcd_data = true;
  }
  void evicted() {
    was_member();
    house.etcd.members.erase(house.etcd.members.begin());
    seen.etcd = {Process::State::kExited, 0};
  }
  House house;
  ProcessesSeen seen;
  Seat seat;
  bool fresh_view = true;
};

TEST_F(Seated, ARunningEtcdIsLeftAlone) {
  was_member();
  for (const Process::State state : {Process::State::kRunning, Process::State::kStarting, Process::State::kUnknown}) {
    seen.etcd.state = state;
    tick();
    EXPECT_TRUE(started().empty());
  }
}

TEST_F(Seated, ExistingDataStartsAsWhatItWas) {
  was_member();
  tick();
  const auto runs = started();
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_FALSE(runs[0].new_cluster);
  EXPECT_EQ(runs[0].peer_url, "https://" + host_name(node_id(1)) + ":2380");
}

TEST_F(Seated, ExistingDataWaitsUntilNobodyElseHasAnsweredWithOurId) {
  was_member();
  house.started = house.now.boot;
  tick();
  EXPECT_TRUE(started().empty());
  EXPECT_FALSE(seat.doing().empty());
  house.pass(house.config.rules.identity_wait - milliseconds(1));
  tick();
  EXPECT_TRUE(started().empty());
  house.pass(milliseconds(1));
  tick();
  EXPECT_EQ(started().size(), 1U);
}

TEST_F(Seated, AConflictOfIdentityKeepsEtcdDown) {
  was_member();
  tick(true);
  EXPECT_TRUE(started().empty());
  EXPECT_NE(seat.problem(), "");
}

TEST_F(Seated, AStoppingNodeStartsNothing) {
  was_member();
  house.stopping = true;
  tick();
  EXPECT_TRUE(started().empty());
}

TEST_F(Seated, FailedStartsAreRepeatedMoreAndMoreSlowly) {
  was_member();
  int starts = 0;
  for (int i = 0; i < 120; ++i) {
    tick();
    starts += static_cast<int>(started().size());
    house.pass(seconds(1));
  }
  EXPECT_GE(starts, 5);
  EXPECT_LE(starts, 10);
}

TEST_F(Seated, AnEvictedEtcdsDataIsSetAsideAndNotBefore) {
  evicted();
  tick();
  EXPECT_EQ(house.done<SetAsideEtcdData>().size(), 1U);
  EXPECT_TRUE(started().empty());
}

TEST_F(Seated, DataIsKeptWhileTheListStillNamesUs) {
  evicted();
  house.etcd.members.push_back({MemberId{1}, "n1", {}, {}, false});
  tick();
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty());
}

TEST_F(Seated, DataIsKeptOnTheWordOfAnotherCluster) {
  evicted();
  house.etcd.cluster = ClusterId{0xbad};
  tick();
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty());
}

TEST_F(Seated, DataIsKeptOnAListOfAnotherCluster) {
  evicted();
  refresh();
  fresh_view = false;
  house.persistent.cluster = ClusterId{0xbad};
  tick();
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty());
}

TEST_F(Seated, DataIsKeptOnAnOldList) {
  evicted();
  refresh();
  fresh_view = false;
  house.pass(seconds(8));
  tick();
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty());
}

TEST_F(Seated, DataIsKeptUnlessEtcdItselfSaidThatItWasRemoved) {
  evicted();
  seen.etcd.exit_code = 1;
  tick();
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty());
}

TEST_F(Seated, DataOfAnEtcdThatCannotStartIsSetAsideOnceItWasRemovedAndHasFailedForHalfAMinute) {
  evicted();
  seen.etcd.exit_code = 2;
  std::size_t aside = 0;
  Duration waited{};
  for (; aside == 0 && waited < minutes(5); waited += seconds(1)) {
    tick();
    aside = house.done<SetAsideEtcdData>().size();
    house.pass(seconds(1));
  }
  EXPECT_EQ(aside, 1U);
  EXPECT_GE(waited, seconds(30));
  EXPECT_LE(waited, seconds(90));
}

TEST_F(Seated, AnEtcdThatListensAtAnAddressOfYesterdayIsStoppedAndNotOverAndOver) {
  was_member();
  seen.etcd.state = Process::State::kRunning;
  seen.etcd_elsewhere = true;
  tick();
  tick();
  EXPECT_EQ(house.done<StopEtcd>().size(), 1U);
  EXPECT_TRUE(started().empty());
  house.pass(seconds(15));
  tick();
  EXPECT_EQ(house.done<StopEtcd>().size(), 1U) << "it was not stopped the first time";
  seen = ProcessesSeen{{Process::State::kStopped, 0}, {}, true, false, ""};
  tick();
  const auto runs = started();
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_FALSE(runs[0].new_cluster);
}

TEST_F(Seated, AStoppingNodeMovesNothing) {
  was_member();
  house.stopping = true;
  seen.etcd.state = Process::State::kRunning;
  seen.etcd_elsewhere = true;
  tick();
  EXPECT_TRUE(house.done<StopEtcd>().empty());
}

TEST_F(Seated, AFounderStartsUnderTheNameOfItsPlanWhateverItsAddressIsToday) {
  house.persistent.promised = verdict::FoundingPlan{4, node_id(2), "token4", 3, {{node_id(1), "then", "https://a"}}};
  house.persistent.started_token = "token4";
  tick();
  const auto runs = started();
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].name, "then");
}

TEST_F(Seated, DataThatCouldNotBeSetAsideIsNotStartedAgainButSetAsideOnceMore) {
  evicted();
  tick();
  house.done<SetAsideEtcdData>();
  house.pass(seconds(2));
  tick();  // it is still there
  EXPECT_TRUE(started().empty());
  EXPECT_EQ(house.done<SetAsideEtcdData>().size(), 1U);
}

TEST_F(Seated, AnEvictedNodeJoinsAnewAsTheLearnerThatItIsGivenASeatFor) {
  evicted();
  tick();
  seen.etcd_data = false;
  seen.etcd.state = Process::State::kExited;
  house.pass(seconds(2));
  tick();
  EXPECT_TRUE(started().empty()) << "nobody has added it yet";
  EXPECT_EQ(house.persistent.member, MemberId{});
  EXPECT_EQ(house.persistent.cluster, kCluster) << "its PostgreSQL data is still of that cluster";
  house.etcd.members.push_back({MemberId{0xadd}, "", {"https://" + host_name(node_id(1)) + ":2380"}, {}, true});
  tick();
  const auto runs = started();
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].initial_cluster.size(), 3U) << "exactly etcd's list";
  EXPECT_FALSE(runs[0].new_cluster);
  EXPECT_EQ(house.persistent.member, MemberId{0xadd});
  EXPECT_EQ(house.done<Persist>().back().state.member, MemberId{0xadd}) << "before its etcd has started";
}

TEST_F(Seated, NobodyJoinsAsAVoter) {
  house.etcd.members[0].learner = false;  // a seat with our URL, but we hold no data
  tick();
  EXPECT_TRUE(started().empty());
  EXPECT_NE(seat.problem().find("data is gone"), std::string::npos);
}

TEST_F(Seated, ALearnerThatHasLostItsDataDoesNotStartUnderItsOldId) {
  house.etcd.members[0].learner = true;
  house.persistent.member = MemberId{1};
  tick();
  EXPECT_TRUE(started().empty());
  EXPECT_NE(seat.problem(), "");
}

TEST_F(Seated, ALearnerSeatThatHasRunOnceIsNotTakenWithAnEmptyDisk) {
  house.etcd.members[0].learner = true;
  house.persistent.member = MemberId{0x777};  // an older copy of our own state
  tick();
  EXPECT_TRUE(started().empty());
  EXPECT_NE(seat.problem().find("data is gone"), std::string::npos);
}

TEST_F(Seated, AFounderStartsExactlyTheMemberListOfItsPlan) {
  house.persistent.promised =
      verdict::FoundingPlan{4, node_id(2), "token4", 3, {{node_id(1), "n1", "https://a"}, {node_id(2), "n2", "https://b"}}};
  house.persistent.started_token = "token4";
  tick();
  const auto runs = started();
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_TRUE(runs[0].new_cluster);
  EXPECT_EQ(runs[0].token, "token4");
  EXPECT_EQ(runs[0].initial_cluster, (std::vector<std::pair<std::string, std::string>>{{"n1", "https://a"}, {"n2", "https://b"}}));
}

TEST_F(Seated, APromisedFounderThatMissedTheStartJoinsItsCommittedPlan) {
  house.persistent.promised = verdict::FoundingPlan{4, node_id(2), "token4", 3, {{node_id(1), "n1", "https://a"}}};
  tick();
  EXPECT_TRUE(started().empty()) << "its plan is not committed";
  house.etcd.put(record::founded_key("app"), record::to_json(record::Founded{"token4", kCluster, 4, {}, 0}));
  house.pass(seconds(10));
  tick();
  const auto runs = started();
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_TRUE(runs[0].new_cluster);
  EXPECT_EQ(house.persistent.started_token, "token4");
}

TEST_F(Seated, APlanThatWasGivenUpIsNotStartedAgainWhereItWasChosenAfterAll) {
  house.persistent.promised = verdict::FoundingPlan{4, node_id(2), "token4", 3, {{node_id(1), "n1", "https://a"}}};
  house.persistent.given_up_token = "token4";
  house.etcd.put(record::founded_key("app"), record::to_json(record::Founded{"token4", kCluster, 4, {}, 0}));
  tick();
  EXPECT_TRUE(started().empty()) << "it has voted, and its disk is empty";
  EXPECT_NE(seat.problem().find("data is gone"), std::string::npos);
}

TEST_F(Seated, AFounderThatWasRemovedBeforeItSawItsPlanChosenGivesItUpOnDiskFirst) {
  evicted();
  house.persistent = Persistent{};
  house.persistent.promised = verdict::FoundingPlan{4, node_id(2), "token4", 3, {{node_id(1), "n1", "https://a"}}};
  house.persistent.started_token = "token4";
  tick();
  EXPECT_EQ(started().size(), 1U) << "nobody has told it that its plan was chosen";
  house.etcd.put(record::founded_key("app"), record::to_json(record::Founded{"token4", kCluster, 4, {}, 0}));
  house.pass(seconds(40));
  tick();
  EXPECT_TRUE(started().empty());
  EXPECT_TRUE(house.persistent.abandons());
  EXPECT_EQ(house.done<Persist>().size(), 1U);
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty()) << "that is done next, and again after a crash";
}

TEST_F(Seated, AFounderRemembersItsMembershipOnlyOnceTheFoundingIsCommitted) {
  fresh_view = false;
  house.persistent.started_token = "token4";
  seen.etcd.state = Process::State::kRunning;
  house.read();
  tick();
  EXPECT_FALSE(house.persistent.chosen);
  house.etcd.put(record::founded_key("app"), record::to_json(record::Founded{"token4", kCluster, 4, {}, 0}));
  house.read();
  tick();
  EXPECT_TRUE(house.persistent.chosen);
  EXPECT_EQ(house.persistent.member, MemberId{1});
  EXPECT_EQ(house.done<Persist>().size(), 1U);
}

TEST_F(Seated, AnEtcdOfAnotherClusterIsNotItsPlace) {
  fresh_view = false;
  was_member();
  house.persistent.cluster = ClusterId{0xbad};
  house.persistent.member = MemberId{7};
  seen.etcd.state = Process::State::kRunning;
  house.read();
  tick();
  EXPECT_EQ(house.persistent.cluster, ClusterId{0xbad});
  EXPECT_EQ(house.persistent.member, MemberId{7});
  EXPECT_TRUE(house.done<Persist>().empty());
}

TEST_F(Seated, WhatAnEndedEtcdSaidABitAgoIsNotItsPlaceAnyMore) {
  fresh_view = false;
  house.read();
  seen.etcd = {Process::State::kExited, 0};
  tick();
  EXPECT_EQ(house.persistent.member, MemberId{});
}

TEST(MakesDatabase, TheFounderWithTheLowestAddressAndNobodyElse) {
  House house;
  EXPECT_FALSE(leads_or_makes_database(house.world())) << "nothing is founded";
  record::Founded founded{"t", kCluster, 1, {{node_id(2), "n2", ""}, {node_id(1), "n1", ""}}, 0};
  house.etcd.put(record::founded_key("app"), record::to_json(founded));
  house.read();
  EXPECT_TRUE(leads_or_makes_database(house.world()));
  House other;
  founded.founders = {{node_id(3), "n3", ""}, {node_id(2), "n2", ""}};
  other.etcd.put(record::founded_key("app"), record::to_json(founded));
  other.read();
  EXPECT_FALSE(leads_or_makes_database(other.world()));
}

TEST(PatroniHosts, BeginWithOnesOwnEtcdAndLeaveLearnersOut) {
  House house;
  std::swap(house.etcd.members[0], house.etcd.members[2]);
  house.etcd.members[1].learner = true;
  house.read();
  const auto hosts = patroni_hosts(house.world());
  ASSERT_EQ(hosts.size(), 2U);
  EXPECT_EQ(hosts[0], (Endpoint{host_name(node_id(1)), 2379}));
  EXPECT_EQ(hosts[1], (Endpoint{host_name(node_id(3)), 2379}));
}

TEST(EndpointOfUrl, ReadsHostAndPortAndNothingElse) {
  EXPECT_EQ(endpoint_of_url("https://n-1:2379"), (Endpoint{"n-1", 2379}));
  for (const char* bad : {"", "n-1:2379", "https://n-1", "https://:2379", "https://n-1:0", "https://n-1:65536", "https://n-1:x"}) {
    EXPECT_FALSE(endpoint_of_url(bad)) << bad;
  }
}

}  // namespace
}  // namespace fluxpg::supervisor::test
