// fluxpg-sim: thousands of broken clusters, one seed each.
#include <CLI/CLI.hpp>

#include "simulation/sim/program/commands.hpp"

int main(int argc, char** argv) {
  CLI::App app{"Simulates clusters of fluxpg's agent on virtual time; one seed is one run, bit for bit."};
  app.require_subcommand(1);
  fluxpg::simulation::Wanted wanted;
  CLI::App* run_command = app.add_subcommand("run", "Run many seeds; exit 1 if an invariant breaks or a run does not settle");
  CLI::App* replay_command = app.add_subcommand("replay", "Run one seed again");
  CLI::App* faults = app.add_subcommand("list-faults", "The kinds of fault");
  CLI::App* invariants = app.add_subcommand("list-invariants", "What is checked after every event, and why");
  for (CLI::App* command : {run_command, replay_command}) {
    command->add_option("--nodes", wanted.nodes, "Nodes; 0: 3 to 5, by the seed")->check(CLI::Range(0, 100));
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
  using namespace fluxpg::simulation;
  if (faults->parsed()) return list_faults();
  if (invariants->parsed()) return list_invariants();
  return run_command->parsed() ? run(wanted) : replay(wanted);
}
