// fluxpg-sim: thousands of broken clusters, one seed each.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "simulation/sim/mutants.hpp"
#include "simulation/sim/program/commands.hpp"

namespace {

using namespace fluxpg::simulation;

constexpr const char* kHelp = R"(
One seed is one run, bit for bit: what a run prints for a seed, replay shows again, on every machine.

  fluxpg-sim run                              the default: 400 seeds, every kind of fault but cuts of gossip alone
  fluxpg-sim run --seeds 1-100000 --json      as long as you like; Ctrl-C prints what is there so far
  fluxpg-sim run --nodes 5 --hours 2          your topology, for longer
  fluxpg-sim run --faults deaf,one-way-cut    only these kinds of fault (list-faults)
  fluxpg-sim replay --seed 17 --trace         one seed as a story: a line an event: when, who, what, why
  fluxpg-sim compare --seeds 1-500            what others do about dead members, under the same faults (list-policies)

Exit codes: 0 all is well, 1 an invariant broke or a run did not settle (compare: ours evicted a live member or made a second cluster),
64 usage, 130 interrupted.)";

constexpr const char* kCompareHelp = R"(
Every policy meets the same faults at the same times, on a healthy cluster of 3 or 5 founded before. The faults are dense: one every 15 s.
  live evicted             voters removed that had been up, served and connected to a majority for 8 s
  by a late call           the same, where etcd carried the call out after the deadline of whoever sent it: nobody can take it back
  quorums lost             removals after which the live voters were no majority any more
  second clusters          clusters beside the first that had a leader
  never came back          clusters without quorum 40 minutes after everything was put right, also those whose disks the faults destroyed
  hours with a dead voter  a voter was on no running host
  hours without quorum     nothing could be written, for whatever reason
Bounds, 95 %: of counts the exact interval for a Poisson mean (Garwood); of a count of zero the one-sided bound 3.0 (rule of three);
of hours the normal interval of the mean over runs.)";

constexpr const char* kScenarioHelp = R"(
--scenario FILE plays a story instead of random faults: what goes wrong when, what must be seen, what never. The files lie in
simulation/scenario/files; list-faults and list-expectations tell the words:
  runs: [sim]
  lasts: 10m
  let: {dead: other}
  faults:
    - {name: gone, at: 10s, fault: host-vanishes, on: dead}
    - {after: gone, at: 1s, fault: row-removed, on: dead}
  expect:
    - {after: gone, within: 135s, that: [{voters: 2}, {evicted: dead}]}
  never:
    - that: {removals: "> 1"}
--mutant NAME leaves one guard out, to see what it is good for (list-mutants).)";

#ifndef FLUXPG_MUTANTS
// With a guard left out, the twin program runs: this one has the daemon's own object files, and no switches.
int run_twin(char** argv) {
  const std::string twin = std::filesystem::read_symlink("/proc/self/exe").string() + "-mutants";
  ::execv(twin.c_str(), argv);
  std::cerr << "fluxpg-sim: --mutant needs " << twin << ", which cannot be started: " << std::strerror(errno) << "\n";
  return 70;
}
#endif

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Simulates clusters of fluxpg's agent on virtual time, and breaks them."};
  app.footer(kHelp);
  app.require_subcommand(1);
  Wanted wanted;
  CLI::App* run_command = app.add_subcommand("run", "Run many seeds; exit 1 if an invariant breaks or a run does not settle");
  CLI::App* compare_command = app.add_subcommand("compare", "Run many seeds under every policy, and print a table");
  CLI::App* replay_command = app.add_subcommand("replay", "Run one seed again");
  compare_command->footer(kCompareHelp);
  run_command->footer(kScenarioHelp);
  for (CLI::App* command : {run_command, replay_command}) {
    command->add_option("--scenario", wanted.scenario_file, "A YAML file: what goes wrong when, and what must be seen");
    command->add_option("--mutant", wanted.mutant, "With this guard left out (list-mutants)");
  }
  for (CLI::App* command : {run_command, compare_command, replay_command}) {
    command->add_option("--nodes", wanted.nodes, "Nodes; 0: 3 to 5, by the seed (compare: 3 or 5)")->check(CLI::Range(0, 100));
    command->add_option("--minutes", wanted.minutes_of_faults, "How long things go wrong; 0: 3, for every 50th seed 25; compared: 8")
        ->check(CLI::Range(0, 100000))
        ->capture_default_str();
    command->add_option("--hours", wanted.hours_of_faults, "The same in hours")->check(CLI::Range(0.0, 10000.0));
    command->add_option("--faults", wanted.faults, "Only these kinds of fault, with commas between them")->delimiter(',');
  }
  for (CLI::App* command : {run_command, compare_command}) {
    command->add_option("--seeds", wanted.seeds, "A-B, or one number; default 1-400, or as many as the scenario says");
    command->add_option("--jobs", wanted.jobs, "How many seeds at once; 0: one on each core")->check(CLI::Range(0, 1000));
    command->add_flag("--json", wanted.as_json, "Machine-readable");
  }
  run_command->add_option("--policy", wanted.policy, "Who decides about dead members (list-policies); another one than ours is compared");
  compare_command->add_option("--policy", wanted.policy, "Only this one (list-policies)");
  replay_command->add_option("--policy", wanted.policy, "As compare ran it, under this one");
  replay_command->add_option("--seed", wanted.seed, "The seed")->required();
  replay_command->add_flag("--trace", wanted.trace, "One line an event: when, who, what, why");
  using List = int (*)(const Wanted&);
  std::vector<std::pair<CLI::App*, List>> lists;
  const auto add_list = [&](const char* command, const char* what, List list) {
    lists.emplace_back(app.add_subcommand(command, what), list);
    lists.back().first->add_option("name", wanted.name, "Only this one");
  };
  add_list("list-faults", "The kinds of fault, and what each does", list_faults);
  add_list("list-invariants", "What is checked after every event, and why", list_invariants);
  add_list("list-policies", "Who may decide about dead members", list_policies);
  add_list("list-mutants", "The guards, by what a node does without each", list_mutants);
  add_list("list-expectations", "What scenarios can wait for, expect and forbid", list_expectations);
  add_list("list-states", "The states of the protocol that a run should reach", list_states);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  for (const auto& [command, list] : lists) {
    if (command->parsed()) return list(wanted);
  }
  // Policies are compared by the hour, and what follows the faults takes as long whatever they did.
  const bool compares = compare_command->parsed() || (!wanted.policy.empty() && (replay_command->parsed() || wanted.policy != "ours"));
  if (compares && wanted.minutes_of_faults == 0) wanted.minutes_of_faults = 8;
  if (const std::string what = complaint(wanted); !what.empty()) {
    std::cerr << "fluxpg-sim: " << what << "\n";
    return 64;
  }
  if (!wanted.mutant.empty()) {
#ifdef FLUXPG_MUTANTS
    fluxpg::left_out = *find_mutant(wanted.mutant);
#else
    return run_twin(argv);
#endif
  }
  if (!read_scenario(wanted)) return 64;
  if (replay_command->parsed()) return replay(wanted);
  return compares ? compare(wanted) : run(wanted);
}
