#include "gossip/core/suspicion.hpp"

#include <algorithm>

namespace fluxpg::gossip {

std::size_t confirmations_wanted(const Config& config, std::size_t witnesses) { return std::min(config.confirmations, witnesses); }

Duration suspicion_time(const Config& config, std::size_t wanted, std::size_t confirmations, int ill_health) {
  Duration time = config.suspicion_max;
  if (wanted > 0) {
    const auto steps = static_cast<std::int64_t>(std::min(wanted, confirmations));
    time -= (config.suspicion_max - config.suspicion_min) / static_cast<std::int64_t>(wanted) * steps;
  }
  return time * (1 + ill_health);
}

}  // namespace fluxpg::gossip
