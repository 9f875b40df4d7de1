// YAML to a Scenario; whatever is wrong is one sentence that begins with FILE:LINE.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "simulation/scenario/scenario.hpp"
#include "simulation/scenario/words.hpp"

namespace fluxpg::scenario {

// What names may stand for. Lists that are not given are not checked.
struct Known {
  std::vector<FaultWord> faults = fault_words();
  std::optional<std::vector<std::string>> mutants;
  std::optional<std::vector<std::string>> invariants;
};

Expected<Scenario, std::string> parse(const std::string& yaml, const std::string& file, const Known& known = {});
// Reads the file; that it cannot be read is such a sentence too.
Expected<Scenario, std::string> load(const std::string& file, const Known& known = {});

}  // namespace fluxpg::scenario
