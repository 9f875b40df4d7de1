#include "supervisor/core/collector.hpp"

#include <algorithm>

#include "base/guard.hpp"

namespace fluxpg::supervisor {

namespace {
constexpr Duration kResend = milliseconds(700);
constexpr Duration kAfterVeto = seconds(30);
constexpr Duration kAfterTooFewVotes = seconds(10);
constexpr std::size_t kMaxVotes = 64;
constexpr Duration kHeardNow = seconds(10);
// Gossip first: a vote takes the evidence wait and a round trip. Where it is known to reach too few, only our own veto is waited for, so
// that a ballot about a member whose etcd answers us is over before anything is written.
constexpr Duration kGossipTakes = milliseconds(300);
constexpr Duration kOwnVetoTakes = milliseconds(200);
}  // namespace

void Collector::open(const Now& now, const World& world, record::Change change, bool decides, Random& random, Outbox& out) {
  change_ = std::move(change);
  decides_ = decides;
  certificate_ = {};
  verdict::Ballot& ballot = certificate_.ballot;
  ballot.id = random.nonce();
  ballot.opener = world.self();
  const gossip::NodeInfo* victim = world.info(change_.node);
  ballot.victim = {change_.member, change_.peer_url, change_.node, victim == nullptr ? Incarnation{} : victim->incarnation};
  ballot.electorate = world.view.electorate();
  ballot.revision = world.view.record_revision();
  ballot.why = change_.rule;
  ballot.opened_at = wall_from_unix_ms(unix_ms(now.wall));
  state_ = State::kCollecting;
  tally_ = {};
  by_etcd_.clear();
  tally_.needed = ballot.electorate.majority();
  opened_at_ = now.boot;
  std::erase_if(asked_about_, [&ballot](const auto& entry) { return !ballot.electorate.contains(entry.first); });
  asked_about_[change_.member] = now.boot;
  bound_ = world.config.rules.ballot_bound;
  resend_at_ = now.boot + kResend;
  ++counters_["verdict.ballots"];
  send(world, out);
}

void Collector::send(const World& world, Outbox& out) const {
  for (const MemberId voter : certificate_.ballot.electorate.voters) {
    const NodeId node = world.node_of(voter);
    const gossip::NodeInfo* info = world.info(node);
    if (node == world.self() || info == nullptr) continue;
    const auto voted = [voter](const verdict::Vote& vote) { return vote.voter == voter; };
    if (std::any_of(certificate_.votes.begin(), certificate_.votes.end(), voted)) continue;
    out.push(Send{info->gossip_endpoint(), certificate_.ballot});
  }
}

void Collector::take(const Now& now, const World& world, const verdict::Vote& vote, Way way) {
  if (state_ != State::kCollecting || vote.ballot != certificate_.ballot.id || certificate_.votes.size() >= kMaxVotes) return;
  if (now.boot >= opened_at_ + bound_ && holds(Guard::kBallotBound)) return;  // our own timers are late; the vote is none the younger
  const std::string flaw = verdict::flaw(certificate_.ballot, vote, world.view.keys(), world.signing);
  if (!flaw.empty()) {
    ++counters_["verdict.invalid_votes"];
    return;
  }
  const auto same = [&vote](const verdict::Vote& other) { return other.voter == vote.voter && other.choice == vote.choice; };
  if (std::any_of(certificate_.votes.begin(), certificate_.votes.end(), same)) return;
  certificate_.votes.push_back(vote);
  if (way == Way::kEtcd) {
    ++counters_["verdict.votes_by_etcd"];
    by_etcd_.push_back(vote.voter);
  }
  tally_ = verdict::tally(certificate_, world.view.keys(), world.signing);
  if (tally_.standing == verdict::Standing::kVetoed) return conclude(now, State::kVetoed);
  // A veto may still be on its way: a majority counts once everybody has answered, or when the bound has passed.
  if (tally_.standing == verdict::Standing::kDead && tally_.missing.empty()) conclude(now, State::kDead);
}

// Only who has answered us itself lately hears us for certain: whoever speaks to us and is not reached lives by hearsay, or one way.
bool Collector::gossip_reaches_enough(const Now& now, const World& world) const {
  const verdict::Ballot& ballot = certificate_.ballot;
  const auto reached = std::count_if(ballot.electorate.voters.begin(), ballot.electorate.voters.end(), [&](MemberId voter) {
    const NodeId node = world.node_of(voter);
    if (voter == ballot.victim.member && !ballot.of_leave()) return false;
    const gossip::MemberView* heard = world.heard(node);
    return node == world.self() || (heard != nullptr && now.boot - heard->last_answer < kHeardNow);
  });
  return static_cast<std::size_t>(reached) >= tally_.needed;
}

TimePoint Collector::tries_etcd_at(const Now& now, const World& world) const {
  if (state_ != State::kCollecting || tally_.standing != verdict::Standing::kOpen || !holds(Guard::kVotesByEtcd)) return kNever;
  if (!holds(Guard::kGossipFirst)) return opened_at_;
  return opened_at_ + (gossip_reaches_enough(now, world) ? world.config.rules.evidence_wait + kGossipTakes : kOwnVetoTakes);
}

void Collector::tick(const Now& now, const World& world, Outbox& out) {
  if (state_ != State::kCollecting) return;
  const bool enough = tally_.standing == verdict::Standing::kDead;
  // Those that are dead themselves will not answer: with a majority, waiting twice the evidence wait is enough.
  const Duration patience = enough ? std::min(bound_, world.config.rules.evidence_wait * 2) : bound_;
  if (now.boot >= opened_at_ + patience) return conclude(now, enough ? State::kDead : State::kNotEnough);
  if (now.boot < resend_at_) return;
  resend_at_ = now.boot + kResend;
  send(world, out);
}

void Collector::conclude(const Now& now, State state) {
  state_ = state;
  closed_at_ = now.boot;
  resend_at_ = kNever;
  if (decides_ && state != State::kDead) {
    contested_until_[change_.member] = now.boot + (state == State::kVetoed ? kAfterVeto : kAfterTooFewVotes);
  }
  if (state == State::kDead) ++counters_["verdict.agreed_dead"];
  if (state == State::kVetoed) ++counters_["verdict.vetoed"];
  if (state == State::kNotEnough) ++counters_["verdict.not_enough_votes"];
}

bool Collector::contested(const Now& now, MemberId member) const {
  const auto found = contested_until_.find(member);
  return found != contested_until_.end() && now.boot < found->second;
}

TimePoint Collector::asked_about(MemberId member) const {
  const auto found = asked_about_.find(member);
  return found == asked_about_.end() ? TimePoint{} : found->second;
}

TimePoint Collector::next_deadline() const { return state_ == State::kCollecting ? std::min(resend_at_, opened_at_ + bound_) : kNever; }

std::optional<BallotView> Collector::view(const Now& now, const World& world) const {
  if (state_ == State::kNone) return std::nullopt;
  BallotView result;
  result.victim = change_.member;
  result.victim_name = change_.name;
  result.dead_votes = tally_.dead;
  result.needed = tally_.needed;
  result.detail = verdict::describe(tally_, world.names());
  for (const MemberId voter : by_etcd_) {
    result.detail += (voter == by_etcd_.front() ? "; by way of etcd, because gossip did not bring it: " : ", ") + world.name_of(voter);
  }
  result.votes = certificate_.votes;
  result.seconds_ago = to_seconds(now.boot - opened_at_);
  switch (state_) {
    case State::kNone:
      break;
    case State::kCollecting:
      result.state = "collecting";
      break;
    case State::kDead:
      result.state = "agreed dead";
      break;
    case State::kVetoed:
      result.state = "vetoed";
      break;
    case State::kNotEnough:
      result.state = "not enough votes";
      break;
  }
  return result;
}

}  // namespace fluxpg::supervisor
