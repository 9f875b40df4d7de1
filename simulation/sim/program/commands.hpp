// What each command of fluxpg-sim does; the result is the exit code.
#pragma once

#include "simulation/sim/program/seeds.hpp"

namespace fluxpg::simulation {

int run(const Wanted& wanted);     // many seeds
int replay(const Wanted& wanted);  // one seed
int list_faults();
int list_invariants();

}  // namespace fluxpg::simulation
