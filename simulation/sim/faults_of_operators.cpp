// What operators do, and what only an operator can put right.
#include "simulation/sim/fault_effects.hpp"
#include "simulation/sim/operator.hpp"

namespace fluxpg::simulation {

namespace {

// As many voters as make a majority, this host among them; their hosts come back one by one, with empty disks.
void lose_most_disks(Sim& sim, std::size_t host, Duration lasts) {
  if (sim.cluster() == nullptr || majority_of_disks_is_lost(sim) || !can_be_recovered(sim)) return;
  for (std::size_t i = 0; i < sim.hosts() && !majority_of_disks_is_lost(sim); ++i) {
    const std::size_t each = (host + i) % sim.hosts();
    if (!sim.is_voter(each)) continue;
    sim.stop_container(each), sim.lose_disk(each);
    start_again(sim, each, seconds(1) + sim.fault_random().below(lasts));
  }
  recover_by_hand(sim, sim.now() + minutes(10));
}

}  // namespace

// Not drawn by random runs either: whoever returns while no etcd of the recovered cluster can be reached has the old majority, and serves it.
std::vector<FaultKind> faults_of_recoveries() {
  return {{"most-away-and-recovered", "a majority of the voters is away, an operator recovers one of the others, and then they return",
           recover_without_the_absent}};
}

std::vector<FaultKind> faults_of_operators() {
  return {
      {"node-leaves", "an operator retires it, and takes it back",
       [](Sim& s, std::size_t h, Duration d) {
         using What = supervisor::OperatorSays::What;
         s.input(h, supervisor::OperatorSays{What::kLeave, ""});
         s.at(d, [&s, h] { s.input(h, supervisor::OperatorSays{What::kCancelLeave, ""}); });
       }},
      {"most-disks-lost", "a majority of the voters comes back with empty disks, and an operator recovers one of the others",
       lose_most_disks},
  };
}

}  // namespace fluxpg::simulation
