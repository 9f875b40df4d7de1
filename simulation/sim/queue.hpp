// The one queue of virtual time: what happens next, first by time, then by the order in which it was planned.
//
// Events lie in slots that never move and are used over and over, so planning one allocates nothing; the heap orders only their numbers.
// What is planned anew all the time (when a daemon is to be called next) is a timer: one place each, outside of the heap.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/time.hpp"

namespace fluxpg::simulation {

class Queue {
 public:
  Queue(std::size_t timers, std::function<void(std::size_t)> on_timer) : timers_(timers), on_timer_(std::move(on_timer)) {}
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue() {
    for (const Entry& entry : heap_) slot(entry.slot).drop(slot(entry.slot).room);
  }

  template <class Event>
  void at(TimePoint time, Event&& event) {
    using Stored = std::decay_t<Event>;
    static_assert(alignof(Stored) <= alignof(std::max_align_t));
    if constexpr (sizeof(Stored) > kRoom) {  // rare and large: beside the slots
      return at(time, [kept = std::make_unique<Stored>(std::forward<Event>(event))] { (*kept)(); });
    } else {
      store<Stored>(time, std::forward<Event>(event));
    }
  }
  template <class Event>
  void in(Duration wait, Event&& event) {
    at(now_ + wait, std::forward<Event>(event));
  }
  // Replaces what was planned for this timer; kNever: nothing is.
  void set_timer(std::size_t timer, TimePoint time) {
    timers_[timer] = {std::max(time, now_), ++planned_, 0};
    if (timer == first_timer_) {
      find_first_timer();
    } else if (timers_[timer].before(timers_[first_timer_])) {
      first_timer_ = timer;
    }
  }
  TimePoint now() const { return now_; }
  TimePoint next() const {
    const TimePoint timer = timers_.empty() ? kNever : timers_[first_timer_].time;
    return heap_.empty() ? timer : std::min(timer, heap_.front().time);
  }
  // Carries out the next event.
  void step() {
    CHECK(next() != kNever);
    if (!timers_.empty() && (heap_.empty() || timers_[first_timer_].before(heap_.front()))) return step_timer();
    const Entry first = heap_.front();
    pop();
    now_ = first.time;
    Slot& one = slot(first.slot);
    one.run(one.room);
    one.drop(one.room);
    free_.push_back(first.slot);
  }
  void skip_to(TimePoint time) { now_ = std::max(now_, time); }

 private:
  static constexpr std::size_t kRoom = 352;  // a message on its way, with its route
  static constexpr std::size_t kBlock = 64;
  static constexpr std::size_t kFan = 4;  // of the heap: half as deep as a binary one
  struct Slot {
    void (*run)(void* room) = nullptr;
    void (*drop)(void* room) = nullptr;
    alignas(std::max_align_t) std::byte room[kRoom];
  };
  struct Entry {
    TimePoint time;
    std::uint64_t order = 0;
    std::uint32_t slot = 0;
    bool before(const Entry& other) const { return time != other.time ? time < other.time : order < other.order; }
  };

  template <class Stored, class Event>
  void store(TimePoint time, Event&& event) {
    const std::uint32_t number = take_slot();
    Slot& target = slot(number);
    ::new (static_cast<void*>(target.room)) Stored(std::forward<Event>(event));
    target.run = [](void* room) { (*static_cast<Stored*>(room))(); };
    target.drop = [](void* room) { static_cast<Stored*>(room)->~Stored(); };
    push({std::max(time, now_), ++planned_, number});
  }
  void step_timer() {
    const std::size_t timer = first_timer_;
    now_ = timers_[timer].time;
    set_timer(timer, kNever);
    on_timer_(timer);
  }
  void find_first_timer() {
    const auto earlier = [](const Entry& a, const Entry& b) { return a.before(b); };
    first_timer_ = static_cast<std::size_t>(std::min_element(timers_.begin(), timers_.end(), earlier) - timers_.begin());
  }

  Slot& slot(std::uint32_t number) { return (*blocks_[number / kBlock])[number % kBlock]; }
  std::uint32_t take_slot() {
    if (free_.empty()) {
      const auto first = static_cast<std::uint32_t>(blocks_.size() * kBlock);
      blocks_.push_back(std::make_unique<std::array<Slot, kBlock>>());
      for (std::uint32_t i = kBlock; i-- > 0;) free_.push_back(first + i);
    }
    const std::uint32_t number = free_.back();
    free_.pop_back();
    return number;
  }
  void push(const Entry& entry) {
    std::size_t hole = heap_.size();
    heap_.push_back(entry);
    while (hole > 0 && entry.before(heap_[(hole - 1) / kFan])) {
      heap_[hole] = heap_[(hole - 1) / kFan];
      hole = (hole - 1) / kFan;
    }
    heap_[hole] = entry;
  }
  void pop() {
    const Entry last = heap_.back();
    heap_.pop_back();
    if (heap_.empty()) return;
    std::size_t hole = 0;
    for (std::size_t child = 1; child < heap_.size(); child = kFan * hole + 1) {
      const std::size_t end = std::min(child + kFan, heap_.size());
      std::size_t least = child;
      while (++child < end) {
        if (heap_[child].before(heap_[least])) least = child;
      }
      if (!heap_[least].before(last)) break;
      heap_[hole] = heap_[least];
      hole = least;
    }
    heap_[hole] = last;
  }

  std::vector<Entry> timers_;  // their slots mean nothing
  std::size_t first_timer_ = 0;
  std::function<void(std::size_t)> on_timer_;
  std::vector<Entry> heap_;
  std::vector<std::unique_ptr<std::array<Slot, kBlock>>> blocks_;
  std::vector<std::uint32_t> free_;
  TimePoint now_{};
  std::uint64_t planned_ = 0;
};

}  // namespace fluxpg::simulation
