#include "simulation/sim/scenario_run.hpp"

#include <algorithm>

#include "simulation/scenario/play.hpp"
#include "simulation/sim/scenario_world.hpp"

namespace fluxpg::simulation {

namespace {

constexpr Duration kStep = milliseconds(1);  // how exactly faults hit

std::size_t index_of(const std::string& node) { return static_cast<std::size_t>(*number_from_decimal(node.substr(node.find('-') + 1))); }

void set_up(Simulation& sim, const scenario::Scenario& scenario) {
  for (const auto& [node, address] : scenario.addresses) sim.host(index_of(node)).address = address;
  for (const std::string& node : scenario.shadow) {
    for (std::size_t i = 0; i < scenario.nodes; ++i) {
      if (node == "all" || i == index_of(node)) sim.host(i).shadow = true;
    }
  }
}

// A cluster that has been well for so long that every rule could apply.
bool found(Simulation& sim, const scenario::Scenario& scenario) {
  for (std::size_t i = 0; i < scenario.nodes; ++i) sim.start(i);
  const std::size_t seats = std::min({scenario.nodes, scenario.instances, std::size_t{sim.options().rules.target_voters}});
  const std::size_t wanted = seats % 2 == 0 ? seats - 1 : seats;
  const auto is_well = [&sim, &scenario, wanted] {
    if (sim.voters() != wanted) return false;
    for (std::size_t i = 0; i < scenario.nodes; ++i) {
      if (sim.is_member(i) && !sim.works(i)) return false;
    }
    return true;
  };
  if (!sim.run_until(is_well, minutes(5))) return false;
  sim.run_for(minutes(2));
  return is_well();
}

}  // namespace

Options options_for(const scenario::Scenario& scenario, std::uint64_t seed) {
  Options options;
  options.seed = seed;
  options.hosts = scenario.nodes + scenario.spares;
  options.instances = static_cast<std::uint32_t>(scenario.instances);
  options.backends = scenario.backends;
  return options;
}

std::vector<Violation> run_scenario(Simulation& sim, const scenario::Scenario& scenario) {
  sim.begin_fault_random(sim.options().seed);
  set_up(sim, scenario);
  if (scenario.founded && !found(sim, scenario)) {
    sim.violate("expectation", scenario.file + ":1: the cluster with which it begins does not come about");
    return sim.violations();
  }
  sim.trace(sim.hosts(), "the scenario begins");
  ScenarioWorld world(sim);
  scenario::Play play(scenario, world);
  std::size_t told = 0;
  const auto tell = [&] {
    for (; told < play.failures().size(); ++told) sim.violate("expectation", play.failures()[told].what);
  };
  while (!play.over()) {
    const std::uint64_t events = sim.events();
    sim.run_for(kStep);
    if (sim.events() == events && !play.over()) continue;
    world.observe();
    play.advance();
    tell();
  }
  play.finish();
  tell();
  std::vector<Violation> violations = sim.violations();
  std::erase_if(violations, [&scenario](const Violation& violation) {
    return std::count(scenario.tolerates.begin(), scenario.tolerates.end(), violation.invariant) > 0;
  });
  return violations;
}

}  // namespace fluxpg::simulation
