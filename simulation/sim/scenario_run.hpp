// One seed of a scenario in the simulator: invariants after every event, and the scenario's own expectations.
#pragma once

#include "simulation/scenario/scenario.hpp"
#include "simulation/sim/simulation.hpp"

namespace fluxpg::simulation {

// Hosts, instances, backends as the scenario wants them.
Options options_for(const scenario::Scenario& scenario, std::uint64_t seed);

// Runs it; a failed expectation is a violation of "expectation". What the scenario tolerates is left out of the result.
std::vector<Violation> run_scenario(Simulation& simulation, const scenario::Scenario& scenario);

}  // namespace fluxpg::simulation
