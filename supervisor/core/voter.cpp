#include "supervisor/core/voter.hpp"

#include <algorithm>

#include "base/guard.hpp"
#include "supervisor/core/seat.hpp"
#include "supervisor/core/statements.hpp"

namespace fluxpg::supervisor {

namespace {
constexpr std::size_t kMaxInquiries = 16;
constexpr const char* kTooMany = "too many ballots at once";
constexpr std::size_t kMaxAnswered = 64;

verdict::Listing listing_of(discovery::Presence presence) {
  switch (presence) {
    case discovery::Presence::kUnknown:
      return verdict::Listing::kUnknown;
    case discovery::Presence::kListed:
      return verdict::Listing::kListed;
    case discovery::Presence::kUnlisted:
      return verdict::Listing::kUnlisted;
  }
  CHECK(false);
}
}  // namespace

bool Voter::open(const Now& now, const World& world, const verdict::Ballot& ballot, std::optional<gossip::Route> route, Outbox& out) {
  const MemberId own = world.own_member();
  if (own && ballot.victim.member == own) named_at_ = now.boot;
  if (const auto again = answered_.find(ballot.id); again != answered_.end()) {
    if (route && !again->second.outlived) out.push(Send{*route, again->second.vote});
    return false;
  }
  if (inquiries_.count(ballot.id) > 0) return false;
  const bool came_too_early = std::find(too_early_.begin(), too_early_.end(), ballot.id) != too_early_.end();
  if (!own || !ballot.electorate.contains(own)) {
    if (!came_too_early) too_early_.push_back(ballot.id);
    if (too_early_.size() > kMaxAnswered) too_early_.pop_front();
    return false;
  }
  wait_ = world.config.rules.evidence_wait;
  Inquiry inquiry;
  inquiry.ballot = ballot;
  inquiry.route = route;
  inquiry.since = now.boot;
  inquiry.came_too_early = came_too_early;
  if (inquiries_.size() >= kMaxInquiries) {
    // Asked again it must not be answered from what was heard after that only: the first answer, which says nothing, stands.
    inquiry.refused = true;
    inquiries_.emplace(ballot.id, std::move(inquiry));
    return false;
  }
  const std::uint32_t status = static_cast<std::uint32_t>(Step::kVictimStatus);
  const std::uint32_t list = static_cast<std::uint32_t>(Step::kOwnList);
  if (ballot.of_leave()) {
    inquiry.status_answered = true;  // that it lives is known, and speaks for nothing
  } else if (ballot.victim.member == own) {
    // About ourselves: only our own etcd's fresh answer is a proof.
    out.ask_own({Purpose::Part::kVoter, status, ballot.id}, etcd::GetStatus{}, wait_);
  } else if (const auto victim = world.etcd_of(ballot.victim.member, ballot.victim.node)) {
    out.ask({Purpose::Part::kVoter, status, ballot.id}, *victim, etcd::GetStatus{}, wait_);
  } else {
    inquiry.status_answered = true;
    inquiry.evidence.push_back({"etcd-status", "not asked: no address of it is known", 0});
  }
  out.ask_own({Purpose::Part::kVoter, list, ballot.id}, etcd::ListMembers{false}, wait_);
  inquiries_.emplace(ballot.id, std::move(inquiry));
  return ballot.victim.member != own && !ballot.of_leave();
}

void Voter::heard(const Now& now, const World& world, const gossip::Answered& answered) {
  for (auto& [id, inquiry] : inquiries_) {
    const verdict::Victim& victim = inquiry.ballot.victim;
    // Only answers to questions asked after the ballot arrived are evidence.
    if (answered.id != victim.node || now.boot - answered.rtt < inquiry.since || inquiry.findings.victim_vouched) continue;
    inquiry.findings.victim_vouched =
        answered.statement && vouches(*answered.statement, answered.nonce, victim.node, victim.member, inquiry.ballot.electorate.cluster,
                                      world.config.rules.statement_age, world.signing);
    if (!inquiry.findings.victim_vouched && inquiry.findings.daemon_answered) continue;
    inquiry.findings.daemon_answered = true;
    inquiry.evidence.push_back({"gossip-probe", inquiry.findings.victim_vouched ? "answered, and vouched for its etcd" : "answered",
                                to_ms(now.boot - inquiry.since)});
  }
}

// An answer to one ballot is news for every other about the same member, also if the first has been judged meanwhile.
// A stranger on the same address proves nothing: the member id must be the victim's, in the ballot's cluster.
void Voter::note_life(const etcd::Header& answered) {
  for (auto& [id, inquiry] : inquiries_) {
    if (answered.member == inquiry.ballot.victim.member && answered.cluster == inquiry.ballot.electorate.cluster) {
      inquiry.findings.etcd_answered_as_victim = true;
    }
  }
  for (auto& [id, answer] : answered_) {
    if (answer.vote.choice == verdict::Choice::kDead && answer.victim.member == answered.member) answer.outlived = true;
  }
}

void Voter::handle(const Now& now, const Purpose& purpose, const etcd::Result& result) {
  const auto* status = result ? std::get_if<etcd::Status>(&*result) : nullptr;
  const auto found = inquiries_.find(purpose.tag);
  if (found == inquiries_.end()) return;
  Inquiry& inquiry = found->second;
  if (static_cast<Step>(purpose.step) == Step::kOwnList) {
    inquiry.own_list_answered = true;
    const auto* list = result ? std::get_if<etcd::MemberList>(&*result) : nullptr;
    if (list != nullptr) inquiry.findings.own_list = electorate_of(*list);
    return;
  }
  inquiry.status_answered = true;
  const std::string outcome = status != nullptr ? "answered as " + to_text(status->header.member)
                              : result          ? "answered nonsense"
                                                : std::string(etcd::to_text(result.error().kind));
  inquiry.evidence.push_back({"etcd-status", outcome, to_ms(now.boot - inquiry.since)});
}

verdict::Vote Voter::vote(const Now& now, const World& world, const Inquiry& inquiry) {
  verdict::Findings findings = inquiry.findings;
  findings.unwell = inquiry.refused ? kTooMany : world.unwell;
  findings.vouched_ago = now.boot - world.vouchers.silent_since(inquiry.ballot.victim.node, world.started);
  const gossip::NodeInfo* victim = world.info(inquiry.ballot.victim.node);
  findings.leaves = victim != nullptr && victim->leaving;
  findings.consent_after = world.config.rules.silent_etcd_consent;
  verdict::Judgement judgement = verdict::judge(inquiry.ballot, findings);
  verdict::Vote vote;
  vote.ballot = inquiry.ballot.id;
  vote.voter = world.own_member();
  vote.node = world.self();
  vote.choice = judgement.choice;
  vote.reason = std::move(judgement.reason);
  if (inquiry.came_too_early && vote.choice == verdict::Choice::kDead && holds(Guard::kHeardSinceItCame)) {
    vote.choice = verdict::Choice::kAbstain;
    vote.reason = "the ballot came before this node knew its own seat: who answered since then was not noted";
  }
  const bool about_me = vote.voter == inquiry.ballot.victim.member;
  if (about_me && inquiry.ballot.of_leave()) {
    if (!findings.leaves) vote.choice = verdict::Choice::kAlive;
    vote.reason = findings.leaves ? "I leave: " + vote.reason : "I do not leave";
  } else if (holds(Guard::kVictimsVote) && about_me && vote.choice != verdict::Choice::kAlive) {
    vote.choice = verdict::Choice::kAbstain;
    vote.reason = "it is me, and my own etcd does not answer";
  }
  vote.listing = listing_of(world.presence(now, inquiry.ballot.victim.node));
  vote.evidence = inquiry.evidence;
  if (inquiry.ballot.of_leave()) {
    vote.evidence = {{"announcement", findings.leaves ? "leaves for good" : "none", to_ms(now.boot - inquiry.since)}};
  } else if (!findings.daemon_answered)
    vote.evidence.push_back({"gossip-probe", "no answer", to_ms(now.boot - inquiry.since)});
  vote.signature = world.signing.sign(verdict::signed_bytes(inquiry.ballot, vote));
  return vote;
}

std::vector<Voter::Answer> Voter::tick(const Now& now, const World& world) {
  std::vector<Answer> ready;
  for (auto it = inquiries_.begin(); it != inquiries_.end();) {
    const Inquiry& inquiry = it->second;
    const gossip::NodeInfo* victim = world.info(inquiry.ballot.victim.node);
    const bool life = inquiry.findings.etcd_answered_as_victim || inquiry.findings.victim_vouched;
    const bool agrees = inquiry.own_list_answered && victim != nullptr && victim->leaving;
    if (!(inquiry.ballot.of_leave() ? agrees : life) && !inquiry.refused && now.boot < inquiry.since + wait_) {
      ++it;
      continue;
    }
    Answer answer{vote(now, world, inquiry), inquiry.ballot.opener, inquiry.route, inquiry.ballot.victim};
    if (answered_.size() >= kMaxAnswered) {
      answered_.erase(answered_order_.front());
      answered_order_.erase(answered_order_.begin());
    }
    answered_order_.push_back(it->first);
    answered_.emplace(it->first, answer);
    ready.push_back(std::move(answer));
    it = inquiries_.erase(it);
  }
  return ready;
}

TimePoint Voter::next_deadline() const {
  TimePoint next = kNever;
  for (const auto& [id, inquiry] : inquiries_) next = std::min(next, inquiry.since + wait_);
  return next;
}

}  // namespace fluxpg::supervisor
