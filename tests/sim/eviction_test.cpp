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

}  // namespace fluxpg::simulation
