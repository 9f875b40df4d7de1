// Clusters that lose most of their disks, and are recovered by an operator who knows that nobody lives elsewhere.
#include "simulation/sim/operator.hpp"
#include "tests/sim/scene.hpp"

namespace fluxpg::simulation {

namespace {

void lose(Scene& sim, std::initializer_list<std::size_t> hosts) {
  for (const std::size_t host : hosts) sim.stop_container(host), sim.lose_disk(host);
}

}  // namespace

// It has set its data aside for the first successor, is cut off, and finds the second one when it is back.
TEST(Recovery, WhoeverGaveWayToAClusterThatWasGivenUpInItsTurnJoinsTheNextOne) {
  Scene sim({.hosts = 5, .instances = 5});
  sim.found(5);
  const ClusterId first = sim.cluster()->id;
  lose(sim, {0, 1, 2});
  sim.pause(4);
  recover_by_hand(sim, sim.now() + minutes(60));
  ASSERT_TRUE(sim.run_until([&] { return sim.cluster()->id != first && sim.writable(); }, minutes(2)));
  const ClusterId second = sim.cluster()->id;
  ASSERT_TRUE(sim.is_voter(3));
  sim.resume(4);
  const auto gave_way = [&] { return !sim.host(4).persistent.chosen && sim.host(4).persistent.cluster == second; };
  ASSERT_TRUE(sim.run_until(gave_way, minutes(2)));
  sim.isolate(4);
  sim.start(0);
  ASSERT_TRUE(sim.run_until([&] { return sim.is_voter(0); }, minutes(20)));
  lose(sim, {3});
  ASSERT_TRUE(sim.run_until([&] { return sim.cluster()->id != second && sim.writable(); }, minutes(2)));
  sim.network().heal_all();
  ASSERT_TRUE(sim.run_until([&] { return sim.is_voter(4) && sim.works(4); }, minutes(20)));
}

}  // namespace fluxpg::simulation
