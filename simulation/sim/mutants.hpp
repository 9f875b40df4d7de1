// Each guard by the name of what happens without it. Compiled into fluxpg-sim-mutants the guard is really left out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/guard.hpp"

namespace fluxpg::simulation {

struct Mutant {
  const char* name;
  Guard guard;
  const char* what;  // what a node does that lacks the guard
};

const std::vector<Mutant>& mutants();
std::optional<Guard> find_mutant(const std::string& name);

}  // namespace fluxpg::simulation
