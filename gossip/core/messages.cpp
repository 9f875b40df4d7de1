// What we answer: first what a message tells is learned, then the answer is made from the newer knowledge.
#include <algorithm>

#include "gossip/core/impl.hpp"
#include "gossip/core/precedence.hpp"

namespace fluxpg::gossip {

void Node::Impl::learn(const std::vector<Rumor>& rumors, const std::vector<LinkRow>& rows, const NodeId& from, Route route) {
  bool complete = true;
  for (const Rumor& rumor : rumors) complete = apply(rumor) && complete;
  for (const LinkRow& row : rows) {
    if (find(row.from) != nullptr) links_.accept(row);
  }
  if (!complete) ask(from, route);
}

void Node::Impl::receive(const Ping& ping, Route route) {
  if (ping.from == self_.id) {
    if (probes_.find(ping.nonce) != nullptr) {  // our own question, come back to us through another name of ours
      probes_.erase(ping.nonce);
      return;
    }
    if (ping.reply_to == self_.gossip_endpoint()) return;  // left over from our earlier life
    conflict(self_.id, ping.reply_to);
  }
  learn(ping.rumors, ping.links, ping.from, route);
  const MemberView* const member = find(ping.from);
  if (member != nullptr) doubt(*member, ping.incarnation, ping.reply_to);
  Ack ack{ping.nonce, self_.id, self_.incarnation, news_for(ping.from), rows_for(ping.from), {}};
  if (ping.wants_statement && statement_source_ != nullptr) ack.statement = statement_source_(statement_context_, now_, ping.nonce);
  send(route, std::move(ack));
  ask_if_newer(ping.from, ping.incarnation, ping.from, route);
}

void Node::Impl::receive(const Ack& ack, Route route) {
  if (ack.from == self_.id) {
    const Probe* const own = probes_.find(ack.nonce);
    if (own != nullptr && own->endpoint != self_.gossip_endpoint()) conflict(self_.id, own->endpoint);
    probes_.erase(ack.nonce);
    return;
  }
  learn(ack.rumors, ack.links, ack.from, route);
  const Probe* const open = probes_.find(ack.nonce);  // only now: what was learned may have opened others
  // A stranger at the address of the one we asked proves nothing about it.
  if (open != nullptr && (open->kind == Probe::Kind::kKnock || open->target == ack.from)) {
    const Probe probe = *open;
    probes_.erase(ack.nonce);
    if (const MemberView* const member = find(ack.from); member != nullptr) doubt(*member, ack.incarnation, probe.endpoint);
    heard_first_hand(ack.from, ack.nonce, probe, ack.statement);
    if (probe.kind == Probe::Kind::kRelay) send(probe.back, IndirectAck{probe.asked_by, self_.id, ack.from, ack.incarnation});
  }
  ask_if_newer(ack.from, ack.incarnation, ack.from, route);
}

// A living member that also speaks from another place, and no newer life of it: whoever moved speaks with a higher incarnation.
void Node::Impl::doubt(const MemberView& member, Incarnation said, const Endpoint& from) {
  if (!is_gone(member.state) && said <= member.info.incarnation && !member.info.listens_at(from)) conflict(member.info.id, from);
}

void Node::Impl::heard_first_hand(const NodeId& from, const Nonce& nonce, const Probe& probe, const std::optional<Statement>& statement) {
  const Duration rtt = now_.boot - probe.sent;
  if (MemberView* const member = find(from); member != nullptr) {
    member->last_answer = now_.boot;
    member->rtt = member->rtt == Duration{} ? rtt : (7 * member->rtt + rtt) / 8;
    links_.set(from, LinkState::kOk);
    links_.set_rtt(from, member->rtt);
  }
  effects_.push_back(Answered{from, nonce, rtt, statement});
}

void Node::Impl::receive(const IndirectPing& ping, Route route) {
  if (ping.from == self_.id) return;
  if (ping.target == self_.id) {
    send(route, IndirectAck{ping.nonce, self_.id, self_.id, self_.incarnation});
    return;
  }
  const MemberView* const member = find(ping.target);
  Probe probe;
  probe.kind = Probe::Kind::kRelay;
  probe.target = ping.target;
  probe.endpoint = member != nullptr ? member->info.gossip_endpoint() : ping.target_endpoint;
  probe.sent = now_.boot;
  probe.deadline = now_.boot + 2 * probe_timeout(config_, member != nullptr ? member->rtt : Duration{}, health_.level());
  probe.asked_by = ping.nonce;
  probe.back = route;
  const Nonce nonce = random_.nonce();
  if (probes_.add(nonce, probe)) send_ping(nonce, probe);
}

void Node::Impl::receive(const IndirectAck& ack, Route route) {
  Probe* const probe = probes_.find(ack.nonce);
  MemberView* const member = find(ack.target);
  if (probe == nullptr || member == nullptr || probe->target != ack.target) return;
  probe->relayed = true;
  member->last_indirect = now_.boot;
  ask_if_newer(ack.target, ack.target_incarnation, ack.from, route);
}

void Node::Impl::receive(const Sync& sync, Route route) {
  if (sync.from == self_.id) return;
  static const std::vector<LinkRow> kNone;  // the rows of a question are only versions
  learn(sync.members, sync.wants_reply ? kNone : sync.links, sync.from, route);
  if (!sync.wants_reply) return;
  Sync reply = answer(sync);
  if (!reply.members.empty() || !reply.links.empty()) send(route, std::move(reply));
}

void Node::Impl::ask_if_newer(const NodeId& subject, Incarnation incarnation, const NodeId& from, const Destination& back) {
  if (subject == self_.id) return;
  const MemberView* const member = find(subject);
  if (member == nullptr || member->info.incarnation < incarnation) ask(from, back);
}

void Node::Impl::ask(const NodeId& peer, const Destination& back) {
  const auto it = asked_.find(peer);
  if (it != asked_.end() && now_.boot - it->second < kAskAgain) return;
  if (asked_.size() >= 2 * config_.max_members) asked_.clear();
  asked_[peer] = now_.boot;
  send(back, question());
}

// A question names what we know by incarnation and state, without the announcements: at a hundred nodes those are most of the bytes.
Sync Node::Impl::question() const {
  Sync sync{self_.id, true, {Rumor{self_.id, self_.incarnation, State::kAlive, NodeId{}, self_}}, links_.versions()};
  for (const auto& [id, member] : members_) {
    if (old_tombstone(member)) continue;
    const bool accused = member.state == State::kSuspect && !member.accusers.empty();
    sync.members.push_back(Rumor{id, member.info.incarnation, member.state, accused ? member.accusers.front() : NodeId{}, {}});
  }
  return sync;
}

// An answer holds only what the question did not know. Beyond max_infos_per_sync the announcement is left out; the asker sees the gap.
Sync Node::Impl::answer(const Sync& asked) const {
  std::map<NodeId, const Rumor*> known;
  for (const Rumor& rumor : asked.members) known[rumor.id] = &rumor;
  Sync reply{self_.id, false, {}, links_.newer_than(asked.links, config_.max_links_per_message, config_.full_rows_up_to)};
  std::size_t infos = 0;
  const auto tell = [&](const NodeInfo& info, State state, const NodeId& accuser) {
    const auto it = known.find(info.id);
    const bool lacks = it == known.end() || it->second->incarnation < info.incarnation;
    if (!lacks && compare(it->second->incarnation, it->second->state, info.incarnation, state) != News::kNewer) return;
    Rumor rumor{info.id, info.incarnation, state, accuser, {}};
    if (lacks && infos++ < config_.max_infos_per_sync) rumor.info = info;
    reply.members.push_back(std::move(rumor));
  };
  tell(self_, State::kAlive, NodeId{});
  for (const auto& [id, member] : members_) {
    if (old_tombstone(member)) continue;
    tell(member.info, member.state, member.state == State::kAlive || member.accusers.empty() ? NodeId{} : member.accusers.front());
  }
  return reply;
}

// What is said against the receiver goes to it first, whoever else knows it (Lifeguard's buddy system): only it can refute.
std::vector<Rumor> Node::Impl::news_for(const NodeId& receiver) {
  std::vector<Rumor> result;
  if (!receiver) return result;  // somebody at a seed address: it will ask for everything
  const MemberView* const member = find(receiver);
  if (member != nullptr && member->state != State::kAlive) {
    const NodeId accuser = member->accusers.empty() ? NodeId{} : member->accusers.front();
    result.push_back(Rumor{receiver, member->info.incarnation, member->state, accuser, {}});
  }
  const std::size_t limit = retransmissions(config_.retransmit_factor, members_.size() + 1);
  for (Rumor& rumor : rumors_.take(receiver, config_.max_rumors_per_message - result.size(), limit)) result.push_back(std::move(rumor));
  return result;
}

std::vector<LinkRow> Node::Impl::rows_for(const NodeId& receiver) {
  if (!receiver) return {};
  const std::size_t limit = retransmissions(config_.retransmit_factor, members_.size() + 1);
  return links_.take(config_.max_link_rows_per_message, config_.max_links_per_message, limit, config_.full_rows_up_to);
}

}  // namespace fluxpg::gossip
