// Time as a value: cores receive it as an argument and cannot read a clock, because these clock types have no now().
#pragma once

#include <chrono>
#include <cstdint>

namespace fluxpg {

using Duration = std::chrono::nanoseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace detail {
template <class Tag>
struct ClockWithoutNow {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<ClockWithoutNow>;
  static constexpr bool is_steady = false;
};
}  // namespace detail

// CLOCK_BOOTTIME: goes on while the machine is suspended. Every age and every deadline of the protocol is measured on it.
using TimePoint = detail::ClockWithoutNow<struct BootTag>::time_point;
// CLOCK_MONOTONIC: stands still while the machine is suspended. Only used to notice the suspension.
using SteadyPoint = detail::ClockWithoutNow<struct SteadyTag>::time_point;
// CLOCK_REALTIME: may jump. Only used to write dates for people and to notice the jump.
using WallPoint = detail::ClockWithoutNow<struct WallTag>::time_point;

// The three clocks, read together.
struct Now {
  TimePoint boot;
  SteadyPoint steady;
  WallPoint wall;
};

constexpr TimePoint kNever = TimePoint::max();

inline std::int64_t to_ms(Duration d) { return std::chrono::duration_cast<milliseconds>(d).count(); }
inline double to_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
inline std::int64_t unix_ms(WallPoint p) { return to_ms(p.time_since_epoch()); }
inline WallPoint wall_from_unix_ms(std::int64_t ms) { return WallPoint(milliseconds(ms)); }

}  // namespace fluxpg
