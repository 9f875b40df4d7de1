#include "simulation/sim/program/seeds.hpp"

#include "simulation/sim/scenario_run.hpp"

namespace fluxpg::simulation {

namespace {

Run kept(std::uint64_t seed, const Simulation& simulation, std::vector<Violation> violations) {
  return {seed,
          simulation.trace_hash(),
          to_seconds(simulation.now().time_since_epoch()),
          simulation.events(),
          std::move(violations),
          simulation.counts(),
          simulation.states().reached()};
}

constexpr std::int64_t kMostly = 3;       // minutes: many short stories meet more beginnings than few long ones
constexpr std::int64_t kNowAndThen = 25;  // … and what is due after ten minutes or a quarter of an hour is met by these
constexpr std::uint64_t kOneOf = 50;

Duration faults_last(const Wanted& wanted, std::uint64_t seed) {
  if (wanted.hours_of_faults > 0) return Duration(static_cast<std::int64_t>(wanted.hours_of_faults * 3.6e12));
  if (wanted.minutes_of_faults > 0) return minutes(wanted.minutes_of_faults);
  return minutes(seed % kOneOf == 0 ? kNowAndThen : kMostly);
}

Chaos chaos_of(const Wanted& wanted, std::uint64_t seed, std::size_t nodes) {
  Chaos chaos;
  chaos.nodes = nodes;
  chaos.only = wanted.faults;
  chaos.faults = faults_last(wanted, seed);
  return chaos;
}

Options options_of(std::uint64_t seed, std::size_t nodes, Tell trace) {
  Options options;
  options.seed = seed;
  options.hosts = nodes;
  options.instances = static_cast<std::uint32_t>(nodes);
  options.trace = std::move(trace);
  return options;
}

}  // namespace

Run run_seed(std::uint64_t seed, const Wanted& wanted, Tell trace) {
  if (wanted.scenario) {
    Options options = options_for(*wanted.scenario, seed);
    options.trace = std::move(trace);
    Simulation simulation(std::move(options));
    std::vector<Violation> violations = run_scenario(simulation, *wanted.scenario);
    return kept(seed, simulation, std::move(violations));
  }
  const Chaos chaos = chaos_of(wanted, seed, wanted.nodes != 0 ? wanted.nodes : 3 + seed % 3);
  Simulation simulation(options_of(seed, chaos.nodes, std::move(trace)));
  run_chaos(simulation, chaos);
  return kept(seed, simulation, simulation.violations());
}

Compared compare_seed(std::uint64_t seed, const Wanted& wanted, const std::string& policy, Tell trace) {
  const Chaos chaos = chaos_of(wanted, seed, wanted.nodes != 0 ? wanted.nodes : 3 + seed % 2 * 2);
  Options options = options_of(seed, chaos.nodes, std::move(trace));
  options.policy = policy;
  Simulation simulation(std::move(options));
  return run_compared(simulation, chaos);
}

std::string describe(const Wanted& wanted) {
  if (wanted.scenario) return "scenario " + wanted.scenario->name;
  std::string time = std::to_string(wanted.minutes_of_faults) + " minutes";
  if (wanted.minutes_of_faults == 0) {
    time = std::to_string(kMostly) + " minutes (every " + std::to_string(kOneOf) + "th seed: " + std::to_string(kNowAndThen) + ")";
  }
  if (wanted.hours_of_faults > 0) {
    time = std::to_string(wanted.hours_of_faults);
    time = time.substr(0, time.find('.') + 3) + " hours";
  }
  return (wanted.nodes == 0 ? "3 to 5" : std::to_string(wanted.nodes)) + " nodes, " + time + " of faults each";
}

}  // namespace fluxpg::simulation
