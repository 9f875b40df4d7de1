// What happens by itself: probes and their second tries, verdicts on suspects, syncs, and knocking where somebody might be.
#include <algorithm>

#include "gossip/core/impl.hpp"
#include "gossip/core/precedence.hpp"

namespace fluxpg::gossip {

void Node::Impl::run_timers() {
  run_probes();
  run_suspicions();
  if (next_probe_ <= now_.boot) {
    next_probe_ = now_.boot + config_.probe_period;
    for (const NodeId& id : round_.next(live_members(), config_.probes_at_once, random_)) probe(id);
    // A suspect is asked every period: each question carries the accusation, each answer may carry the refutation.
    for (const auto& [id, suspicion] : suspicions_) probe(id);
  }
  if (next_seed_ <= now_.boot) knock_at_seeds();
  if (next_sync_ <= now_.boot) {
    next_sync_ = now_.boot + config_.sync_period;
    const std::vector<NodeId> peers = shuffled(alive_members(), random_);
    if (!peers.empty()) send(members_.at(peers.front()).info.gossip_endpoint(), question());
  }
  if (next_revive_ <= now_.boot) {
    knock_at_gone();
    forget_old();
    const bool any_gone = std::any_of(members_.begin(), members_.end(), [](const auto& entry) { return is_gone(entry.second.state); });
    next_revive_ = any_gone ? now_.boot + config_.revive_period : kNever;
  }
}

void Node::Impl::run_probes() {
  for (const Nonce& nonce : probes_.due(now_.boot)) {
    Probe& open = *probes_.find(nonce);
    const Probe probe = open;
    const MemberView* member = find(probe.target);
    if (probe.kind != Probe::Kind::kMember || member == nullptr || is_gone(member->state)) {
      probes_.erase(nonce);
    } else if (!probe.second_try) {
      open.second_try = true;
      open.excused = false;
      open.deadline = now_.boot + probe_timeout(config_, member->rtt, health_.level());
      send_ping(nonce, probe);
      ask_others(nonce, probe);
    } else {
      probes_.erase(nonce);
      const LinkState link = links_.state(probe.target);
      if (link != LinkState::kRefused) {
        links_.set(probe.target,
                   probe.relayed && link != LinkState::kSuspect && link != LinkState::kCut ? LinkState::kSuspect : LinkState::kCut);
      }
      if (!probe.relayed) accuse(probe.target, "no answer to probes");
    }
  }
}

std::size_t Node::Impl::count_alive() const {
  return static_cast<std::size_t>(
      std::count_if(members_.begin(), members_.end(), [](const auto& entry) { return entry.second.state == State::kAlive; }));
}

TimePoint Node::Impl::suspicion_deadline(const NodeId& id, const Suspicion& suspicion, std::size_t alive) const {
  const MemberView& member = members_.at(id);
  const std::size_t confirmations = member.accusers.empty() ? 0 : member.accusers.size() - 1;
  const Duration time = suspicion_time(config_, confirmations_wanted(config_, alive), confirmations, health_.level());
  return std::max(suspicion.started + time, suspicion.not_before);
}

// Time is up for a suspect: it is dead if we ourselves could not hear it. Hearsay alone kills nobody: one stalled or cut-off node
// would take healthy members down with it.
void Node::Impl::run_suspicions() {
  if (suspicions_.empty()) return;
  std::vector<NodeId> due;
  const std::size_t alive = count_alive();
  for (const auto& [id, suspicion] : suspicions_) {
    if (suspicion_deadline(id, suspicion, alive) <= now_.boot) due.push_back(id);
  }
  for (const NodeId& id : due) {
    MemberView& member = members_.at(id);
    Suspicion& suspicion = suspicions_.at(id);
    const bool heard = heard_since(member, suspicion.started);
    if (!heard && std::find(member.accusers.begin(), member.accusers.end(), self_.id) != member.accusers.end()) {
      give_up(member);
      continue;
    }
    if (heard) {
      std::erase(member.accusers, self_.id);
      suspicion.started = now_.boot;
      suspicion.called_dead = false;
    }
    suspicion.not_before = now_.boot + config_.probe_period;
    probe(id);
  }
}

void Node::Impl::knock_at_seeds() {
  const auto stranger = [this](const Endpoint& seed) { return !self_.listens_at(seed) && !alive_at(seed); };
  next_seed_ = std::any_of(seeds_.begin(), seeds_.end(), stranger) ? now_.boot + config_.seed_period : kNever;
  if (next_seed_ == kNever) return;
  const std::size_t count = std::min(seeds_.size(), config_.max_knocks);
  for (std::size_t i = 0; i < count; ++i) {
    const Endpoint& seed = seeds_[seed_turn_++ % seeds_.size()];
    if (stranger(seed)) knock(seed, NodeId{});
  }
}

void Node::Impl::knock_at_gone() {
  std::vector<NodeId> gone;
  for (const auto& [id, member] : members_) {
    if (is_gone(member.state)) gone.push_back(id);
  }
  const std::size_t count = std::min(gone.size(), config_.max_knocks);
  for (std::size_t i = 0; i < count; ++i) {
    const NodeId& id = gone[gone_turn_++ % gone.size()];
    const Endpoint endpoint = members_.at(id).info.gossip_endpoint();
    if (!alive_at(endpoint)) knock(endpoint, id);
  }
}

void Node::Impl::forget_old() {
  std::vector<NodeId> old;
  for (const auto& [id, member] : members_) {
    if (is_gone(member.state) && now_.boot - member.since >= config_.forget_after) old.push_back(id);
  }
  for (const NodeId& id : old) {
    ++version_;
    members_.erase(id);
    links_.forget(id);
    rumors_.forget(id);
  }
}

void Node::Impl::probe(const NodeId& id) {
  if (!probes_.asks(id)) ask_member(id, false);
}

void Node::Impl::ask_member(const NodeId& id, bool wants_statement) {
  const MemberView& member = members_.at(id);
  Probe probe;
  probe.kind = is_gone(member.state) ? Probe::Kind::kKnock : Probe::Kind::kMember;
  probe.target = id;
  probe.endpoint = member.info.gossip_endpoint();
  probe.sent = now_.boot;
  probe.deadline = now_.boot + probe_timeout(config_, member.rtt, health_.level());
  probe.wants_statement = wants_statement;
  const Nonce nonce = random_.nonce();
  if (probes_.add(nonce, probe)) send_ping(nonce, probe);
}

void Node::Impl::knock(const Endpoint& endpoint, const NodeId& id) {
  Probe probe;
  probe.kind = Probe::Kind::kKnock;
  probe.target = id;
  probe.endpoint = endpoint;
  probe.sent = now_.boot;
  probe.deadline = now_.boot + config_.seed_period + probe_timeout(config_, Duration{}, health_.level());
  const Nonce nonce = random_.nonce();
  if (probes_.add(nonce, probe)) send_ping(nonce, probe);
}

void Node::Impl::ask_others(const Nonce& nonce, const Probe& probe) {
  std::vector<NodeId> helpers = alive_members();
  std::erase(helpers, probe.target);
  std::vector<NodeId> chosen = shuffled(std::move(helpers), random_);
  if (chosen.size() > config_.indirect_probes) chosen.resize(config_.indirect_probes);
  for (const NodeId& id : chosen) {
    send(members_.at(id).info.gossip_endpoint(), IndirectPing{nonce, self_.id, probe.target, probe.endpoint});
  }
}

void Node::Impl::send_ping(const Nonce& nonce, const Probe& probe) {
  Ping ping{nonce, self_.id, self_.incarnation, self_.gossip_endpoint(), probe.wants_statement, {}, {}};
  ping.rumors = news_for(probe.target);
  ping.links = rows_for(probe.target);
  send(probe.endpoint, std::move(ping));
}

TimePoint Node::Impl::first_deadline() const {
  TimePoint first = std::min({next_probe_, next_sync_, next_seed_, next_revive_, probes_.next_deadline()});
  if (suspicions_.empty()) return first;
  const std::size_t alive = count_alive();
  for (const auto& [id, suspicion] : suspicions_) first = std::min(first, suspicion_deadline(id, suspicion, alive));
  return first;
}

}  // namespace fluxpg::gossip
