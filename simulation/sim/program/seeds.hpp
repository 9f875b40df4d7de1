// One seed run to its end, and what is kept of it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "simulation/scenario/scenario.hpp"
#include "simulation/sim/chaos.hpp"
#include "simulation/sim/simulation.hpp"

namespace fluxpg::simulation {

struct Wanted {
  std::string seeds;          // A-B; empty: 1-200, or as many as the scenario says
  std::string scenario_file;  // empty: random faults
  std::optional<scenario::Scenario> scenario;
  std::string mutant;  // a guard left out (mutants.hpp); empty: none
  std::uint64_t seed = 1;
  std::size_t nodes = 0;  // 0: 3 to 5, by the seed
  std::int64_t minutes_of_faults = 0;  // 0: by the seed, see faults_last
  double hours_of_faults = 0;
  std::vector<std::string> faults;  // only these kinds; empty: all
  std::string policy;               // empty: ours (compare: all)
  unsigned jobs = 0;                // 0: one for each core
  bool as_json = false;
  bool trace = false;
  std::string name;  // what a list is asked for; empty: all
};

struct Run {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;
  double virtual_seconds = 0;
  std::uint64_t events = 0;
  std::vector<Violation> violations;
  std::map<std::string, std::uint64_t> counts;
  std::map<std::string, std::uint64_t> states;
};

using Tell = std::function<void(const std::string&)>;

Run run_seed(std::uint64_t seed, const Wanted& wanted, Tell trace);
// The same faults under any policy, on a founded cluster of 3 or 5.
Compared compare_seed(std::uint64_t seed, const Wanted& wanted, const std::string& policy, Tell trace);

std::string describe(const Wanted& wanted);  // "5 nodes, 4 minutes of faults each"

}  // namespace fluxpg::simulation
