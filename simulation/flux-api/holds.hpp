// Connections that are kept waiting on purpose: bounded in number and in time, and all released at the end.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "base/time.hpp"

namespace fluxpg::flux_api {

class Holds {
 public:
  struct Hold {
    std::uint64_t number = 0;
    std::chrono::steady_clock::time_point until;
  };

  Holds(std::uint64_t most, Duration longest) : most_(most), longest_(longest) {}

  // If more than `most` have begun since, the oldest is let go: a client that gave up cannot be noticed while nothing is written to it.
  Hold begin() {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
    return {begun_++, std::chrono::steady_clock::now() + longest_};
  }

  // Waits for `duration`; false if the connection is to be let go instead.
  bool wait(const Hold& hold, Duration duration) {
    std::unique_lock lock(mutex_);
    const auto until = std::min(hold.until, std::chrono::steady_clock::now() + duration);
    const bool let_go = changed_.wait_until(lock, until, [&] { return ended_ || hold.number + most_ < begun_; });
    return !let_go && until < hold.until;
  }

  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

 private:
  const std::uint64_t most_;
  const Duration longest_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t begun_ = 0;
  bool ended_ = false;
};

}  // namespace fluxpg::flux_api
