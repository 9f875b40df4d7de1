// What every part of the agent may look at while it decides: read-only, assembled anew for each input.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "base/signing.hpp"
#include "discovery/listing.hpp"
#include "gossip/core/node.hpp"
#include "supervisor/core/agent.hpp"
#include "supervisor/core/etcd_view.hpp"

namespace fluxpg::supervisor {

// When each node's etcd was last known to work: by its daemon's signed word, or because it answered us itself.
class Vouchers {
 public:
  void note(const NodeId& node, TimePoint at) { at_[node] = at; }
  void answered(const NodeId& node, TimePoint at) { at_[node] = answered_[node] = at; }
  // When its etcd itself last answered us; TimePoint{}: never.
  TimePoint last_answer(const NodeId& node) const {
    const auto found = answered_.find(node);
    return found == answered_.end() ? TimePoint{} : found->second;
  }
  // Since our own start if it never was: silence before that is not held against anybody.
  TimePoint last(const NodeId& node, TimePoint started) const {
    const auto found = at_.find(node);
    return found == at_.end() ? started : found->second;
  }

  void died(const NodeId& node, TimePoint at) { died_[node] = at; }
  // A daemon that was away, or is met for the first time, has not been unable to vouch all that while: its etcd has to start first.
  // One that only restarts over and over gets no such grace (HOLES H13).
  void returned(const NodeId& node, TimePoint at) {
    const auto died = died_.find(node);
    if (died == died_.end() || at - died->second >= minutes(1)) back_[node] = at;
  }
  // Since when a living daemon has been unable to vouch for its etcd.
  TimePoint silent_since(const NodeId& node, TimePoint started) const {
    const auto back = back_.find(node);
    return back == back_.end() ? last(node, started) : std::max(back->second, last(node, started));
  }

 private:
  std::map<NodeId, TimePoint> at_;
  std::map<NodeId, TimePoint> answered_;
  std::map<NodeId, TimePoint> died_;
  std::map<NodeId, TimePoint> back_;
};

struct World {
  const AgentConfig& config;
  const Signing& signing;
  const gossip::Node& gossip;
  const discovery::Listing& listing;
  const EtcdView& view;
  const Persistent& persistent;
  const Vouchers& vouchers;
  const std::map<MemberId, TimePoint>& unclaimed_since;  // members that no living node claims
  TimePoint started;
  std::uint32_t instances = 0;  // 0: unknown
  std::string unwell;           // why our own judgement cannot be trusted just now; empty: well
  bool stopping = false;
  TimePoint majority_heard_since{};  // of the voters, ourselves counted; kNever: we are cut off, or they are gone

  const NodeId& self() const { return gossip.self().id; }
  // nullptr for ourselves and for nodes never heard of.
  const gossip::MemberView* heard(const NodeId& node) const;
  const gossip::NodeInfo* info(const NodeId& node) const;  // ourselves included
  bool alive(const NodeId& node) const;                    // alive or only suspected; ourselves: always
  // Gossip holds it dead, and yet its etcd has answered us since: only its daemon is gone, or unreachable.
  bool only_gossip_misses(const Now& now, const NodeId& node) const;
  std::vector<const gossip::NodeInfo*> with_etcd() const;  // alive, not suspected, and a member of some cluster: its etcd can be asked
  NodeId node_of(MemberId member) const;                   // by etcd's own record; zero if none
  MemberId own_member() const;                             // in the list as voter or learner; zero if not
  std::string name_of(MemberId member) const;
  std::map<MemberId, std::string> names() const;
  std::string name_of(const NodeId& node) const;
  std::string address_of(const NodeId& node) const;  // from gossip, else as etcd recorded it; empty: unknown
  discovery::Presence presence(const Now& now, const NodeId& node) const;
  std::string describe_presence(const Now& now, const NodeId& node) const;
  // A living newcomer that answers first-hand where this dead one was: whoever is listed there is not the dead one. nullptr if there is
  // none.
  const gossip::NodeInfo* successor(const Now& now, const NodeId& node) const;
  std::string peer_url(const gossip::NodeInfo& info) const;
  std::string client_url(const gossip::NodeInfo& info) const;
  static EtcdTarget etcd_of(const gossip::NodeInfo& info);
  // Where a member's etcd is asked; of a node that gossip never heard of, where it was when it joined. nullopt: nobody knows.
  std::optional<EtcdTarget> etcd_of(MemberId member, const NodeId& node) const;
};

}  // namespace fluxpg::supervisor
