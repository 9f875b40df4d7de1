#include "gossip/net/routes.hpp"

namespace fluxpg::net {

gossip::Route Routes::number(const Way& way) {
  if (const auto known = by_way_.find(way); known != by_way_.end()) {
    by_use_.splice(by_use_.begin(), by_use_, known->second);
    return known->second->first;
  }
  if (by_use_.size() >= limit_) forget(by_use_.back().first);
  by_use_.emplace_front(gossip::Route{++last_}, way);
  by_way_[way] = by_use_.begin();
  by_number_[by_use_.front().first] = by_use_.begin();
  return by_use_.front().first;
}

const Way* Routes::find(gossip::Route route) const {
  const auto known = by_number_.find(route);
  return known == by_number_.end() ? nullptr : &known->second->second;
}

void Routes::forget(gossip::Route route) {
  const auto known = by_number_.find(route);
  if (known == by_number_.end()) return;
  by_way_.erase(known->second->second);
  by_use_.erase(known->second);
  by_number_.erase(known);
}

}  // namespace fluxpg::net
