#include "supervisor/runtime/clocks.hpp"

#include <ctime>

namespace fluxpg::runtime {

namespace {

Duration read(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return std::chrono::seconds(t.tv_sec) + Duration(t.tv_nsec);
}

}  // namespace

Now read_clocks() { return {TimePoint(read(CLOCK_BOOTTIME)), SteadyPoint(read(CLOCK_MONOTONIC)), WallPoint(read(CLOCK_REALTIME))}; }

}  // namespace fluxpg::runtime
