#include "supervisor/core/copies.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/guard.hpp"

namespace fluxpg::supervisor {

using gossip::DataState;
using gossip::NodeInfo;
using verdict::DatabaseCopy;

namespace {

std::string described(const NodeInfo& info) { return info.name + " (" + info.address + ")"; }

bool is_known(const NodeInfo& info) { return !info.system_id.empty() && info.timeline != 0; }

auto place(const NodeInfo& info) { return std::tuple(info.timeline, info.lsn); }
auto place(const DatabaseCopy& copy) { return std::tuple(copy.timeline, copy.lsn); }

}  // namespace

Copies copies_among(const std::vector<const NodeInfo*>& nodes) {
  Copies result;
  std::map<std::string, std::vector<std::string>> holders;  // by the system identifier
  for (const NodeInfo* info : nodes) {
    if (info->data != DataState::kOnlyPostgres) continue;
    if (!is_known(*info) && holds(Guard::kCopyIsKnown)) {
      result.obstacles.push_back(described(*info) + " to say how far its PostgreSQL data goes: it cannot be read, or PostgreSQL runs");
      continue;
    }
    holders[info->system_id].push_back(described(*info));
    const bool further = !result.furthest || (place(*info) > place(*result.furthest) && holds(Guard::kFurthestLeads));
    if (further) result.furthest = DatabaseCopy{info->system_id, info->id, info->timeline, info->lsn};
  }
  if (holders.size() > 1 && holds(Guard::kOneDatabaseKept)) {
    std::string text = "one database:";
    for (const auto& [system_id, names] : holders) {
      text += (text.back() == ':' ? " " : ", ") + enumerated(names) + (names.size() == 1 ? " holds " : " hold ") + system_id;
    }
    result.obstacles.push_back(text + "; which is to be kept only you can say: `fluxpgctl found --without ADDRESS` for the other");
  }
  if (!result.obstacles.empty()) result.furthest.reset();
  return result;
}

bool agrees(const NodeInfo& own, const verdict::FoundingPlan& plan) {
  const auto& database = plan.database;
  const bool leads = database && database->node == own.id;
  if (own.data != DataState::kOnlyPostgres) return !leads;
  if (!database || !is_known(own) || own.system_id != database->system_id) return false;
  return leads ? place(own) == place(*database) : place(own) <= place(*database);
}

// Once the first one has no seat any more it was agreed to be gone: of those that live, the furthest is the next.
bool leads_database(const World& world, const DatabaseCopy& first) {
  if (first.node == world.self() || !holds(Guard::kFirstStartsAlone)) return true;
  const auto seat_of_first = [&](const etcd::Member& member) {
    const NodeId node = world.node_of(member.id);
    return !node || node == first.node;
  };
  const auto& members = world.view.list().members;
  if (std::any_of(members.begin(), members.end(), seat_of_first)) return false;
  const NodeInfo& own = world.gossip.self();
  if (own.system_id != first.system_id || own.timeline == 0) return false;
  const auto& others = world.gossip.members();
  return std::none_of(others.begin(), others.end(), [&](const auto& entry) {
    const NodeInfo& info = entry.second.info;
    if (!world.alive(entry.first) || info.system_id != first.system_id) return false;
    return place(info) > place(own) || (place(info) == place(own) && info.id < own.id);
  });
}

}  // namespace fluxpg::supervisor
