// fluxpg-sim: thousands of broken clusters, one seed each.
#include <CLI/CLI.hpp>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>

#include "simulation/sim/chaos.hpp"
#include "simulation/sim/faults.hpp"
#include "simulation/sim/invariants.hpp"

namespace {

using namespace fluxpg;
using namespace fluxpg::simulation;
using nlohmann::json;

struct Wanted {
  std::string seeds = "1-100";
  std::uint64_t seed = 1;
  std::size_t nodes = 0;  // 0: 3 to 5, by the seed
  std::int64_t minutes_of_faults = 8;
  double hours_of_faults = 0;
  bool as_json = false;
  bool trace = false;
};

struct Run {
  std::uint64_t hash = 0;
  double virtual_seconds = 0;
  std::uint64_t events = 0;
  std::vector<Violation> violations;
  std::map<std::string, std::uint64_t> counts;
};

Run run_seed(std::uint64_t seed, const Wanted& wanted, bool trace) {
  Chaos chaos;
  chaos.nodes = wanted.nodes != 0 ? wanted.nodes : 3 + seed % 3;
  chaos.faults =
      wanted.hours_of_faults > 0 ? Duration(static_cast<std::int64_t>(wanted.hours_of_faults * 3.6e12)) : minutes(wanted.minutes_of_faults);
  Options options;
  options.seed = seed;
  options.hosts = chaos.nodes;
  options.instances = static_cast<std::uint32_t>(chaos.nodes);
  if (trace) options.trace = [](const std::string& line) { std::cout << line << "\n"; };
  Simulation simulation(std::move(options));
  run_chaos(simulation, chaos);
  return {simulation.trace_hash(), to_seconds(simulation.now().time_since_epoch()), simulation.events(), simulation.violations(),
          simulation.counts()};
}

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
    const Run one = run_seed(seed, wanted, false);
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
  const Run one = run_seed(wanted.seed, wanted, wanted.trace);
  std::cout << "seed " << wanted.seed << " trace " << to_hex(one.hash) << ", " << one.events << " events, " << one.violations.size()
            << " violations\n";
  for (const Violation& v : one.violations) std::cout << v.invariant << ": " << v.what << "\n";
  return one.violations.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Simulates clusters of fluxpg's agent on virtual time; one seed is one run, bit for bit."};
  app.require_subcommand(1);
  Wanted wanted;
  CLI::App* run_command = app.add_subcommand("run", "Run many seeds; exit 1 if an invariant breaks or a run does not settle");
  CLI::App* replay_command = app.add_subcommand("replay", "Run one seed again");
  CLI::App* faults = app.add_subcommand("list-faults", "The kinds of fault");
  CLI::App* invariants = app.add_subcommand("list-invariants", "What is checked after every event, and why");
  for (CLI::App* command : {run_command, replay_command}) {
    command->add_option("--nodes", wanted.nodes, "Nodes; 0: 3 to 5, by the seed")->check(CLI::Range(0, 9));
    command->add_option("--minutes", wanted.minutes_of_faults, "How long things go wrong")->check(CLI::Range(1, 100000));
    command->add_option("--hours", wanted.hours_of_faults, "The same in hours")->check(CLI::Range(0.0, 10000.0));
  }
  run_command->add_option("--seeds", wanted.seeds, "A-B");
  run_command->add_flag("--json", wanted.as_json, "Machine-readable");
  replay_command->add_option("--seed", wanted.seed, "The seed")->required();
  replay_command->add_flag("--trace", wanted.trace, "One line an event: when, who, what, why");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  if (faults->parsed()) {
    for (const FaultKind& kind : fault_kinds()) std::cout << kind.name << "\t" << kind.what << "\n";
  } else if (invariants->parsed()) {
    for (const InvariantText& text : kInvariants) std::cout << text.name << "\t" << text.why << "\n";
  } else {
    return run_command->parsed() ? run(wanted) : replay(wanted);
  }
  return 0;
}
