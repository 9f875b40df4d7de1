#include "simulation/sim/program/seeds.hpp"

#include "simulation/sim/chaos.hpp"

namespace fluxpg::simulation {

Run run_seed(std::uint64_t seed, const Wanted& wanted, std::function<void(const std::string&)> trace) {
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
  return {seed,
          simulation.trace_hash(),
          to_seconds(simulation.now().time_since_epoch()),
          simulation.events(),
          simulation.violations(),
          simulation.counts()};
}

}  // namespace fluxpg::simulation
