// Newcomers, replacements, and nodes that come back.
#include "tests/sim/scene.hpp"

namespace fluxpg::simulation {

TEST(Joining, ANewcomerBecomesALearnerAndThenAVoter) {
  Scene sim({.hosts = 5, .instances = 3});
  sim.found(3);
  sim.vanish(2);
  sim.flux().unlist(sim.host(2).address);
  ASSERT_TRUE(sim.run_until([&] { return sim.voters() == 2; }, minutes(3)));
  sim.start(3);
  ASSERT_TRUE(sim.run_until([&] { return sim.is_voter(3); }, minutes(2)));
  EXPECT_EQ(sim.voters(), 3U);
  sim.run_for(minutes(5));
  EXPECT_TRUE(sim.everybody_works());
}

TEST(Joining, AVoterThatRestartsWithItsDiskKeepsItsSeat) {
  Scene sim({.hosts = 3});
  sim.found(3);
  sim.stop_container(1);
  sim.run_for(seconds(30));
  sim.start(1);
  ASSERT_TRUE(sim.run_until([&] { return sim.works(1); }, seconds(30)));
  EXPECT_EQ(sim.evictions(), 0U);
  EXPECT_EQ(sim.voters(), 3U);
}

}  // namespace fluxpg::simulation
