// Which copies of PostgreSQL's data outlived etcd's, and whose goes furthest: a cluster founded over them keeps their database (HOLES H31).
//
// "Furthest" is (timeline, end of the log on disk), which holds also of a PostgreSQL that was killed: its last checkpoint would be older.
// Each node tells its own while its PostgreSQL is stopped, so that nobody compares what still moves.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

struct Copies {
  std::optional<verdict::DatabaseCopy> furthest;  // of equals that of the lowest id; nullopt: nobody holds any, or `obstacles`
  std::vector<std::string> obstacles;             // what a founding waits for, one sentence each
};

Copies copies_among(const std::vector<const gossip::NodeInfo*>& nodes);
// Whether what lies on a node's disk is what a plan that it promised was made of.
bool agrees(const gossip::NodeInfo& own, const verdict::FoundingPlan& plan);
// Whether our PostgreSQL may be the first to start in a cluster that was founded over `first`.
bool leads_database(const World& world, const verdict::DatabaseCopy& first);

}  // namespace fluxpg::supervisor
