#include "simulation/sim/program/seeds.hpp"

#include "simulation/sim/chaos.hpp"
#include "simulation/sim/scenario_run.hpp"

namespace fluxpg::simulation {

namespace {

Run kept(std::uint64_t seed, const Simulation& simulation, std::vector<Violation> violations) {
  return {seed,
          simulation.trace_hash(),
          to_seconds(simulation.now().time_since_epoch()),
          simulation.events(),
          std::move(violations),
          simulation.counts()};
}

}  // namespace

Run run_seed(std::uint64_t seed, const Wanted& wanted, std::function<void(const std::string&)> trace) {
  if (wanted.scenario) {
    Options options = options_for(*wanted.scenario, seed);
    options.trace = std::move(trace);
    Simulation simulation(std::move(options));
    std::vector<Violation> violations = run_scenario(simulation, *wanted.scenario);
    return kept(seed, simulation, std::move(violations));
  }
  Chaos chaos;
  chaos.nodes = wanted.nodes != 0 ? wanted.nodes : 3 + seed % 3;
  chaos.faults =
      wanted.hours_of_faults > 0 ? Duration(static_cast<std::int64_t>(wanted.hours_of_faults * 3.6e12)) : minutes(wanted.minutes_of_faults);
  Options options;
  options.seed = seed;
  options.hosts = chaos.nodes;
  options.instances = static_cast<std::uint32_t>(chaos.nodes);
  options.trace = std::move(trace);
  Simulation simulation(std::move(options));
  run_chaos(simulation, chaos);
  return kept(seed, simulation, simulation.violations());
}

}  // namespace fluxpg::simulation
