// What goes wrong: every kind of fault the simulator knows, chosen and timed by the seed.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "simulation/sim/simulation.hpp"

namespace fluxpg::simulation {

struct FaultKind {
  const char* name;
  const char* what;
  // Carries it out on (or around) a host that runs; whatever ends by itself plans its own end, at most so far in the future.
  void (*inject)(Simulation& simulation, std::size_t host, Duration lasts);
};

// Those of hosts and processes, of links, of etcd, of the Flux API, and those that wait for a moment of a decision.
const std::vector<FaultKind>& fault_kinds();
const FaultKind* find_fault(const std::string& name);

// Tells, counts and injects.
void inject_fault(Simulation& simulation, const FaultKind& kind, std::size_t host, Duration lasts);
// One fault of a random kind. Every fault ends within `lasts`.
void inject_random_fault(Simulation& simulation, std::size_t hosts, Duration lasts);
// Everything that is still wrong is put right, except that the dead stay dead.
void end_all_faults(Simulation& simulation);

}  // namespace fluxpg::simulation
