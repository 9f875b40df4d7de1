// Ballots that come in and answers that go out, by gossip or by way of etcd; and what every node knows at first hand of the voters.
#include <algorithm>

#include "supervisor/core/agent_impl.hpp"
#include "supervisor/core/stranger.hpp"

namespace fluxpg::supervisor {

namespace {
constexpr Duration kVouchEvery = seconds(10);
constexpr Duration kSilentEvery = seconds(2);  // what lies between two answers counts as silence
}  // namespace

void Agent::Impl::open_ballot(const Now& now, const verdict::Ballot& ballot, std::optional<gossip::Route> route) {
  if (voter_.open(now, world(now), ballot, route, out_)) {
    apply(now, gossip_.handle(now, gossip::ProbeNow{ballot.victim.node, true}));
  }
}

// A ballot that is read in etcd is opened as if it had come by gossip; its answer goes the same way, also if it was sent by gossip before.
void Agent::Impl::answer_ballots(const Now& now) {
  if (const verdict::Ballot* ballot = post_.arrived(world(now)); ballot != nullptr) {
    open_ballot(now, *ballot, std::nullopt);
    if (const verdict::Vote* vote = voter_.answer_to(ballot->id); vote != nullptr) post_.leave_vote(*vote, out_);
  }
  for (Voter::Answer& answer : voter_.tick(now, world(now))) {
    if (post_.asks_for(answer.vote.ballot)) post_.leave_vote(answer.vote, out_);
    if (answer.route) out_.push(Send{*answer.route, answer.vote});
    if (answer.opener == signing_.id()) collector_.take(now, world(now), answer.vote);
  }
}

// Every voter's own, first-hand knowledge of how long each etcd has been silent: a signed word from each daemon every 10 s.
void Agent::Impl::vouch_for_all(const Now& now) {
  if (now.boot < vouch_at_ || (!view_.has_list() && strangers(world(now)).empty())) return;
  vouch_at_ = now.boot + kVouchEvery;
  std::vector<NodeId> targets;
  for (const auto& [id, member] : gossip_.members()) {
    if (member.state == gossip::State::kAlive && member.info.member) targets.push_back(id);
  }
  for (const NodeId& id : targets) apply(now, gossip_.handle(now, gossip::ProbeNow{id, true}));
}

void Agent::Impl::note_majority(const Now& now) {
  if (!view_.has_list()) return;
  if (!hears_majority(now, world(now))) {
    majority_heard_since_ = kNever;
  } else if (majority_heard_since_ == kNever) {
    majority_heard_since_ = now.boot;
  }
}

// Whether only gossip misses them: then they are not dead, and nobody has to be told of a lost majority.
void Agent::Impl::ask_the_silent(const Now& now) {
  if (now.boot < ask_silent_at_ || !misses_a_voter_ || !view_.has_list()) return;
  ask_silent_at_ = now.boot + kSilentEvery;
  const World facts = world(now);
  for (const MemberId voter : view_.electorate().voters) {
    const gossip::NodeInfo* info = facts.info(facts.node_of(voter));
    if (info == nullptr || facts.alive(info->id)) continue;
    out_.ask({Purpose::Part::kSilent, 0, {}}, World::etcd_of(*info), etcd::GetStatus{}, seconds(2));
  }
}

}  // namespace fluxpg::supervisor
