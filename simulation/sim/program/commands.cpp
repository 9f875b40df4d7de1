#include "simulation/sim/program/commands.hpp"

#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>

#include "simulation/sim/faults.hpp"
#include "simulation/sim/invariants.hpp"

namespace fluxpg::simulation {

using nlohmann::json;

int run(const Wanted& wanted) {
  const std::size_t dash = wanted.seeds.find('-');
  const auto first = number_from_decimal(wanted.seeds.substr(0, dash));
  const auto last = dash == std::string::npos ? first : number_from_decimal(wanted.seeds.substr(dash + 1));
  if (!first || !last || *last < *first) {
    std::cerr << "fluxpg-sim: --seeds is '" << wanted.seeds << "'; allowed: one number, or two like 1-100\n";
    return 64;
  }
  if (!wanted.as_json) {
    std::cout << "seeds " << *first << " to " << *last << ", nodes " << (wanted.nodes == 0 ? "3 to 5" : std::to_string(wanted.nodes))
              << ", "
              << (wanted.hours_of_faults > 0 ? std::to_string(wanted.hours_of_faults) + " hours"
                                             : std::to_string(wanted.minutes_of_faults) + " minutes")
              << " of faults each\n";
  }
  const std::clock_t began = std::clock();
  std::map<std::string, std::uint64_t> counts;
  double virtual_seconds = 0;
  std::uint64_t bad_seeds = 0;
  json runs = json::array();
  for (std::uint64_t seed = *first; seed <= *last; ++seed) {
    const Run one = run_seed(seed, wanted, {});
    virtual_seconds += one.virtual_seconds;
    for (const auto& [what, count] : one.counts) counts[what] += count;
    if (!one.violations.empty()) ++bad_seeds;
    json violations = json::array();
    for (const Violation& v : one.violations) {
      violations.push_back({{"at_seconds", to_seconds(v.at.time_since_epoch())}, {"invariant", v.invariant}, {"what", v.what}});
      if (!wanted.as_json)
        std::cout << "seed " << seed << " at " << to_ms(v.at.time_since_epoch()) / 1000 << " s: " << v.invariant << ": " << v.what
                  << std::endl;
    }
    if (wanted.as_json)
      runs.push_back({{"seed", seed}, {"trace_hash", to_hex(one.hash)}, {"events", one.events}, {"violations", violations}});
    if (!wanted.as_json && *last - *first < 100)
      std::cout << "seed " << seed << " trace " << to_hex(one.hash) << ", " << one.events << " events" << std::endl;
  }
  const double cpu = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  if (wanted.as_json) {
    std::cout << json{{"runs", runs},
                      {"counts", counts},
                      {"seconds_per_cpu_second", virtual_seconds / cpu},
                      {"seeds_with_violations", bad_seeds}}
                     .dump(1)
              << "\n";
  } else {
    for (const auto& [what, count] : counts) std::cout << "  " << count << "  " << what << "\n";
    std::cout << *last - *first + 1 << " runs, " << bad_seeds << " with violations; " << static_cast<std::uint64_t>(virtual_seconds / cpu)
              << " simulated seconds per CPU second\n";
  }
  return bad_seeds == 0 ? 0 : 1;
}

int replay(const Wanted& wanted) {
  std::function<void(const std::string&)> trace;
  if (wanted.trace) trace = [](const std::string& line) { std::cout << line << "\n"; };
  const Run one = run_seed(wanted.seed, wanted, std::move(trace));
  std::cout << "seed " << wanted.seed << " trace " << to_hex(one.hash) << ", " << one.events << " events, " << one.violations.size()
            << " violations\n";
  for (const Violation& v : one.violations) std::cout << v.invariant << ": " << v.what << "\n";
  return one.violations.empty() ? 0 : 1;
}

int list_faults() {
  for (const FaultKind& kind : fault_kinds()) std::cout << kind.name << "\t" << kind.what << "\n";
  return 0;
}

int list_invariants() {
  for (const InvariantText& text : kInvariants) std::cout << text.name << "\t" << text.why << "\n";
  return 0;
}

}  // namespace fluxpg::simulation
