// Many seeds, each with random faults: no invariant breaks, and afterwards everything settles.
#include "simulation/sim/chaos.hpp"

#include <gtest/gtest.h>

namespace fluxpg::simulation {

namespace {
void run_seeds(std::uint64_t first, std::uint64_t last, const std::vector<std::string>& only = {}) {
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    Chaos chaos;
    chaos.nodes = 3 + seed % 3;
    chaos.faults = minutes(4);
    chaos.only = only;
    Options options;
    options.seed = seed;
    options.hosts = chaos.nodes;
    options.instances = static_cast<std::uint32_t>(chaos.nodes);
    Simulation simulation(std::move(options));
    run_chaos(simulation, chaos);
    for (const Violation& violation : simulation.violations()) {
      ADD_FAILURE() << "seed " << seed << ": " << violation.invariant << ": " << violation.what << " (fluxpg-sim replay --seed " << seed
                    << " --minutes 4 --trace)";
    }
  }
}
}  // namespace

TEST(Chaos, OfFourMinutesBreaksNothingAndSettlesForTheFirstSeeds) { run_seeds(1, 50); }
TEST(Chaos, OfFourMinutesBreaksNothingAndSettlesForMoreSeeds) { run_seeds(51, 100); }

// Rare in the runs above: here one fault of four retires a node, and takes it back later.
TEST(Chaos, OfNodesThatLeaveBreaksNothingAndSettles) {
  run_seeds(
      1, 60,
      {"node-leaves", "node-leaves", "node-leaves", "node-leaves", "host-vanishes", "container-killed", "daemon-killed", "host-cut-off",
       "one-way-cut", "processes-stopped", "slow-etcd", "etcd-applies-late", "leader-churn", "evictions-paused", "daemon-crashes-at-action",
       "cut-off-and-unlisted", "remover-dies-at-decision", "remover-stops-at-decision", "remover-crashes-at-call"});
}

// Not drawn either (faults_of_gossip): every second fault closes gossip and leaves etcd's ports open, so ballots and votes go by etcd.
TEST(Chaos, OfClosedGossipPortsBreaksNothingAndSettles) {
  run_seeds(1, 60,
            {"gossip-cut-off", "gossip-one-way-cut", "gossip-cut-off", "gossip-one-way-cut", "gossip-cut-off", "host-vanishes",
             "container-killed", "daemon-killed", "disk-lost", "processes-stopped", "slow-etcd", "etcd-applies-late", "leader-churn",
             "remover-dies-at-decision", "remover-stops-at-decision"});
}

// Not drawn either (faults_of_recoveries): a majority is away, one of the others is recovered, and then they return.
TEST(Chaos, OfRecoveriesWhoseDeadReturnBreaksNothingAndSettles) {
  const std::string recovered = "most-away-and-recovered";
  run_seeds(1, 60,
            {recovered, recovered, recovered, recovered, "daemon-crashes-at-action", "daemon-crashes-after-persist", "etcd-killed",
             "old-disk-copy", "etcd-applies-late", "leader-churn", "slow-disk", "slow-etcd", "lost-answers", "evictions-paused"});
}

// Each founded two clusters once, when a plan needed the promises of its founders only.
TEST(Chaos, FoundsOneClusterWhereASoleFounderOnceWasEnough) {
  for (const std::uint64_t seed : {150U, 186U, 207U, 225U, 339U, 543U}) {
    Options options;
    options.seed = seed;
    options.hosts = 3 + seed % 3;
    options.instances = static_cast<std::uint32_t>(options.hosts);
    Chaos chaos;
    chaos.nodes = options.hosts;
    Simulation simulation(std::move(options));
    run_chaos(simulation, chaos);
    for (const Violation& violation : simulation.violations())
      ADD_FAILURE() << "seed " << seed << ": " << violation.invariant << ": " << violation.what;
  }
}

}  // namespace fluxpg::simulation
