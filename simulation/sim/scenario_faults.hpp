// The faults that scenarios name, done to a simulated cluster.
#pragma once

#include "simulation/scenario/words.hpp"
#include "simulation/scenario/world.hpp"
#include "simulation/sim/simulation.hpp"

namespace fluxpg::simulation {

// The vocabulary of every world, and whatever kinds of fault only the simulator knows.
const std::vector<scenario::FaultWord>& scenario_fault_words();

void carry_out(Simulation& sim, const scenario::Deed& deed);

}  // namespace fluxpg::simulation
