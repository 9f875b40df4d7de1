// The policies do what they are said to do, so that the comparison measures them and not a mistake of ours.
#include <gtest/gtest.h>

#include "simulation/sim/chaos.hpp"
#include "simulation/sim/program/poisson.hpp"

namespace fluxpg::simulation {

namespace {

// Nothing goes wrong but what the test does: no fault comes in the first minutes of the comparison's calm.
struct Calm {
  explicit Calm(const std::string& policy) : sim({.seed = 3, .hosts = 3, .policy = policy}) {
    found_by_hand(sim, 3);
    sim.run_for(minutes(2));
    sim.scores().begin(sim.now());
  }
  Simulation sim;
};

}  // namespace

TEST(SeedUpdater, EvictsALiveNodeThatOnePollDoesNotList) {
  Calm calm("seed-updater");
  calm.sim.flux().unlist(calm.sim.host(1).address);
  ASSERT_TRUE(calm.sim.run_until([&] { return calm.sim.scores().live_evicted == 1; }, seconds(62)));
}

TEST(OnePollCheck, KeepsALiveNodeThatIsNotListedAndEvictsADeadOne) {
  Calm calm("one-poll-check");
  calm.sim.flux().unlist(calm.sim.host(1).address);
  calm.sim.run_for(minutes(5));
  EXPECT_EQ(calm.sim.voters(), 3U);
  calm.sim.vanish(1);
  ASSERT_TRUE(calm.sim.run_until([&] { return calm.sim.voters() == 2; }, seconds(70)));
  EXPECT_EQ(calm.sim.scores().live_evicted, 0U);
}

TEST(LowestIdLeader, EvictsALiveNodeThatItAloneCannotReach) {
  Calm calm("lowest-id-leader");
  std::size_t lowest = 0;
  for (std::size_t i = 1; i < 3; ++i) {
    if (calm.sim.etcd().identity(i)->second < calm.sim.etcd().identity(lowest)->second) lowest = i;
  }
  const std::size_t victim = (lowest + 1) % 3;
  calm.sim.network().cut_both(lowest, victim);
  calm.sim.flux().unlist(calm.sim.host(victim).address);
  ASSERT_TRUE(calm.sim.run_until([&] { return calm.sim.scores().live_evicted == 1; }, minutes(3)));
}

TEST(Policies, AreHealthyForAnHourInWhichNothingHappens) {
  for (const char* policy : {"seed-updater", "one-poll-check", "lowest-id-leader"}) {
    Calm calm(policy);
    calm.sim.run_for(std::chrono::hours(1));
    EXPECT_EQ(calm.sim.scores().evicted, 0U) << policy;
    EXPECT_EQ(calm.sim.scores().dead_voter, Duration::zero()) << policy;
  }
}

TEST(Scores, CountADeadVoterForAsLongAsItIsDead) {
  Calm calm("one-poll-check");
  calm.sim.stop_container(2);
  calm.sim.run_for(seconds(30));
  EXPECT_NEAR(to_seconds(calm.sim.scores().dead_voter), 30, 1);
}

TEST(Scores, CountACallThatEtcdCarriesOutAfterItsDeadlineApart) {
  Calm calm("one-poll-check");
  for (std::size_t i = 0; i < 3; ++i) calm.sim.host(i).removal_delay = seconds(75);
  calm.sim.isolate(1);
  calm.sim.flux().unlist(calm.sim.host(1).address);
  calm.sim.run_for(seconds(62));
  calm.sim.network().heal_all();
  calm.sim.run_for(seconds(80));
  EXPECT_EQ(calm.sim.scores().live_evicted_late, 1U);
  EXPECT_EQ(calm.sim.scores().live_evicted, 0U);
}

TEST(PoissonBounds, AreThoseOfTheTables) {
  EXPECT_NEAR(poisson_bounds(0).second, 2.996, 0.001);  // rule of three
  EXPECT_NEAR(poisson_bounds(1).first, 0.0253, 0.0001);
  EXPECT_NEAR(poisson_bounds(1).second, 5.5716, 0.0001);
  EXPECT_NEAR(poisson_bounds(10).first, 4.7954, 0.0001);
  EXPECT_NEAR(poisson_bounds(10).second, 18.3904, 0.0001);
}

}  // namespace fluxpg::simulation
