#include "supervisor/core/stranger.hpp"

#include <algorithm>

#include "base/guard.hpp"

namespace fluxpg::supervisor {

namespace {
constexpr Duration kAskedFor = seconds(25);  // after our start: until then every living daemon was asked twice whether its etcd works
constexpr Duration kServing = seconds(25);
}  // namespace

std::vector<const gossip::NodeInfo*> strangers(const World& world) {
  std::vector<const gossip::NodeInfo*> result;
  if (!world.persistent.chosen || !world.persistent.cluster) return result;
  for (const auto& [id, member] : world.gossip.members()) {
    const ClusterId theirs = member.info.cluster;
    if (member.state == gossip::State::kAlive && theirs && theirs != world.persistent.cluster) result.push_back(&member.info);
  }
  return result;
}

bool was_given_up_here(const Persistent& persistent, ClusterId cluster) {
  return persistent.recovery && persistent.recovery->given_up.cluster == cluster;
}

bool says_that_its_etcd_works(const Now& now, const World& world, const NodeId& node) {
  return now.boot - world.vouchers.last(node, TimePoint{}) < kServing;
}

std::string outnumbered(const Now& now, const World& world) {
  if (!holds(Guard::kOutnumberedStaysDown)) return "";
  const auto others = strangers(world);
  const auto& members = world.gossip.members();
  const auto ours = 1 + std::count_if(members.begin(), members.end(), [&world](const auto& entry) {
                      return entry.second.state == gossip::State::kAlive && entry.second.info.cluster == world.persistent.cluster;
                    });
  const auto serving = std::count_if(others.begin(), others.end(), [&](const gossip::NodeInfo* info) {
    if (was_given_up_here(world.persistent, info->cluster)) return false;
    return now.boot - world.started < kAskedFor || says_that_its_etcd_works(now, world, info->id);
  });
  if (serving <= ours) return "";
  return std::to_string(serving) + " nodes (" + others.front()->name + " …) serve etcd cluster " + to_text(others.front()->cluster) +
         ", and this node's data is of cluster " + to_text(world.persistent.cluster) +
         ": nothing is changed, and etcd and PostgreSQL stay down here";
}

}  // namespace fluxpg::supervisor
