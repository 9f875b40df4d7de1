// Who is evicted, when, and on what evidence.
#include <algorithm>

#include "gossip/verdict/tally.hpp"
#include "tests/sim/scene.hpp"

namespace fluxpg::simulation {

// 60 s for the next poll at the latest, the absence window, and 15 s until it is confirmed, decided and done.
TEST(Eviction, OfAVanishedUnlistedVoterTakesAPollAndTheAbsenceWindowAnd15Seconds) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Scene sim({.seed = seed, .hosts = 3, .backends = 1});
    sim.found(3);
    sim.run_for(seconds(seed));
    sim.vanish(1);
    sim.flux().unlist(sim.host(1).address);
    const TimePoint then = sim.now();
    ASSERT_TRUE(sim.run_until([&] { return sim.voters() == 2; }, minutes(10))) << "seed " << seed;
    EXPECT_LE(to_seconds(sim.now() - then), 60 + 15) << "seed " << seed;
  }
}

TEST(Eviction, OfAVanishedUnlistedVoterHappensOnceAndIsRecorded) {
  Scene sim({.hosts = 3});
  sim.found(3);
  sim.vanish(1);
  sim.flux().unlist(sim.host(1).address);
  ASSERT_TRUE(sim.run_until([&] { return sim.voters() == 2; }, seconds(75 + 60)));  // the first poll without it may be 60 s away
  sim.run_for(minutes(10));
  EXPECT_EQ(sim.evictions(), 1U);
  EXPECT_EQ(sim.states().reached().at("eviction"), 1U);
  const std::vector<record::Record> history = sim.history();
  ASSERT_FALSE(history.empty());
  EXPECT_EQ(history.back().change.rule, "unlisted");
  EXPECT_EQ(history.back().outcome, "done");
  EXPECT_GE(history.back().certificate.votes.size(), 2U);
}

TEST(Eviction, ALiveUnlistedVoterIsReportedAndNeverEvicted) {
  Scene sim({.hosts = 3});
  sim.found(3);
  sim.flux().unlist(sim.host(1).address);
  sim.run_for(std::chrono::hours(1));
  EXPECT_EQ(sim.voters(), 3U);
  EXPECT_TRUE(sim.has_problem(0, "live but unlisted"));
}

TEST(Eviction, ADeadListedVoterOfThreeStaysWhileNobodyWaitsForItsSeat) {
  Scene sim({.hosts = 3});
  sim.found(3);
  sim.vanish(2);
  sim.run_for(std::chrono::hours(2));
  EXPECT_EQ(sim.voters(), 3U);
}

TEST(Eviction, AnApiThatIsDownEvictsNobody) {
  using discovery::Fault;
  for (const Fault fault :
       {Fault::kUnreachable, Fault::kTimeout, Fault::kEmpty, Fault::kStatusError, Fault::kHttpStatus, Fault::kNotJson}) {
    Scene sim({.hosts = 3});
    sim.found(3);
    sim.flux().fail(fault);
    sim.run_for(minutes(30));
    EXPECT_EQ(sim.voters(), 3U) << discovery::to_text(fault);
  }
}

TEST(Eviction, AListOfHalfTheLivingEvictsNobody) {
  Scene sim({.hosts = 5, .instances = 5});
  sim.found(5);
  sim.flux().truncate(2);
  sim.run_for(std::chrono::hours(1));
  EXPECT_EQ(sim.voters(), 5U);
}

TEST(Eviction, ADeadVoterIsNotEvictedByOneBackendThatLostItsRow) {
  Scene sim({.hosts = 3});
  sim.found(3);
  sim.vanish(2);
  sim.flux().unlist_on(0, sim.host(2).address);
  sim.run_for(minutes(10));
  EXPECT_EQ(sim.voters(), 3U);
}

TEST(Eviction, TwoCorpsesOfFiveGoOneAfterTheOther) {
  Scene sim({.hosts = 5, .instances = 5});
  sim.found(5);
  sim.vanish(1);
  sim.vanish(3);
  ASSERT_TRUE(sim.run_until([&] { return sim.voters() == 4; }, minutes(3)));
  ASSERT_TRUE(sim.run_until([&] { return sim.voters() == 3; }, seconds(15)));
  sim.run_for(minutes(1));
  EXPECT_EQ(sim.evictions(), 2U);
  for (const record::Record& entry : sim.history()) EXPECT_EQ(entry.change.rule, "tolerance");
}

TEST(Eviction, OfARemoverByTheNextOne) {
  Scene sim({.hosts = 3});
  sim.found(3);
  const std::size_t remover = sim.remover();
  ASSERT_LT(remover, 3U);
  sim.vanish(remover);
  sim.flux().unlist(sim.host(remover).address);
  ASSERT_TRUE(sim.run_until([&] { return sim.voters() == 2; }, seconds(75 + 60)));
  EXPECT_NE(sim.remover(), remover);
}

TEST(Eviction, NobodyIsEvictedWhilePausedByAnOperator) {
  Scene sim({.hosts = 3});
  sim.found(3);
  sim.input(0, supervisor::OperatorSays{supervisor::OperatorSays::What::kPauseEvictions, ""});
  sim.run_for(seconds(10));
  sim.vanish(1);
  sim.flux().unlist(sim.host(1).address);
  sim.run_for(minutes(20));
  EXPECT_EQ(sim.voters(), 3U);
  EXPECT_EQ(sim.snapshot(0).evictions, "paused");
  EXPECT_EQ(sim.snapshot(2).evictions, "paused");
  sim.input(2, supervisor::OperatorSays{supervisor::OperatorSays::What::kResumeEvictions, ""});
  ASSERT_TRUE(sim.run_until([&] { return sim.voters() == 2; }, seconds(30)));
}

TEST(Eviction, ShadowModeTouchesNothing) {
  Scene sim({.hosts = 3});
  for (std::size_t i = 0; i < 3; ++i) sim.host(i).shadow = true;
  sim.found(3);
  sim.vanish(1);
  sim.flux().unlist(sim.host(1).address);
  sim.run_for(minutes(20));
  EXPECT_EQ(sim.voters(), 3U);
  EXPECT_EQ(sim.remover(), sim.hosts());
  EXPECT_EQ(sim.snapshot(0).evictions, "shadow");
}

TEST(Eviction, HappensThoughAllDaemonsWereRestartedMeanwhile) {
  Scene sim({.hosts = 3});
  sim.found(3);
  sim.vanish(1);
  sim.kill_daemon(0);
  sim.kill_daemon(2);
  sim.run_for(seconds(5));
  sim.start_daemon(0);
  sim.start_daemon(2);
  sim.run_for(seconds(20));
  sim.flux().unlist(sim.host(1).address);
  ASSERT_TRUE(sim.run_until([&] { return sim.voters() == 2; }, minutes(4)));
}

TEST(Eviction, AVictimThatGoesOnBeforeTheDecisionIsNotEvicted) {
  Scene sim({.hosts = 3});
  sim.found(3);
  sim.pause(1);
  sim.flux().unlist(sim.host(1).address);
  sim.run_for(seconds(50));
  ASSERT_EQ(sim.voters(), 3U);
  sim.resume(1);
  sim.run_for(minutes(30));
  EXPECT_EQ(sim.voters(), 3U);
  EXPECT_EQ(sim.evictions(), 0U);
  EXPECT_TRUE(sim.works(1));
}

TEST(Eviction, AMinorityDoesNothingAndHeals) {
  Scene sim({.hosts = 5, .instances = 5});
  sim.found(5);
  for (const std::size_t few : {0U, 1U}) {
    for (const std::size_t many : {2U, 3U, 4U}) sim.network().cut_both(few, many);
  }
  sim.run_for(seconds(50));
  EXPECT_EQ(sim.voters(), 5U);
  sim.network().heal_all();
  ASSERT_TRUE(sim.run_until([&] { return sim.everybody_works(); }, seconds(20)));
  sim.run_for(minutes(10));
  EXPECT_EQ(sim.evictions(), 0U);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(sim.snapshot(i).voters_live, 5U);
}

TEST(Eviction, ACutOffMinorityThatIsUnlistedIsEvictedByTheMajorityAndJoinsAnew) {
  Scene sim({.hosts = 5, .instances = 5});
  sim.found(5);
  sim.isolate(4);
  sim.flux().unlist(sim.host(4).address);
  ASSERT_TRUE(sim.run_until([&] { return sim.voters() == 4; }, minutes(8)));
  sim.run_for(minutes(5));
  sim.network().heal_all();
  sim.flux().list(sim.host(4).address);
  ASSERT_TRUE(sim.run_until([&] { return sim.voters() == 5 && sim.works(4); }, minutes(5)));
}

TEST(Eviction, OfAnAsymmetricLinkNeverHappens) {
  Scene sim({.hosts = 3});
  sim.found(3);
  sim.network().cut_both(0, 2);
  sim.flux().unlist(sim.host(2).address);
  sim.run_for(minutes(30));
  EXPECT_EQ(sim.voters(), 3U);
}

}  // namespace fluxpg::simulation
