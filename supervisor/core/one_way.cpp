#include "supervisor/core/one_way.hpp"

#include <algorithm>

namespace fluxpg::supervisor {

using gossip::LinkState;

namespace {

constexpr Duration kSpeaks = seconds(5);
constexpr Duration kLasts = seconds(10);
constexpr Duration kLookEvery = seconds(1);
constexpr std::size_t kMost = 4096;

bool is_bad(const gossip::Node& gossip, const NodeId& from, const NodeId& to) {
  const auto row = gossip.links().find(from);
  if (row == gossip.links().end()) return false;
  const auto link = row->second.to.find(to);
  return link != row->second.to.end() && link->second.state != LinkState::kOk && link->second.state != LinkState::kUnknown;
}

}  // namespace

void OneWay::pinged(TimePoint now, const NodeId& from) {
  if (pinged_.size() < kMost || pinged_.count(from) > 0) pinged_[from] = now;
}

void OneWay::note(TimePoint now, const NodeId& id, bool one_way) {
  if (!one_way) since_.erase(id);
  if (one_way) since_.emplace(id, now);
}

void OneWay::look(TimePoint now, const gossip::Node& gossip) {
  if (now < next_look_) return;
  next_look_ = now + kLookEvery;
  std::erase_if(pinged_, [now](const auto& entry) { return now - entry.second > kSpeaks; });
  const NodeId self = gossip.self().id;
  std::size_t others = 0;
  std::size_t without_us = 0;
  for (const auto& [id, member] : gossip.members()) {
    const bool speaks = pinged_.count(id) > 0;
    note(now, id, speaks && is_bad(gossip, self, id));
    if (member.state != gossip::State::kAlive || is_bad(gossip, self, id)) continue;
    ++others;
    if (is_bad(gossip, id, self)) ++without_us;
  }
  std::erase_if(since_, [&](const auto& entry) { return entry.first != self && gossip.members().count(entry.first) == 0; });
  note(now, self, others > 0 && without_us == others);
}

std::vector<std::string> OneWay::problems(TimePoint now, const gossip::Node& gossip) const {
  std::vector<std::string> result;
  for (const auto& [id, since] : since_) {
    if (now - since < kLasts) continue;
    const bool own = id == gossip.self().id;
    const gossip::NodeInfo& info = own ? gossip.self() : gossip.members().at(id).info;
    const std::string port =
        "the gossip port of " + (own ? std::string("this node") : info.name) + " (" + to_text(info.gossip_endpoint()) + ")";
    result.push_back(port + (own ? " is reached by none of the others" : " is not reached from here") + ", although " +
                     (own ? "they" : "it") + (own ? " answer" : " speaks to this node") +
                     ": is the port open from outside, and is the address right?");
  }
  return result;
}

}  // namespace fluxpg::supervisor
