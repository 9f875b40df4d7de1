// Who is remover, how fast it is replaced, and how fast everybody sees the same.
#include "tests/sim/scene.hpp"

namespace fluxpg::simulation {

TEST(Remover, IsReplacedWithinTenSecondsIfItsMachineVanishes) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Scene sim({.seed = seed, .hosts = 3});
    sim.found(3);
    const std::size_t first = sim.remover();
    ASSERT_LT(first, 3U);
    const bool led = sim.leader_host() == first;
    sim.vanish(first);
    const Duration limit = led ? seconds(10 + 6) : seconds(10);
    ASSERT_TRUE(sim.run_until([&] { return sim.remover() != first && sim.remover() < 3; }, limit)) << "seed " << seed;
  }
}

TEST(Remover, IsThereForMostOfAQuietHour) {
  Scene sim({.hosts = 3});
  sim.found(3);
  const std::size_t first = sim.remover();
  sim.run_for(std::chrono::hours(1));
  EXPECT_EQ(sim.remover(), first);
  EXPECT_EQ(sim.states().reached().at("remover elected"), 1U);
}

namespace {

// How many ballots the remover of five opens in that time, after something has happened to the two hosts behind it.
std::uint64_t ballots_about_two(Duration time, void (Simulation::*happens)(std::size_t)) {
  Scene sim({.hosts = 5, .instances = 5});
  sim.found(5);
  const std::size_t remover = sim.remover();
  const auto ballots = [&] { return sim.snapshot(remover).counters["verdict.ballots"]; };
  const std::uint64_t before = ballots();
  (sim.*happens)((remover + 1) % 5);
  (sim.*happens)((remover + 2) % 5);
  sim.run_for(time);
  return ballots() - before;
}

}  // namespace

// Each was news beside the other once: a hundred ballots a second.
TEST(Remover, AsksAboutTwoDeadNowAndThenOnly) {
  const std::uint64_t ballots = ballots_about_two(seconds(55), &Simulation::vanish);
  EXPECT_GE(ballots, 10U);
  EXPECT_LE(ballots, 2U + 2 * 60 / 5);
}

TEST(Remover, HardlyAsksAboutThoseWhoseEtcdsServeWithoutTheirDaemons) {
  EXPECT_LE(ballots_about_two(seconds(60), &Simulation::kill_daemon), 4U);
}

TEST(View, ConvergesWithinTenSecondsAfterAPartitionHeals) {
  Scene sim({.hosts = 5, .instances = 5});
  sim.found(5);
  sim.isolate(0);
  sim.network().cut_both(1, 2);
  sim.run_for(minutes(5));
  sim.network().heal_all();
  ASSERT_TRUE(sim.run_until(
      [&] {
        for (std::size_t i = 0; i < 5; ++i) {
          if (sim.snapshot(i).voters_live != 5) return false;
        }
        return true;
      },
      seconds(10)));
}

TEST(Trace, OfOneSeedIsTheSameTwiceAndOfAnotherSeedDiffers) {
  const auto hash = [](std::uint64_t seed) {
    Scene sim({.seed = seed, .hosts = 5, .instances = 5});
    sim.found(5);
    sim.vanish(sim.remover());
    sim.pause((sim.remover() + 2) % 5);
    sim.run_for(minutes(5));
    return sim.trace_hash();
  };
  EXPECT_EQ(hash(7), hash(7));
  EXPECT_NE(hash(7), hash(8));
}

}  // namespace fluxpg::simulation
