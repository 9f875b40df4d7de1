// The one queue of virtual time: what happens next, first by time, then by the order in which it was planned.
#pragma once

#include <algorithm>
#include <functional>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/time.hpp"

namespace fluxpg::simulation {

using Event = std::function<void()>;

class Queue {
 public:
  void at(TimePoint time, Event event) { heap_.push(Entry{std::max(time, now_), ++planned_, std::move(event)}); }
  void in(Duration wait, Event event) { at(now_ + wait, std::move(event)); }
  TimePoint now() const { return now_; }
  bool empty() const { return heap_.empty(); }
  TimePoint next() const { return heap_.empty() ? kNever : heap_.top().time; }
  // Carries out the next event.
  void step() {
    CHECK(!heap_.empty());
    Event event = std::move(const_cast<Entry&>(heap_.top()).event);  // it leaves the heap in the next line
    now_ = heap_.top().time;
    heap_.pop();
    event();
  }
  void skip_to(TimePoint time) { now_ = std::max(now_, time); }

 private:
  struct Entry {
    TimePoint time;
    std::uint64_t order;
    Event event;
    bool operator<(const Entry& other) const { return std::tie(other.time, other.order) < std::tie(time, order); }
  };
  std::priority_queue<Entry> heap_;
  TimePoint now_{};
  std::uint64_t planned_ = 0;
};

}  // namespace fluxpg::simulation
