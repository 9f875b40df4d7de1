#include "tests/sim/scene.hpp"

namespace fluxpg::simulation {

TEST(Founding, ThreeFreshNodesFoundOneCluster) {
  Scene sim({.hosts = 3});
  sim.start_all();
  ASSERT_TRUE(sim.run_until([&] { return sim.voters() == 3; }, minutes(1)));
  ASSERT_TRUE(sim.run_until([&] { return sim.everybody_works(); }, minutes(1)));
  sim.run_for(minutes(5));
  EXPECT_EQ(sim.evictions(), 0U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(sim.snapshot(i).health, supervisor::Health::kHealthy) << i;
}

TEST(Founding, FiveFreshNodesFoundOneClusterOfFiveVoters) {
  Scene sim({.hosts = 5, .instances = 5});
  sim.start_all();
  ASSERT_TRUE(sim.run_until([&] { return sim.voters() == 5 && sim.everybody_works(); }, minutes(2)));
}

}  // namespace fluxpg::simulation
