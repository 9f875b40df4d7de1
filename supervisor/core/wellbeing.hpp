// Whether our own judgement can be trusted: a suspension, a clock jump or late timers of our own make it doubtful for one dwell.
// Missing answers of others never do, or a dead peer would make everybody too unwell to say so (HOLES H17).
#pragma once

#include <string>

#include "base/time.hpp"

namespace fluxpg::supervisor {

class Wellbeing {
 public:
  explicit Wellbeing(const Now& now) : last_(now) {}

  // `promised`: when we said we would be called at the latest.
  void note(const Now& now, TimePoint promised, Duration dwell) {
    constexpr Duration kTolerance = seconds(2);
    constexpr Duration kLate = seconds(1);
    const Duration boot = now.boot - last_.boot;
    const Duration suspended = boot - (now.steady - last_.steady);
    const Duration jumped = (now.wall - last_.wall) - boot;
    const bool late = promised != kNever && now.boot > promised && now.boot - promised > kLate;
    if (suspended > kTolerance) {
      set(now, dwell, "just resumed from a suspension of " + std::to_string(to_ms(suspended)) + " ms");
    } else if (late) {
      set(now, dwell, "my own timers were " + std::to_string(to_ms(now.boot - promised)) + " ms late");
    } else if (jumped > kTolerance || jumped < -kTolerance) {
      // A clock that jumps all the time must not silence us for ever: the dwell is not prolonged while it runs.
      if (now.boot >= until_ + dwell) set(now, dwell, "my clock jumped by " + std::to_string(to_ms(jumped)) + " ms");
    }
    last_ = now;
  }

  std::string unwell(const Now& now) const { return now.boot < until_ ? reason_ : ""; }

 private:
  void set(const Now& now, Duration dwell, std::string reason) {
    until_ = now.boot + dwell;
    reason_ = std::move(reason);
  }

  Now last_;
  TimePoint until_{};
  std::string reason_;
};

}  // namespace fluxpg::supervisor
