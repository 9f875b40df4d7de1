// One seed's story: a cluster is founded, things go wrong for a while, then nothing does any more and everything must settle.
#pragma once

#include "simulation/sim/simulation.hpp"

namespace fluxpg::simulation {

struct Chaos {
  std::size_t nodes = 3;
  Duration faults = minutes(8);         // how long things go wrong
  Duration fault_lasts = seconds(150);  // each of them at most
  Duration between = seconds(15);       // on average
  Duration settle = minutes(40);        // afterwards: the listed grace and a few ballots
};

// Runs it; what does not settle is a violation of "liveness" with what is missing.
void run_chaos(Simulation& simulation, const Chaos& chaos);

}  // namespace fluxpg::simulation
