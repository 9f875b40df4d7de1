// fluxpg-sim: thousands of broken clusters, one seed each.
#include <CLI/CLI.hpp>

#include "simulation/sim/program/commands.hpp"

int main(int argc, char** argv) {
  CLI::App app{"Simulates clusters of fluxpg's agent on virtual time; one seed is one run, bit for bit."};
  app.footer(
      "run --scenario FILE plays a story instead of random faults: what goes wrong when, what must be seen, what never (the files lie in\n"
      "simulation/scenario/files, the words are told by list-faults and list-expectations):\n"
      "  runs: [sim]\n  lasts: 10m\n  let: {dead: other}\n"
      "  faults:\n    - {name: gone, at: 10s, fault: host-vanishes, on: dead}\n    - {after: gone, at: 1s, fault: row-removed, on: dead}\n"
      "  expect:\n    - {after: gone, within: 135s, that: [{voters: 2}, {evicted: dead}]}\n"
      "  never:\n    - that: {removals: \"> 1\"}\n"
      "Exit: 0 all is well, 1 something broke (the seed is named; replay --seed S --scenario FILE --trace tells it), 64 usage.");
  app.require_subcommand(1);
  fluxpg::simulation::Wanted wanted;
  CLI::App* run_command = app.add_subcommand("run", "Run many seeds; exit 1 if an invariant breaks or a run does not settle");
  CLI::App* replay_command = app.add_subcommand("replay", "Run one seed again");
  CLI::App* faults = app.add_subcommand("list-faults", "The kinds of fault");
  CLI::App* expectations = app.add_subcommand("list-expectations", "What scenarios can wait for, expect and forbid");
  CLI::App* invariants = app.add_subcommand("list-invariants", "What is checked after every event, and why");
  for (CLI::App* command : {run_command, replay_command}) {
    command
        ->add_option("--scenario", wanted.scenario_file, "A YAML file: what goes wrong when, and what must be seen (simulation/scenario)")
        ->excludes(command->add_option("--nodes", wanted.nodes, "Nodes; 0: 3 to 5, by the seed")->check(CLI::Range(0, 9)));
    command->add_option("--minutes", wanted.minutes_of_faults, "How long things go wrong")->check(CLI::Range(1, 100000));
    command->add_option("--hours", wanted.hours_of_faults, "The same in hours")->check(CLI::Range(0.0, 10000.0));
  }
  run_command->add_option("--seeds", wanted.seeds, "A-B; default 1-100, or as many as the scenario says");
  run_command->add_flag("--json", wanted.as_json, "Machine-readable");
  replay_command->add_option("--seed", wanted.seed, "The seed")->required();
  replay_command->add_flag("--trace", wanted.trace, "One line an event: when, who, what, why");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  using namespace fluxpg::simulation;
  if (faults->parsed()) return list_faults();
  if (expectations->parsed()) return list_expectations();
  if (invariants->parsed()) return list_invariants();
  if (!read_scenario(wanted)) return 64;
  return run_command->parsed() ? run(wanted) : replay(wanted);
}
