// What each command of fluxpg-sim does; the result is the exit code.
#pragma once

#include "simulation/sim/program/seeds.hpp"

namespace fluxpg::simulation {

// Reads the scenario that is wanted, if one is; false: a sentence was written to stderr, exit 64.
bool read_scenario(Wanted& wanted);
int run(const Wanted& wanted);     // many seeds
int replay(const Wanted& wanted);  // one seed
int list_faults();
int list_expectations();
int list_invariants();

}  // namespace fluxpg::simulation
