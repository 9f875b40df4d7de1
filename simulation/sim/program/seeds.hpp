// One seed run to its end, and what is kept of it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "simulation/scenario/scenario.hpp"
#include "simulation/sim/simulation.hpp"

namespace fluxpg::simulation {

struct Wanted {
  std::string seeds;          // A-B; empty: 1-100, or as many as the scenario says
  std::string scenario_file;  // empty: random faults
  std::optional<scenario::Scenario> scenario;
  std::uint64_t seed = 1;
  std::size_t nodes = 0;  // 0: 3 to 5, by the seed
  std::int64_t minutes_of_faults = 8;
  double hours_of_faults = 0;
  bool as_json = false;
  bool trace = false;
};

struct Run {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;
  double virtual_seconds = 0;
  std::uint64_t events = 0;
  std::vector<Violation> violations;
  std::map<std::string, std::uint64_t> counts;
};

Run run_seed(std::uint64_t seed, const Wanted& wanted, std::function<void(const std::string&)> trace);

}  // namespace fluxpg::simulation
