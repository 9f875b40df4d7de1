// What each command of fluxpg-sim does; the result is the exit code.
#pragma once

#include "simulation/sim/program/seeds.hpp"

namespace fluxpg::simulation {

// Reads the scenario that is wanted, if one is; false: a sentence was written to stderr, exit 64.
bool read_scenario(Wanted& wanted);
int run(const Wanted& wanted);      // many seeds
int compare(const Wanted& wanted);  // many seeds, each under every policy
int replay(const Wanted& wanted);   // one seed
int list_faults(const Wanted& wanted);
int list_invariants(const Wanted& wanted);
int list_policies(const Wanted& wanted);
int list_states(const Wanted& wanted);
int list_mutants(const Wanted& wanted);
int list_expectations(const Wanted& wanted);

// One sentence if a name or a number is none of the known ones; empty: all is well.
std::string complaint(const Wanted& wanted);
std::pair<std::uint64_t, std::uint64_t> first_and_last(const std::string& seeds);  // {1, 0} if it is no such range
unsigned jobs(const Wanted& wanted);

}  // namespace fluxpg::simulation
