// Part of every unit test program whose name ends in "-mutants": leaves out the guard whose mutant FLUXPG_MUTANT names.
#include <cstdio>
#include <cstdlib>

#include "simulation/sim/mutants.hpp"

namespace {

[[maybe_unused]] const bool done = [] {
  const char* name = std::getenv("FLUXPG_MUTANT");
  if (name == nullptr) return false;
  const auto guard = fluxpg::simulation::find_mutant(name);
  if (!guard) {
    std::fprintf(stderr, "FLUXPG_MUTANT: '%s' is no mutant\n", name);
    std::_Exit(64);
  }
  fluxpg::left_out = *guard;
  return true;
}();

}  // namespace
