// What the runtime wants to do later, in order of time.
#pragma once

#include <functional>
#include <map>

#include "base/time.hpp"

namespace fluxpg::runtime {

class Timers {
 public:
  void at(TimePoint when, std::function<void()> what) { waiting_.emplace(when, std::move(what)); }
  TimePoint next() const { return waiting_.empty() ? kNever : waiting_.begin()->first; }
  // Runs what is due; what that adds is run by a later call.
  void run(TimePoint now) {
    std::multimap<TimePoint, std::function<void()>> due;
    while (!waiting_.empty() && waiting_.begin()->first <= now) due.insert(waiting_.extract(waiting_.begin()));
    for (auto& [when, what] : due) what();
  }

 private:
  std::multimap<TimePoint, std::function<void()>> waiting_;
};

}  // namespace fluxpg::runtime
