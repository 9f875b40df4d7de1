// Are we well ourselves? Only our own lateness says no: were missing answers counted, one dead peer would make everybody too unwell to say
// so.
#pragma once

#include "base/time.hpp"
#include "gossip/core/config.hpp"

namespace fluxpg::gossip {

class Health {
 public:
  static constexpr int kWorst = 8;

  explicit Health(const Now& now) : asleep_(now.boot.time_since_epoch() - now.steady.time_since_epoch()), changed_(now.boot) {}

  // To be called first on every event, with the deadline that we had announced. Returns for how long we were not there (stopped,
  // starved, suspended): that time must not be counted against anybody, because we could not have heard an answer in it.
  Duration observe(const Config& config, const Now& now, TimePoint deadline);

  int level() const { return level_; }

 private:
  int level_ = 0;
  Duration asleep_;  // boot time minus steady time: grows when the machine is suspended
  TimePoint changed_;
};

}  // namespace fluxpg::gossip
