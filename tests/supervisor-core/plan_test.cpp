#include "supervisor/core/plan.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_signing.hpp"

namespace fluxpg::supervisor {
namespace {

using discovery::Presence;
using fluxpg::testing::node_id;
using record::Kind;

const Rules kRules;

SeatFacts seat(std::uint8_t number, Presence presence = Presence::kListed) {
  SeatFacts facts;
  facts.member = MemberId{number};
  facts.node = node_id(number);
  facts.name = "n" + std::to_string(number);
  facts.alive = true;
  facts.presence = presence;
  return facts;
}

SeatFacts corpse(std::uint8_t number, Duration silent_for, Presence presence = Presence::kListed) {
  SeatFacts facts = seat(number, presence);
  facts.alive = false;
  facts.silent_for = silent_for;
  return facts;
}

NewcomerFacts newcomer(Duration waits = minutes(5)) { return {node_id(99), "new", "https://n-new:2380", waits, waits, true}; }

PlanInput cluster(std::uint8_t voters, std::uint32_t instances = 0) {
  PlanInput input;
  for (std::uint8_t i = 1; i <= voters; ++i) input.voters.push_back(seat(i));
  input.instances = instances == 0 ? voters : instances;
  return input;
}

std::string rule(const PlanInput& input, const Rules& rules = kRules) {
  const Plan made = plan(input, rules);
  return made.change ? made.change->rule : "";
}

std::string first_wait(const PlanInput& input) {
  const Plan made = plan(input, kRules);
  return made.waiting.empty() ? "" : made.waiting.front().waits_for;
}

TEST(Plan, AHealthyClusterIsLeftAlone) {
  const Plan made = plan(cluster(3), kRules);
  EXPECT_FALSE(made.change);
  EXPECT_TRUE(made.waiting.empty());
}

// Found by seed 7687: the API hung while the remover's daemon started, and a fourth of four nodes was made a voter.
TEST(Plan, WithoutTheNumberOfInstancesNoSeatIsFilledAndThatIsSaid) {
  PlanInput input = cluster(3);
  input.instances = 0;
  input.newcomers = {newcomer()};
  EXPECT_EQ(rule(input), "");
  EXPECT_NE(first_wait(input).find("the number of instances"), std::string::npos);
  input.newcomers.clear();
  input.learners = {seat(4)};
  input.learners[0].in_sync = true;
  EXPECT_EQ(rule(input), "");
  EXPECT_NE(first_wait(input).find("the number of instances"), std::string::npos);
  input.instances = 5;
  EXPECT_EQ(rule(input), "seat-empty");
}

TEST(Plan, ALiveVoterIsNotRemovedForBeingUnlisted) {
  PlanInput input = cluster(3);
  input.voters[2].presence = Presence::kUnlisted;
  input.newcomers = {newcomer()};
  EXPECT_EQ(rule(input), "");
}

TEST(Plan, AnUnlistedDeadVoterIsEvictedAfterFifteenSeconds) {
  PlanInput input = cluster(3);
  input.voters[2] = corpse(3, seconds(15), Presence::kUnlisted);
  ASSERT_EQ(rule(input), "unlisted");
  EXPECT_EQ(plan(input, kRules).change->member, MemberId{3});
  EXPECT_EQ(plan(input, kRules).change->kind, Kind::kRemove);
  input.voters[2].silent_for = seconds(15) - milliseconds(1);
  EXPECT_EQ(rule(input), "");
}

TEST(Plan, AListedDeadVoterMakesRoomForAReplacementAfterAMinute) {
  PlanInput input = cluster(3);
  input.voters[2] = corpse(3, seconds(60));
  input.newcomers = {newcomer()};
  EXPECT_EQ(rule(input), "listed-replacement");
  input.voters[2].silent_for = seconds(60) - milliseconds(1);
  EXPECT_EQ(rule(input), "");
}

TEST(Plan, WhoHasNotWaitedFiveMinutesListedAliveAndFreshIsNoReplacement) {
  PlanInput input = cluster(3);
  input.voters[2] = corpse(3, minutes(3));
  for (const int lack : {0, 1, 2}) {
    NewcomerFacts young = newcomer();
    if (lack == 0) young.alive_for = minutes(5) - milliseconds(1);
    if (lack == 1) young.listed_for = minutes(5) - milliseconds(1);
    if (lack == 2) young.fresh = false;
    input.newcomers = {young};
    EXPECT_EQ(rule(input), "") << lack;
  }
}

TEST(Plan, TwoDeadOfFiveAreEvictedBecauseThatRaisesTheTolerance) {
  PlanInput input = cluster(5);
  input.voters[3] = corpse(4, minutes(1));
  input.voters[4] = corpse(5, minutes(2));
  ASSERT_EQ(rule(input), "tolerance");
  EXPECT_EQ(plan(input, kRules).change->member, MemberId{5}) << "the longest dead goes first";
  input.voters[3].silent_for = input.voters[4].silent_for = seconds(59);
  EXPECT_EQ(rule(input), "");
}

TEST(Plan, OneDeadOfFiveWaitsForTheListedGrace) {
  PlanInput input = cluster(5);
  input.voters[4] = corpse(5, minutes(15) - milliseconds(1));
  EXPECT_EQ(rule(input), "");
  input.voters[4].silent_for = minutes(15);
  EXPECT_EQ(rule(input), "listed-grace");
}

TEST(Plan, OneListedDeadOfThreeStaysWhileNobodyWaits) {
  PlanInput input = cluster(3);
  input.voters[2] = corpse(3, std::chrono::hours(24));
  EXPECT_EQ(rule(input), "");
  EXPECT_NE(first_wait(input).find("would help nobody"), std::string::npos);
}

TEST(Plan, NotKnowingTheListIsNeverTakenForAbsence) {
  PlanInput input = cluster(3);
  input.voters[2] = corpse(3, std::chrono::hours(24), Presence::kUnknown);
  EXPECT_EQ(rule(input), "");
}

TEST(Plan, ALivingDaemonOverASilentEtcdIsNoCorpseThatMakesOthersRemovable) {
  PlanInput input = cluster(5);
  input.voters[3].etcd_silent_for = minutes(11);
  input.voters[3].contested = true;
  input.voters[4] = corpse(5, minutes(2));
  EXPECT_EQ(rule(input), "");
}

// HOLES H18: its gossip port is closed, and its etcd answers us.
TEST(Plan, AVoterThatOnlyGossipMissesIsNoCorpse) {
  PlanInput input = cluster(3);
  input.voters[1] = corpse(2, minutes(30), Presence::kUnlisted);
  input.voters[1].etcd_answers = true;
  EXPECT_EQ(rule(input), "");
  input = cluster(3, 4);
  input.voters[1] = corpse(2, minutes(30));
  input.voters[1].etcd_answers = true;
  input.voters.pop_back();
  input.newcomers = {newcomer()};
  EXPECT_EQ(rule(input), "join");
  input.voters[1].etcd_answers = false;
  EXPECT_NE(rule(input), "join");
}

TEST(Plan, AContestedEvictionLeavesOthersTheirTurn) {
  PlanInput input = cluster(5);
  input.voters[3] = corpse(4, minutes(2), Presence::kUnlisted);
  input.voters[4] = corpse(5, minutes(3), Presence::kUnlisted);
  input.voters[4].contested = true;
  ASSERT_EQ(rule(input), "unlisted");
  EXPECT_EQ(plan(input, kRules).change->member, MemberId{4});
  input.voters[3].contested = true;
  EXPECT_EQ(rule(input), "");
}

TEST(Plan, APlannedStopIsWaitedForUntilTheListedGraceAndNoFurther) {
  PlanInput input = cluster(3);
  input.voters[2] = corpse(3, minutes(15) - milliseconds(1), Presence::kUnlisted);
  input.voters[2].stopping = true;
  EXPECT_EQ(rule(input), "");
  EXPECT_NE(first_wait(input).find("planned stop"), std::string::npos);
  input.voters[2].silent_for = minutes(15);
  EXPECT_EQ(rule(input), "unlisted");
}

TEST(Plan, WhoDiedWhileItLeftIsNotWaitedForLongerThanAnyOther) {
  PlanInput input = cluster(3);
  input.voters[2] = corpse(3, seconds(60) - milliseconds(1));
  input.voters[2].leaving = true;
  input.voters[2].stopping = true;
  EXPECT_EQ(rule(input), "") << "its announcement may be an old one: it has the time that every dead one has";
  input.voters[2].silent_for = seconds(60);
  EXPECT_EQ(rule(input), "consent") << "no replacement need wait";
}

TEST(Plan, WhoWishesToLeaveGoesIfAMajorityOfAllLivesWithoutIt) {
  PlanInput input = cluster(3);
  input.voters[2].leaving = true;
  EXPECT_EQ(rule(input), "leave");
  input.voters[1] = corpse(2, seconds(1));
  EXPECT_EQ(rule(input), "");
  PlanInput two = cluster(2);
  two.voters[1].leaving = true;
  EXPECT_EQ(rule(two), "") << "two voters never become one";
  PlanInput five = cluster(5);
  five.voters[4].leaving = true;
  five.voters[0] = corpse(1, seconds(1));
  EXPECT_EQ(rule(five), "leave");
}

TEST(Plan, ALeaveIsHeldByAPauseAndAnotherTurnAfterADisagreement) {
  PlanInput input = cluster(3);
  input.voters[2].leaving = true;
  input.paused = true;
  EXPECT_EQ(rule(input), "");
  EXPECT_EQ(first_wait(input), "evictions are paused");
  input.paused = false;
  input.voters[2].contested = true;
  EXPECT_EQ(rule(input), "");
}

TEST(Plan, ALearnerThatLeavesNeedsNobodysVote) {
  PlanInput input = cluster(3);
  input.learners.push_back(seat(9));
  input.learners[0].leaving = true;
  EXPECT_EQ(rule(input), "ghost-learner");
}

TEST(Plan, ALivingDaemonOverASilentEtcdConsentsAfterTenMinutes) {
  PlanInput input = cluster(3);
  input.voters[2].etcd_silent_for = minutes(10);
  EXPECT_EQ(rule(input), "consent");
  input.voters[2].etcd_silent_for = minutes(10) - milliseconds(1);
  EXPECT_EQ(rule(input), "");
}

TEST(Plan, APauseHoldsEveryEvictionAndSaysSo) {
  PlanInput input = cluster(3);
  input.voters[2] = corpse(3, minutes(1), Presence::kUnlisted);
  input.paused = true;
  EXPECT_EQ(rule(input), "");
  EXPECT_NE(first_wait(input).find("paused"), std::string::npos);
  input.voters[2] = seat(3);
  input.voters[2].etcd_silent_for = minutes(11);
  EXPECT_EQ(rule(input), "") << "consent is an eviction too";
}

TEST(Plan, TheBudgetHoldsEvictionsThatNobodyMakesGood) {
  PlanInput input = cluster(5);
  input.voters[4] = corpse(5, minutes(1), Presence::kUnlisted);
  input.evictions_open = kRules.budget;
  EXPECT_EQ(rule(input), "");
  EXPECT_NE(first_wait(input).find("budget"), std::string::npos);
  input.evictions_open = kRules.budget - 1;
  EXPECT_EQ(rule(input), "unlisted");
  input.evictions_open = kRules.budget;
  input.newcomers = {newcomer()};
  EXPECT_EQ(rule(input), "unlisted") << "a waiting replacement is the way out";
}

TEST(Plan, ANewcomerBecomesALearnerNeverAVoter) {
  PlanInput input = cluster(2, 3);
  input.newcomers = {newcomer(milliseconds(1))};
  const Plan made = plan(input, kRules);
  ASSERT_TRUE(made.change);
  EXPECT_EQ(made.change->kind, Kind::kAddLearner);
  EXPECT_EQ(made.change->peer_url, "https://n-new:2380");
  EXPECT_EQ(made.change->member, MemberId{});
}

TEST(Plan, NobodyJoinsWhoIsUnlistedOrHoldsDataOrWhereEtcdWouldRefuse) {
  PlanInput input = cluster(2, 3);
  input.newcomers = {newcomer()};
  input.newcomers[0].fresh = false;
  EXPECT_EQ(rule(input), "");
  EXPECT_NE(first_wait(input).find("holds data"), std::string::npos);
  input.newcomers = {newcomer(Duration::zero())};
  EXPECT_EQ(rule(input), "");
  input.newcomers = {newcomer(seconds(9))};
  input.voters[1] = corpse(2, seconds(1));
  EXPECT_EQ(rule(input), "") << "etcd refuses additions while a voter is down";
}

TEST(Plan, NobodyJoinsAFullTableOrWhileALearnerIsUnderWay) {
  PlanInput full = cluster(3);
  full.newcomers = {newcomer()};
  EXPECT_EQ(rule(full), "");
  PlanInput busy = cluster(2, 3);
  busy.newcomers = {newcomer()};
  busy.learners = {seat(8)};
  EXPECT_EQ(rule(busy), "");
}

TEST(Plan, ALearnerIsPromotedOnlyInSyncAndOnlyIntoAnEmptySeat) {
  PlanInput input = cluster(2, 3);
  input.learners = {seat(8)};
  EXPECT_EQ(rule(input), "");
  input.learners[0].in_sync = true;
  ASSERT_EQ(rule(input), "seat-empty");
  EXPECT_EQ(plan(input, kRules).change->kind, Kind::kPromote);
  PlanInput full = cluster(3);
  full.learners = input.learners;
  EXPECT_EQ(rule(full), "");
  input.learners[0].alive = false;
  EXPECT_EQ(rule(input), "") << "never a corpse, however well it had caught up";
}

TEST(Plan, AGhostLearnerFreesTheSlotAfterThirtySeconds) {
  PlanInput input = cluster(2, 3);
  input.learners = {corpse(8, seconds(30))};
  ASSERT_EQ(rule(input), "ghost-learner");
  EXPECT_EQ(plan(input, kRules).change->member, MemberId{8});
  input.learners[0].silent_for = seconds(30) - milliseconds(1);
  EXPECT_EQ(rule(input), "");
}

TEST(Plan, ALivingLearnerThatMakesNoProgressFreesTheSlotAfterTenMinutes) {
  PlanInput input = cluster(2, 3);
  input.learners = {seat(8)};
  input.learners[0].stuck_for = minutes(10) - milliseconds(1);
  EXPECT_EQ(rule(input), "");
  input.learners[0].stuck_for = minutes(10);
  ASSERT_EQ(rule(input), "ghost-learner");
  EXPECT_EQ(plan(input, kRules).change->member, MemberId{8});
}

TEST(Plan, ASingleVoterOfTwoHasASpareWhichGetsNoVote) {
  PlanInput input = cluster(1, 2);
  input.newcomers = {newcomer(milliseconds(1))};
  EXPECT_EQ(rule(input), "spare");
  input.learners = {seat(8)};
  input.learners[0].in_sync = true;
  EXPECT_EQ(rule(input), "");
  input.instances = 1;
  input.learners.clear();
  EXPECT_EQ(rule(input), "");
}

TEST(Plan, ADeadSpareHasTheListedGraceUnlessItsSlotIsNeeded) {
  PlanInput input = cluster(1, 2);
  input.learners = {corpse(8, minutes(15) - milliseconds(1))};
  EXPECT_EQ(rule(input), "");
  input.learners[0].silent_for = minutes(15);
  EXPECT_EQ(rule(input), "ghost-learner");
  input.learners[0].silent_for = seconds(30);
  EXPECT_EQ(rule(input), "");
  input.newcomers = {newcomer(milliseconds(1))};
  EXPECT_EQ(rule(input), "ghost-learner") << "somebody waits for the slot";
  input.newcomers.clear();
  input.learners[0].presence = Presence::kUnlisted;
  EXPECT_EQ(rule(input), "ghost-learner") << "it will not come back";
}

TEST(Plan, AnEvictionComesBeforeAnyPromotionOrJoin) {
  PlanInput input = cluster(3, 5);
  input.voters[2] = corpse(3, minutes(1), Presence::kUnlisted);
  input.learners = {seat(8)};
  input.learners[0].in_sync = true;
  EXPECT_EQ(rule(input), "unlisted");
}

TEST(WantedVoters, AreOddAndNeverMoreThanInstances) {
  const std::vector<std::vector<std::uint32_t>> table{{5, 0, 5}, {5, 1, 1}, {5, 2, 1}, {5, 3, 3}, {5, 4, 3},
                                                      {5, 5, 5}, {5, 9, 5}, {3, 9, 3}, {4, 9, 3}, {1, 7, 1}};
  for (const auto& row : table) EXPECT_EQ(wanted_voters(row[0], row[1]), row[2]) << row[0] << " of " << row[1];
}

TEST(Tolerance, IsRaisedOnlyWhereNoSingleStepLowersIt) {
  struct Row {
    std::size_t voters, dead;
    bool raises;
  };
  for (const Row& row : {Row{3, 0, false}, Row{3, 1, false}, Row{5, 1, false}, Row{5, 2, true}, Row{4, 1, true}, Row{7, 2, true},
                         Row{7, 3, true}, Row{6, 1, true}, Row{2, 1, true}, Row{3, 3, false}}) {
    EXPECT_EQ(eviction_raises_tolerance(row.voters, row.dead), row.raises) << row.dead << " dead of " << row.voters;
  }
}

TEST(Tolerance, CountsHowManyMoreMayFail) {
  EXPECT_EQ(failures_survivable(3, 3), 1);
  EXPECT_EQ(failures_survivable(3, 2), 0);
  EXPECT_EQ(failures_survivable(3, 1), -1);
  EXPECT_EQ(failures_survivable(5, 5), 2);
}

}  // namespace
}  // namespace fluxpg::supervisor
