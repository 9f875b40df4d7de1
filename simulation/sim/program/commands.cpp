#include "simulation/sim/program/commands.hpp"

#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>

#include "simulation/scenario/observations.hpp"
#include "simulation/scenario/parse.hpp"
#include "simulation/sim/faults.hpp"
#include "simulation/sim/invariants.hpp"
#include "simulation/sim/mutants.hpp"
#include "simulation/sim/scenario_faults.hpp"

namespace fluxpg::simulation {

using nlohmann::json;

bool read_scenario(Wanted& wanted) {
  if (wanted.scenario_file.empty()) return true;
  scenario::Known known{scenario_fault_words(), std::vector<std::string>{}, std::vector<std::string>{"expectation"}};
  for (const Mutant& mutant : mutants()) known.mutants->push_back(mutant.name);
  for (const InvariantText& invariant : kInvariants) known.invariants->push_back(invariant.name);
  auto read = scenario::load(wanted.scenario_file, known);
  if (read && !read->in_simulator) read = unexpected(wanted.scenario_file + ":1: 'runs' does not say sim");
  if (!read) {
    std::cerr << "fluxpg-sim: " << read.error() << "\n";
    return false;
  }
  wanted.scenario = std::move(*read);
  return true;
}

int run(const Wanted& wanted) {
  const std::string seeds = !wanted.seeds.empty() ? wanted.seeds
                            : wanted.scenario     ? "1-" + std::to_string(wanted.scenario->seeds)
                                                  : "1-100";
  const std::size_t dash = seeds.find('-');
  const auto first = number_from_decimal(seeds.substr(0, dash));
  const auto last = dash == std::string::npos ? first : number_from_decimal(seeds.substr(dash + 1));
  if (!first || !last || *last < *first) {
    std::cerr << "fluxpg-sim: --seeds is '" << seeds << "'; allowed: one number, or two like 1-100\n";
    return 64;
  }
  if (!wanted.as_json && wanted.scenario) {
    std::cout << "seeds " << *first << " to " << *last << ", scenario " << wanted.scenario->name << "\n";
  } else if (!wanted.as_json) {
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
  std::cout << "\nScenarios can name these; the last column says what each needs of whoever carries it out:\n";
  for (const scenario::FaultWord& word : scenario_fault_words())
    std::cout << word.name << "\t" << word.what << "\t" << scenario::to_text(word.needs) << "\n";
  return 0;
}

int list_expectations() {
  using Takes = scenario::Observation::Takes;
  for (const scenario::Observation& each : scenario::observations()) {
    const char* takes = each.takes == Takes::kNodes    ? "NODES"
                        : each.takes == Takes::kNumber ? "[< <= > >=] NUMBER"
                        : each.takes == Takes::kText   ? "TEXT"
                                                       : "";
    std::cout << each.name << "\t" << takes << "\t" << each.what << (each.is_event ? " (an event)" : "")
              << (each.only_virtual ? " (sim only)" : "") << "\n";
  }
  return 0;
}

int list_invariants() {
  for (const InvariantText& text : kInvariants) std::cout << text.name << "\t" << text.why << "\n";
  return 0;
}

}  // namespace fluxpg::simulation
