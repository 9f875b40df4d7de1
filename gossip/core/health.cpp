#include "gossip/core/health.hpp"

#include <algorithm>

namespace fluxpg::gossip {

Duration Health::observe(const Config& config, const Now& now, TimePoint deadline) {
  const Duration asleep = now.boot.time_since_epoch() - now.steady.time_since_epoch();
  const Duration suspended = asleep - asleep_;
  asleep_ = asleep;
  const Duration late = now.boot > deadline ? now.boot - deadline : Duration{};
  if (late > config.late_timer || suspended > config.late_timer) {
    level_ = std::min(kWorst, level_ + 1);
    changed_ = now.boot;
    return late;
  }
  if (level_ > 0 && now.boot - changed_ >= config.recover_period) {
    --level_;
    changed_ = now.boot;
  }
  return Duration{};
}

}  // namespace fluxpg::gossip
