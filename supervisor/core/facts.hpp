// From what the world shows to the planner's input: who sits where, how long silent, listed or not.
#pragma once

#include "supervisor/core/collector.hpp"
#include "supervisor/core/learner_watch.hpp"
#include "supervisor/core/plan.hpp"
#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

// As seen by this node; only the remover carries out what follows from it. A node without a seat counts itself among the newcomers.
PlanInput gather(const Now& now, const World& world, const LearnerWatch& learner, const Collector& ballots);
SeatFacts seat_facts(const Now& now, const World& world, const etcd::Member& member);
// Of the voters, ourselves counted: by gossip, or by the answers of their etcds, for a closed gossip port cuts nobody off.
bool hears_majority(const Now& now, const World& world);
// Evictions of voters that are not yet made good by a promotion, from the history (newest first).
std::uint32_t evictions_open(const std::vector<record::Record>& history);

}  // namespace fluxpg::supervisor
