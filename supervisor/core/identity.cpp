#include "supervisor/core/identity.hpp"

namespace fluxpg::supervisor {

namespace {
constexpr Duration kForgotten = seconds(60);
constexpr Duration kLasts = seconds(4);  // a message of a node that has just moved away may still be on its way
constexpr std::size_t kMax = 64;
}  // namespace

bool Identities::heard(TimePoint now, const NodeId& id, const Endpoint& other, bool own, const Endpoint& known) {
  copied_ = copied_ || own;
  auto found = conflicts_.find(id);
  if (found != conflicts_.end() && now - found->second.last < kForgotten) {
    found->second.last = now;
    return false;
  }
  if (found == conflicts_.end() && conflicts_.size() >= kMax) return false;
  const std::string text = own ? to_text(other) + " answers with this node's id: is a copy of its volume running there?"
                               : "two nodes speak with one identity (" + short_text(id) + "), at " + to_text(known) + " and at " +
                                     to_text(other) + ": is a copy of a volume running?";
  conflicts_[id] = {text, now, now, own};
  return true;
}

bool Identities::shown(const Conflict& conflict, TimePoint now) const {
  if (conflict.own && keeps_etcd_down()) return true;
  return now - conflict.last < kForgotten && (conflict.own || conflict.last - conflict.first >= kLasts);
}

std::vector<std::string> Identities::problems(TimePoint now) const {
  std::vector<std::string> result;
  for (const auto& [id, conflict] : conflicts_) {
    if (shown(conflict, now)) result.push_back(conflict.text);
  }
  return result;
}

}  // namespace fluxpg::supervisor
