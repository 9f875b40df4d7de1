#include "simulation/sim/program/commands.hpp"

#include <algorithm>
#include <ctime>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "simulation/scenario/observations.hpp"
#include "simulation/scenario/parse.hpp"
#include "simulation/sim/faults.hpp"
#include "simulation/sim/invariants.hpp"
#include "simulation/sim/mutants.hpp"
#include "simulation/sim/program/pool.hpp"
#include "simulation/sim/scenario_faults.hpp"

namespace fluxpg::simulation {

namespace {

using nlohmann::json;
using Counts = std::map<std::string, std::uint64_t>;

constexpr std::uint64_t kTellEachRun = 1000;  // of more runs only those with violations are told

struct Sum {
  Counts counts;
  Counts states;
  double virtual_seconds = 0;
  std::uint64_t runs = 0;
  std::uint64_t bad_seeds = 0;
};

void add(Sum& sum, const Run& one) {
  sum.virtual_seconds += one.virtual_seconds;
  for (const auto& [what, count] : one.counts) sum.counts[what] += count;
  for (const auto& [what, count] : one.states) sum.states[what] += count;
  ++sum.runs;
  if (!one.violations.empty()) ++sum.bad_seeds;
}

// Also those that never came up: a zero is what the reader looks for.
Counts faults_of(const Counts& counts) {
  Counts result;
  for (const FaultKind& kind : fault_kinds()) {
    const auto found = counts.find(std::string("fault: ") + kind.name);
    result[kind.name] = found == counts.end() ? 0 : found->second;
  }
  return result;
}

std::vector<std::string> never_reached(const Counts& states) {
  std::vector<std::string> result;
  for (const StateText& state : state_kinds()) {
    if (!state.rare && states.count(state.name) == 0) result.push_back(state.name);
  }
  return result;
}

void print_histogram(const Sum& sum) {
  const auto line = [](std::uint64_t count, const std::string& name) { std::cout << std::setw(9) << count << "  " << name << "\n"; };
  std::cout << "faults injected:\n";
  for (const auto& [name, count] : faults_of(sum.counts)) line(count, name);
  std::cout << "states reached:\n";
  for (const StateText& state : state_kinds()) {
    const auto found = sum.states.find(state.name);
    line(found == sum.states.end() ? 0 : found->second, state.name);
  }
  for (const std::string& name : never_reached(sum.states)) std::cout << "never reached by these seeds: " << name << "\n";
  std::cout << "besides:\n";
  for (const auto& [what, count] : sum.counts) {
    if (what.rfind("fault: ", 0) != 0) line(count, what);
  }
}

json as_json(const Violation& v) {
  return {{"at_seconds", to_seconds(v.at.time_since_epoch())}, {"invariant", v.invariant}, {"what", v.what}};
}

void tell(const Run& one, bool each) {
  for (const Violation& v : one.violations) {
    std::cout << "seed " << one.seed << " at " << to_ms(v.at.time_since_epoch()) / 1000 << " s: " << v.invariant << ": " << v.what << "\n";
  }
  if (each || !one.violations.empty()) {
    std::cout << "seed " << one.seed << " trace " << to_hex(one.hash) << ", " << one.events << " events, " << one.violations.size()
              << " violations" << std::endl;
  }
}

}  // namespace

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
  if (wanted.seeds.empty()) wanted.seeds = "1-" + std::to_string(wanted.scenario->seeds);
  return true;
}

int run(const Wanted& wanted) {
  const auto [first, last] = first_and_last(wanted.seeds);
  if (!wanted.as_json) std::cout << "seeds " << first << " to " << last << ", " << describe(wanted) << std::endl;
  const std::clock_t began = std::clock();
  Sum sum;
  json runs = json::array();
  const bool each = last - first < kTellEachRun;
  catch_interrupt();
  for_seeds<Run>(
      first, last, jobs(wanted), [&wanted](std::uint64_t seed) { return run_seed(seed, wanted, {}); },
      [&](const Run& one) {
        add(sum, one);
        if (!wanted.as_json) return tell(one, each);
        json violations = json::array();
        for (const Violation& v : one.violations) violations.push_back(as_json(v));
        runs.push_back({{"seed", one.seed}, {"trace_hash", to_hex(one.hash)}, {"events", one.events}, {"violations", violations}});
      });
  const double cpu = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  if (wanted.as_json) {
    const json all = {{"seeds", {first, last}},
                      {"runs", runs},
                      {"faults", faults_of(sum.counts)},
                      {"states", sum.states},
                      {"never_reached", never_reached(sum.states)},
                      {"counts", sum.counts},
                      {"seconds_per_cpu_second", sum.virtual_seconds / cpu},
                      {"interrupted", interrupted.load()},
                      {"seeds_with_violations", sum.bad_seeds}};
    std::cout << all.dump(1) << "\n";
  } else {
    if (!wanted.scenario) print_histogram(sum);
    std::cout << sum.runs << " runs, " << sum.bad_seeds << " with violations; " << static_cast<std::uint64_t>(sum.virtual_seconds / cpu)
              << " simulated seconds per CPU second\n";
    if (sum.bad_seeds > 0) std::cout << "see one again: fluxpg-sim replay --trace --seed SEED, with the same other options\n";
  }
  std::cout << std::flush;
  if (interrupted) std::_Exit(130);  // the workers are in the middle of a seed
  return sum.bad_seeds == 0 ? 0 : 1;
}

int replay(const Wanted& wanted) {
  Tell trace;
  if (wanted.trace) trace = [](const std::string& line) { std::cout << line << "\n"; };
  std::cout << "seed " << wanted.seed << ", " << describe(wanted) << (wanted.policy.empty() ? "" : ", policy " + wanted.policy) << "\n";
  if (!wanted.policy.empty()) {
    const Compared result = compare_seed(wanted.seed, wanted, wanted.policy, std::move(trace));
    std::cout << result.scores.live_evicted << " live members evicted, " << result.scores.quorums_lost << " quorums lost, "
              << result.second_clusters << " second clusters\n";
    return 0;
  }
  const Run one = run_seed(wanted.seed, wanted, std::move(trace));
  tell(one, true);
  return one.violations.empty() ? 0 : 1;
}

namespace {

// Every list alike: name, a tab, what it is.
template <class Texts, class What>
int list(const Wanted& wanted, const Texts& texts, const char* kind, What what) {
  std::string known;
  bool found = false;
  for (const auto& text : texts) {
    known += (known.empty() ? "" : ", ") + std::string(text.name);
    if (!wanted.name.empty() && wanted.name != text.name) continue;
    found = true;
    std::cout << text.name << "\t" << what(text) << "\n";
  }
  if (found) return 0;
  std::cerr << "fluxpg-sim: unknown " << kind << " '" << wanted.name << "'; known: " << known << "\n";
  return 64;
}

template <class Texts>
std::string unknown(const char* kind, const std::string& name, const Texts& texts) {
  std::string known;
  for (const auto& text : texts) {
    if (name == text.name) return "";
    known += (known.empty() ? "" : ", ") + std::string(text.name);
  }
  return std::string("unknown ") + kind + " '" + name + "'; known: " + known;
}

}  // namespace

int list_faults(const Wanted& wanted) {
  const int code = list(wanted, fault_kinds(), "fault", [](const FaultKind& kind) { return kind.what; });
  if (code != 0 || !wanted.name.empty()) return code;
  std::cout << "\nScenarios can name these; the last column says what each needs of whoever carries it out:\n";
  for (const scenario::FaultWord& word : scenario_fault_words())
    std::cout << word.name << "\t" << word.what << "\t" << scenario::to_text(word.needs) << "\n";
  return 0;
}
int list_invariants(const Wanted& wanted) {
  return list(wanted, kInvariants, "invariant", [](const InvariantText& text) { return text.why; });
}
int list_policies(const Wanted& wanted) {
  return list(wanted, policy::kPolicies, "policy", [](const policy::PolicyText& text) { return text.what; });
}
int list_mutants(const Wanted& wanted) {
  return list(wanted, mutants(), "mutant", [](const Mutant& mutant) { return mutant.what; });
}

int list_expectations(const Wanted&) {
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

int list_states(const Wanted& wanted) {
  return list(wanted, state_kinds(), "state", [](const StateText& text) { return text.what; });
}

std::string complaint(const Wanted& wanted) {
  const auto [first, last] = first_and_last(wanted.seeds);
  if (last < first) return "--seeds is '" + wanted.seeds + "'; allowed: one number, or two like 1-100";
  for (const std::string& name : wanted.faults) {
    if (std::string what = unknown("fault", name, fault_kinds()); !what.empty()) return what;
  }
  if (!wanted.mutant.empty()) {
    if (std::string what = unknown("mutant", wanted.mutant, mutants()); !what.empty()) return what;
  }
  if (wanted.policy.empty()) return "";
  return unknown("policy", wanted.policy, policy::kPolicies);
}

std::pair<std::uint64_t, std::uint64_t> first_and_last(const std::string& wanted) {
  const std::string seeds = wanted.empty() ? "1-400" : wanted;
  const std::size_t dash = seeds.find('-');
  const auto first = number_from_decimal(seeds.substr(0, dash));
  const auto last = dash == std::string::npos ? first : number_from_decimal(seeds.substr(dash + 1));
  if (!first || !last || *last < *first) return {1, 0};
  return {*first, *last};
}

unsigned jobs(const Wanted& wanted) { return wanted.jobs != 0 ? wanted.jobs : std::max(1U, std::thread::hardware_concurrency()); }

}  // namespace fluxpg::simulation
