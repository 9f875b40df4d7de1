#include "supervisor/core/leave.hpp"

#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

using Stage = Departure::Stage;
using Outcome = SwitchoverAnswered::Outcome;

// Node 1, a follower, and everybody lives.
struct Leaving : ::testing::Test {
  Leaving() { of(3); }
  void of(std::uint8_t voters) {
    house = std::make_unique<House>(voters);
    house->etcd.leader = MemberId{2};
    house->persistent.chosen = true;
    house->persistent.cluster = kCluster;
    house->persistent.member = MemberId{1};
    seen.etcd.state = seen.patroni.state = Process::State::kRunning;
    house->read();
    house->asked();
  }
  void begin() { leave.begin(house->now, house->world(), house->persistent, house->out); }
  void tick() { leave.tick(house->now, house->world(), role, seen, house->persistent, house->out); }
  void cancel() { leave.cancel(house->persistent, house->out); }
  // etcd shows it, and a moment has passed.
  void later(Duration time = seconds(1)) {
    house->pass(time);
    house->read();
    tick();
  }
  void removed() {
    house->etcd.members.erase(house->etcd.members.begin());
    later();
  }
  std::optional<Stage> stage() const { return house->persistent.leave ? std::optional(house->persistent.leave->stage) : std::nullopt; }
  std::string detail() const { return leave.view(house->persistent)->detail; }

  std::unique_ptr<House> house;
  Leave leave;
  ProcessesSeen seen;
  std::string role = "replica";
};

TEST_F(Leaving, AFollowerConsentsAtOnceAndItIsOnDiskFirst) {
  begin();
  EXPECT_EQ(house->done<Persist>().size(), 1U);
  tick();
  EXPECT_EQ(stage(), Stage::kConsents);
  EXPECT_TRUE(house->persistent.consents());
  const auto kept = house->done<Persist>();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_TRUE(kept[0].state.consents());
}

TEST_F(Leaving, WithoutAClusterOrWithTwoVotersItIsRefused) {
  of(2);
  begin();
  EXPECT_EQ(stage(), std::nullopt);
  EXPECT_EQ(leave.view(house->persistent)->state, "refused");
  EXPECT_NE(detail().find("only 2 voters"), std::string::npos);
  house->view = EtcdView("app", 10);  // nothing was read of any etcd
  house->persistent.chosen = false;
  begin();
  EXPECT_EQ(stage(), std::nullopt);
  EXPECT_NE(detail().find("no cluster"), std::string::npos);
}

TEST_F(Leaving, ItIsRefusedWhenSomebodyElseLeftFirst) {
  begin();
  tick();
  house->etcd.members.pop_back();
  later();
  EXPECT_EQ(stage(), std::nullopt);
  EXPECT_EQ(leave.view(house->persistent)->state, "refused");
}

TEST_F(Leaving, TooFewLivingOthersAreWaitedFor) {
  house->dead(3);
  begin();
  tick();
  EXPECT_EQ(stage(), Stage::kHandsOver);
  EXPECT_EQ(detail(), "1 more of the other voters to live: 2 have to sign, and 1 live");
  house->hears(house->member_info(3));
  later();
  EXPECT_EQ(stage(), Stage::kConsents);
}

TEST_F(Leaving, APauseIsWaitedFor) {
  house->etcd.put(record::paused_key("app"), "{}");
  house->read();
  begin();
  tick();
  EXPECT_EQ(stage(), Stage::kHandsOver);
  EXPECT_NE(detail().find("paused"), std::string::npos);
}

TEST_F(Leaving, ThePrimarySwitchesOverAndWaitsForTheRole) {
  role = "primary";
  begin();
  tick();
  tick();
  EXPECT_EQ(house->done<SwitchOver>().size(), 1U) << "one at a time";
  EXPECT_EQ(detail(), "another node to become PostgreSQL's primary");
  leave.answered({Outcome::kFailed, "busy"}, house->persistent, house->out);
  for (int i = 0; i < 10; ++i) later();
  EXPECT_EQ(house->done<SwitchOver>().size(), 1U) << "tried again";
  EXPECT_EQ(stage(), Stage::kHandsOver);
  role = "replica";
  later();
  EXPECT_EQ(stage(), Stage::kConsents);
  role = "primary";  // the one that took over has died meanwhile
  later();
  EXPECT_EQ(stage(), Stage::kHandsOver);
}

TEST_F(Leaving, WithNobodyWhoCouldTakeOverItIsRefused) {
  role = "primary";
  begin();
  tick();
  leave.answered({Outcome::kNobody, "no healthy replica"}, house->persistent, house->out);
  EXPECT_EQ(stage(), std::nullopt);
  EXPECT_EQ(leave.view(house->persistent)->state, "refused");
  EXPECT_EQ(detail(), "no healthy replica");
}

TEST_F(Leaving, TheLeaderOfEtcdMovesTheLeadershipToALivingVoter) {
  of(5);
  house->etcd.leader = MemberId{1};
  house->dead(2);
  house->read();
  begin();
  tick();
  auto moves = calls<etcd::TransferLeadership>(house->asked());
  ASSERT_EQ(moves.size(), 1U);
  EXPECT_EQ(moves[0].to, MemberId{3});
  EXPECT_EQ(detail(), "another voter to lead etcd");
  for (int i = 0; i < 3; ++i) later();
  moves = calls<etcd::TransferLeadership>(house->asked());
  ASSERT_EQ(moves.size(), 1U);
  EXPECT_EQ(moves[0].to, MemberId{4}) << "the first one may be unable to lead";
  house->etcd.leader = MemberId{4};
  later();
  EXPECT_EQ(stage(), Stage::kConsents);
}

TEST_F(Leaving, TheLeadershipIsNotMovedToOneThatLeavesToo) {
  of(5);
  house->etcd.leader = MemberId{1};
  gossip::NodeInfo leaving = house->member_info(2);
  leaving.leaving = true;
  house->hears(leaving);
  house->read();
  begin();
  tick();
  const auto moves = calls<etcd::TransferLeadership>(house->asked());
  ASSERT_EQ(moves.size(), 1U);
  EXPECT_EQ(moves[0].to, MemberId{3});
}

TEST_F(Leaving, OnlyWhoIsGoneFromTheListHasLeftAndStopsItsProcesses) {
  begin();
  tick();
  later();
  EXPECT_EQ(stage(), Stage::kConsents);
  EXPECT_TRUE(house->done<StopPatroni>().empty());
  removed();
  EXPECT_EQ(stage(), Stage::kLeft);
  later();
  EXPECT_EQ(house->done<StopPatroni>().size(), 1U);
  EXPECT_TRUE(house->done<StopEtcd>().empty()) << "it ends by itself";
  for (int i = 0; i < 16; ++i) later();
  EXPECT_FALSE(house->done<StopEtcd>().empty());
  seen.etcd.state = seen.patroni.state = Process::State::kStopped;
  house->done<StopPatroni>();
  for (int i = 0; i < 6; ++i) later();
  EXPECT_TRUE(house->done<StopPatroni>().empty());
  EXPECT_EQ(leave.view(house->persistent)->state, "left");
}

TEST_F(Leaving, AListOfAnotherClusterSaysNothing) {
  begin();
  tick();
  house->persistent.cluster = ClusterId{0xbad};
  removed();
  EXPECT_EQ(stage(), Stage::kConsents);
}

TEST_F(Leaving, WhoHasNoSeatLeavesAtOnceButHandsOverFirst) {
  house->etcd.members.erase(house->etcd.members.begin());
  house->read();
  role = "primary";
  begin();
  tick();
  EXPECT_EQ(stage(), Stage::kHandsOver);
  role = "replica";
  later();
  later();
  EXPECT_EQ(stage(), Stage::kLeft);
}

TEST_F(Leaving, TakenBackItStaysAndThatIsOnDisk) {
  begin();
  tick();
  house->done<Persist>();
  cancel();
  EXPECT_EQ(stage(), std::nullopt);
  const auto kept = house->done<Persist>();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_FALSE(kept[0].state.leave);
  EXPECT_FALSE(leave.view(house->persistent));
  cancel();
  EXPECT_TRUE(house->done<Persist>().empty());
}

TEST_F(Leaving, WhoLeavesIsNoCandidateForRemover) {
  begin();
  EXPECT_EQ(RemoverLease::ineligible(house->now, house->world(), false), "it leaves the cluster");
}

}  // namespace
}  // namespace fluxpg::supervisor::test
