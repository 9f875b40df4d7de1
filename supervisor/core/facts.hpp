// From what the world shows to the planner's input: who sits where, how long silent, listed or not.
#pragma once

#include "supervisor/core/collector.hpp"
#include "supervisor/core/plan.hpp"
#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

// Learners whose own etcd has just said that it caught up.
struct LearnerSeen {
  MemberId member;
  TimePoint at{};
  std::uint64_t applied_index = 0;
};

PlanInput gather(const Now& now, const World& world, const LearnerSeen& learner, const Collector& ballots);
SeatFacts seat_facts(const Now& now, const World& world, const etcd::Member& member);
// Evictions of voters that are not yet made good by a promotion, from the history (newest first).
std::uint32_t evictions_open(const std::vector<record::Record>& history);

}  // namespace fluxpg::supervisor
