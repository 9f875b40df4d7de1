// Whoever gets at an etcd client port with a certificate can write a decision that nobody took.
#pragma once

#include "simulation/sim/simulation.hpp"

namespace fluxpg::simulation {

// An open decision to remove this host's member: the right electorate, a vote of every other voter, and not one signature.
void forge_removal(Simulation& sim, std::size_t host);

}  // namespace fluxpg::simulation
