// Durations and comparisons as people write them.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "simulation/scenario/scenario.hpp"

namespace fluxpg::scenario {

// "90s", "1m30s", "200ms", "2h"; at most a thousand hours.
std::optional<Duration> duration_from_text(const std::string& text);
// "3", ">= 3", "< 2"
std::optional<std::pair<Compare, std::uint64_t>> comparison_from_text(const std::string& text);

}  // namespace fluxpg::scenario
