// Who is what in our eyes: news applied, accusations weighed, the dead given up.
#include <algorithm>

#include "base/guard.hpp"
#include "gossip/core/impl.hpp"
#include "gossip/core/precedence.hpp"

namespace fluxpg::gossip {

MemberView* Node::Impl::find(const NodeId& id) {
  const auto it = members_.find(id);
  return it == members_.end() ? nullptr : &it->second;
}

std::vector<NodeId> Node::Impl::live_members() const {
  std::vector<NodeId> result;
  for (const auto& [id, member] : members_) {
    if (!is_gone(member.state)) result.push_back(id);
  }
  return result;
}

std::vector<NodeId> Node::Impl::alive_members() const {
  std::vector<NodeId> result;
  for (const auto& [id, member] : members_) {
    if (member.state == State::kAlive) result.push_back(id);
  }
  return result;
}

bool Node::Impl::alive_at(const Endpoint& endpoint) const {
  return std::any_of(members_.begin(), members_.end(),
                     [&](const auto& entry) { return entry.second.state == State::kAlive && entry.second.info.listens_at(endpoint); });
}

bool Node::Impl::heard_since(const MemberView& member, TimePoint when) const {
  return std::max(member.last_answer, member.last_indirect) > when;
}

// Half of its time a tombstone is passed on, then only kept: else those who have forgotten it would learn it anew from those who have not,
// for ever.
bool Node::Impl::old_tombstone(const MemberView& member) const {
  return is_gone(member.state) && now_.boot - member.since >= config_.forget_after / 2;
}

bool Node::Impl::apply(const Rumor& rumor) {
  if (rumor.info && (rumor.info->id != rumor.id || rumor.info->incarnation != rumor.incarnation)) return true;  // nonsense: dropped
  if (rumor.id == self_.id) {
    about_ourselves(rumor);
    return true;
  }
  MemberView* const member = find(rumor.id);
  if (member == nullptr) {
    if (rumor.info) meet(rumor);
    return rumor.info.has_value();
  }
  const News news = compare(member->info.incarnation, member->state, rumor.incarnation, rumor.state);
  const bool hearsay = !holds(Guard::kOnlySubjectRefutes) && rumor.state == State::kAlive && rumor.info;
  if (rumor.incarnation > member->info.incarnation || hearsay) {
    if (!rumor.info) return false;
    renew(*member, rumor);
  } else if (rumor.incarnation == member->info.incarnation && rumor.info && !member->info.listens_at(rumor.info->gossip_endpoint())) {
    conflict(rumor.id, rumor.info->gossip_endpoint());
    return true;
  }
  if (news != News::kOld && rumor.state != State::kAlive) hear_accusation(*member, rumor);
  return true;
}

// Only the subject refutes. A higher incarnation than ours is an earlier life of ours whose end we do not remember.
void Node::Impl::about_ourselves(const Rumor& rumor) {
  if (rumor.incarnation < self_.incarnation || !holds(Guard::kSelfDefence)) return;
  const bool same_life = rumor.incarnation == self_.incarnation && rumor.state == State::kAlive;
  if (same_life && (!rumor.info || *rumor.info == self_)) return;
  if (same_life && rumor.info->gossip_endpoint() != self_.gossip_endpoint()) {
    conflict(self_.id, rumor.info->gossip_endpoint());
    return;
  }
  raise_incarnation(Incarnation{rumor.incarnation.value + 1});
}

void Node::Impl::raise_incarnation(Incarnation to) {
  self_.incarnation = to;
  if (to > reserved_) {
    reserved_ = Incarnation{to.value + kIncarnationBlock};
    effects_.push_back(ReserveIncarnations{reserved_});
  }
  spread(Rumor{self_.id, to, State::kAlive, NodeId{}, self_}, true);
}

void Node::Impl::meet(const Rumor& rumor) {
  if (!make_room()) return;
  ++version_;
  MemberView& member = members_[rumor.id];
  member.info = *rumor.info;
  member.since = now_.boot;
  effects_.push_back(StateChanged{rumor.id, State::kAlive, State::kAlive, "joined"});
  if (is_gone(rumor.state)) {
    change(member, rumor.info->leaving ? State::kLeft : State::kDead, "gone before we met");
    return;
  }
  spread(Rumor{rumor.id, rumor.incarnation, State::kAlive, NodeId{}, rumor.info}, false);
  probe(rumor.id);
  if (rumor.state == State::kSuspect) hear_accusation(member, rumor);
}

// A live member is never dropped for a new one; the longest-gone is.
bool Node::Impl::make_room() {
  if (members_.size() < config_.max_members) return true;
  const auto oldest = std::min_element(members_.begin(), members_.end(), [](const auto& a, const auto& b) {
    return std::pair(!is_gone(a.second.state), a.second.since) < std::pair(!is_gone(b.second.state), b.second.since);
  });
  if (!is_gone(oldest->second.state)) return false;
  const NodeId id = oldest->first;
  ++version_;
  members_.erase(id);
  links_.forget(id);
  rumors_.forget(id);
  return true;
}

// A newer incarnation, made by the subject itself: whatever was held against the older one is void.
void Node::Impl::renew(MemberView& member, const Rumor& rumor) {
  const bool moved = member.info.gossip_endpoint() != rumor.info->gossip_endpoint();
  const bool was_gone = is_gone(member.state);
  ++version_;
  member.info = *rumor.info;
  suspicions_.erase(rumor.id);
  member.accusers.clear();
  if (moved) {
    member.rtt = Duration{};
    next_seed_ = std::min(next_seed_, now_.boot + config_.seed_period);
  }
  if (member.state != State::kAlive) change(member, State::kAlive, was_gone ? "returned" : "refuted");
  spread(Rumor{rumor.id, rumor.incarnation, State::kAlive, NodeId{}, rumor.info}, false);
  if (moved || was_gone) probe(rumor.id);
}

void Node::Impl::hear_accusation(MemberView& member, const Rumor& rumor) {
  if (is_gone(member.state) || rumor.accuser == self_.id) return;
  suspect(member, "accused by " + short_text(rumor.accuser));
  Suspicion& suspicion = suspicions_.at(rumor.id);
  const bool new_accuser = std::find(member.accusers.begin(), member.accusers.end(), rumor.accuser) == member.accusers.end();
  if (new_accuser && rumor.accuser && member.accusers.size() <= config_.confirmations) {
    member.accusers.push_back(rumor.accuser);
    spread(Rumor{rumor.id, rumor.incarnation, State::kSuspect, rumor.accuser, {}}, false);
  }
  if (is_gone(rumor.state)) suspicion.called_dead = true;
  const bool ours = std::find(member.accusers.begin(), member.accusers.end(), self_.id) != member.accusers.end();
  if (suspicion.called_dead && ours && !heard_since(member, suspicion.started)) {
    give_up(member);
  } else {
    probe(rumor.id);
  }
}

// Our own accusation, after our own probe or a refused connection.
void Node::Impl::accuse(const NodeId& id, const std::string& why) {
  MemberView& member = members_.at(id);
  if (is_gone(member.state)) return;
  suspect(member, why);
  Suspicion& suspicion = suspicions_.at(id);
  if (std::find(member.accusers.begin(), member.accusers.end(), self_.id) != member.accusers.end()) return;
  member.accusers.push_back(self_.id);
  suspicion.not_before = now_.boot;
  spread(Rumor{id, member.info.incarnation, State::kSuspect, self_.id, {}}, true);
  if (suspicion.called_dead && !heard_since(member, suspicion.started)) give_up(member);
}

void Node::Impl::suspect(MemberView& member, const std::string& why) {
  if (member.state != State::kAlive) return;
  suspicions_[member.info.id] = Suspicion{now_.boot, now_.boot};
  change(member, State::kSuspect, why);
}

void Node::Impl::give_up(MemberView& member) {
  const NodeId id = member.info.id;
  suspicions_.erase(id);
  if (links_.state(id) != LinkState::kRefused) links_.set(id, LinkState::kCut);
  change(member, member.info.leaving ? State::kLeft : State::kDead, "not refuted, " + std::to_string(member.accusers.size()) + " accusers");
  spread(Rumor{id, member.info.incarnation, member.state, self_.id, {}}, true);
}

void Node::Impl::change(MemberView& member, State to, const std::string& why) {
  ++version_;
  effects_.push_back(StateChanged{member.info.id, member.state, to, why});
  member.state = to;
  member.since = now_.boot;
  if (to != State::kAlive) next_seed_ = std::min(next_seed_, now_.boot + config_.seed_period);
  if (is_gone(to)) next_revive_ = std::min(next_revive_, now_.boot + config_.revive_period);
}

void Node::Impl::spread(Rumor rumor, bool urgent) {
  rumors_.add(rumor);
  if (urgent) urgent_.push_back(std::move(rumor));
}

// Those whom the news is about come first: they have the most to say to it.
void Node::Impl::flush_urgent() {
  if (urgent_.empty()) return;
  std::vector<NodeId> receivers;
  std::vector<NodeId> live = live_members();
  for (const Rumor& rumor : urgent_) {
    if (std::binary_search(live.begin(), live.end(), rumor.id)) receivers.push_back(rumor.id);
  }
  for (const NodeId& id : shuffled(std::move(live), random_)) {
    if (receivers.size() >= config_.urgent_fanout) break;
    if (std::find(receivers.begin(), receivers.end(), id) == receivers.end()) receivers.push_back(id);
  }
  const Sync news{self_.id, false, std::exchange(urgent_, {}), {}};
  for (const NodeId& id : receivers) send(members_.at(id).info.gossip_endpoint(), news);
}

void Node::Impl::conflict(const NodeId& id, const Endpoint& other) {
  const auto known = conflicts_.find({id, other});
  if (known == conflicts_.end() ? conflicts_.size() >= kMaxConflicts : now_.boot < known->second + kConflictAgain) return;
  conflicts_[{id, other}] = now_.boot;
  effects_.push_back(IdentityConflict{id, other});
}

}  // namespace fluxpg::gossip
