#include "supervisor/core/world.hpp"

#include "base/guard.hpp"
#include "supervisor/core/seat.hpp"

namespace fluxpg::supervisor {

using gossip::State;

namespace {
constexpr Duration kAnswersNow = seconds(10);
constexpr Duration kEtcdAnswersNow = seconds(12);  // asked every 2 s, and some may go wrong
}  // namespace

const gossip::MemberView* World::heard(const NodeId& node) const {
  const auto found = gossip.members().find(node);
  return found == gossip.members().end() ? nullptr : &found->second;
}

const gossip::NodeInfo* World::info(const NodeId& node) const {
  if (node == self()) return &gossip.self();
  const auto* other = heard(node);
  return other == nullptr ? nullptr : &other->info;
}

bool World::alive(const NodeId& node) const {
  if (node == self()) return true;
  const auto* other = heard(node);
  return other != nullptr && (other->state == State::kAlive || other->state == State::kSuspect);
}

bool World::only_gossip_misses(const Now& now, const NodeId& node) const {
  if (alive(node) || !holds(Guard::kEtcdAnswersForItself)) return false;
  const gossip::MemberView* other = heard(node);
  const TimePoint answered = vouchers.last_answer(node);
  return answered != TimePoint{} && now.boot - answered < kEtcdAnswersNow && (other == nullptr || answered > other->since);
}

NodeId World::node_of(MemberId member) const {
  const auto found = view.bindings().find(member);
  return found == view.bindings().end() ? NodeId{} : found->second.node;
}

MemberId World::own_member() const {
  if (!view.own() || !view.has_list()) return MemberId{};
  const MemberId id = view.own()->header.member;
  return view.find(id) == nullptr ? MemberId{} : id;
}

std::string World::name_of(MemberId member) const {
  if (const auto* listed = view.find(member); listed != nullptr && !listed->name.empty()) return listed->name;
  const auto bound = view.bindings().find(member);
  if (bound != view.bindings().end() && !bound->second.name.empty()) return bound->second.name;
  return to_text(member);
}

std::map<MemberId, std::string> World::names() const {
  std::map<MemberId, std::string> result;
  if (!view.has_list()) return result;
  for (const etcd::Member& member : view.list().members) result[member.id] = name_of(member.id);
  return result;
}

std::string World::name_of(const NodeId& node) const {
  const auto* known = info(node);
  return known == nullptr || known->name.empty() ? short_text(node) : known->name;
}

std::string World::address_of(const NodeId& node) const {
  if (const auto* known = info(node); known != nullptr) return known->address;
  for (const auto& [member, binding] : view.bindings()) {
    if (binding.node == node) return binding.address;
  }
  return "";
}

discovery::Presence World::presence(const Now& now, const NodeId& node) const {
  const std::string address = address_of(node);
  if (address.empty()) return discovery::Presence::kUnknown;
  return successor(now, node) != nullptr ? discovery::Presence::kUnlisted : listing.presence(now, address);
}

std::string World::describe_presence(const Now& now, const NodeId& node) const {
  const std::string address = address_of(node);
  if (address.empty()) return "its address is unknown";
  if (const auto* other = successor(now, node))
    return "another node (" + short_text(other->id) + ") lives at its address " + address + " now";
  return listing.describe(now, address);
}

const gossip::NodeInfo* World::successor(const Now& now, const NodeId& node) const {
  // Nobody may have heard of it since all daemons started anew: then etcd has recorded where it was, and all nodes have the same ports.
  const gossip::NodeInfo* dead = info(node);
  const Endpoint place{address_of(node), dead == nullptr ? config.ports.gossip : dead->ports.gossip};
  if (place.address.empty() || alive(node)) return nullptr;
  for (const auto& [id, member] : gossip.members()) {
    const bool answers = member.state == State::kAlive && now.boot - member.last_answer < kAnswersNow;
    // A member of etcd there is at home: then it is the dead one that announced a wrong address.
    if (id != node && answers && !member.info.member && member.info.gossip_endpoint() == place) return &member.info;
  }
  return nullptr;
}

std::vector<const gossip::NodeInfo*> World::with_etcd() const {
  std::vector<const gossip::NodeInfo*> result;
  for (const auto& [id, member] : gossip.members()) {
    if (member.state == State::kAlive && member.info.member && member.info.cluster) result.push_back(&member.info);
  }
  return result;
}

std::string World::peer_url(const gossip::NodeInfo& node) const {
  return "https://" + host_name(node.id) + ":" + std::to_string(node.ports.etcd_peer);
}

std::string World::client_url(const gossip::NodeInfo& node) const {
  return "https://" + host_name(node.id) + ":" + std::to_string(node.ports.etcd_client);
}

EtcdTarget World::etcd_of(const gossip::NodeInfo& node) {
  return {false, Endpoint{node.address, node.ports.etcd_client}, host_name(node.id)};
}

std::optional<EtcdTarget> World::etcd_of(MemberId member, const NodeId& node) const {
  if (const gossip::NodeInfo* known = info(node); known != nullptr) return etcd_of(*known);
  const std::string address = address_of(node);
  if (address.empty()) return std::nullopt;
  const etcd::Member* listed = view.find(member);
  const auto url = listed == nullptr || listed->client_urls.empty() ? std::nullopt : endpoint_of_url(listed->client_urls.front());
  return EtcdTarget{false, {address, url ? url->port : config.ports.etcd_client}, host_name(node)};
}

}  // namespace fluxpg::supervisor
