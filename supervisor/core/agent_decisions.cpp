// The remover's work: at most one change at a time, from the plan over the ballot to the record.
#include "base/guard.hpp"
#include "supervisor/core/agent_impl.hpp"

namespace fluxpg::supervisor {

namespace {
constexpr Duration kSurveyEvery = seconds(5);
constexpr Duration kRetryUnlisted = seconds(2);  // the other voters poll the list at their own times
constexpr Duration kRetryDecision = seconds(5);
constexpr Duration kLearnerEvery = seconds(10);
}  // namespace

void Agent::Impl::decide(const Now& now) {
  const World facts = world(now);
  collector_.tick(now, facts, out_);
  post_.tick(now, facts, lease_, collector_, out_);
  change_.tick(now, facts, lease_, out_);
  plan_ = {};
  if (!lease_.held()) watch_learner(now, facts, false);
  if (!view_.has_list() || !lease_.held()) return collector_.settle();  // nobody but the remover plans
  const PlanInput input = gather(now, facts, learner_, collector_);
  plan_ = plan(input, config_.rules);
  const bool ready = !change_.busy() && view_.list_is_current(now) && view_.keys_are_current(now) && view_.history_is_current() &&
                     view_.problem().empty() && !(holds(Guard::kOneDecision) && view_.record() && view_.record()->open());
  if (!ready) return collector_.settle();
  watch_learner(now, facts, true);
  if (collector_.busy()) return;
  if (collector_.decides()) return follow_ballot(now, facts);
  if (plan_.change && now.boot >= retry_decision_at_) {
    retry_decision_at_ = now.boot + kRetryDecision;
    const bool of_voter = plan_.change->kind == record::Kind::kRemove && plan_.change->rule != "ghost-learner";
    if (of_voter) return start_ballot(now, facts, *plan_.change, true);
    return change_.open(now, facts, lease_, *plan_.change, {}, view_.electorate(), view_.record_revision(), out_);
  }
  survey(now, facts, input);
}

void Agent::Impl::start_ballot(const Now& now, const World& facts, record::Change change, bool decides) {
  collector_.open(now, facts, std::move(change), decides, random_, out_);
  open_ballot(now, verdict::Ballot(collector_.certificate().ballot), std::nullopt);
  post_.tick(now, facts, lease_, collector_, out_);  // says when it is due
}

// The ballot that was to decide is over: carry the verdict to the record, or say why not.
void Agent::Impl::follow_ballot(const Now& now, const World& facts) {
  collector_.settle();
  if (collector_.state() != Collector::State::kDead) return;
  const verdict::Ballot& ballot = collector_.certificate().ballot;
  const bool unchanged = ballot.revision == view_.record_revision() && ballot.electorate == view_.electorate();
  const bool unlisted = collector_.change().rule != "unlisted" || collector_.tally().unlisted >= collector_.tally().needed;
  if (!unlisted) {
    retry_decision_at_ = now.boot + kRetryUnlisted;
    plan_.waiting.push_back({"eviction of " + collector_.change().name, "a majority of the voters to see it unlisted themselves"});
    return;
  }
  if (!unchanged) return;
  change_.open(now, facts, lease_, collector_.change(), collector_.certificate(), ballot.electorate, ballot.revision, out_);
}

// Not to be carried out: it tells operators, long before any eviction is due, whether the voters agree. Whoever has just fallen silent is
// asked about at once; of several dead ones it is the turn of the one that was asked about longest ago.
void Agent::Impl::survey(const Now& now, const World& facts, const PlanInput& input) {
  const SeatFacts* next = nullptr;
  for (const SeatFacts& voter : input.voters) {
    const Duration asked_ago = now.boot - collector_.asked_about(voter.member);
    const bool due = !voter.alive && !voter.etcd_answers && (asked_ago > voter.silent_for || asked_ago >= kSurveyEvery);
    if (due && (next == nullptr || collector_.asked_about(voter.member) < collector_.asked_about(next->member))) next = &voter;
  }
  if (next == nullptr) return;
  start_ballot(now, facts, {record::Kind::kRemove, next->member, next->node, next->name, next->peer_url, "survey", ""}, false);
}

// The remover looks closely, for a promotion; the other voters only so that the next remover knows how long it has been stuck.
void Agent::Impl::watch_learner(const Now& now, const World& facts, bool closely) {
  if (now.boot < learner_.asked_at() + (closely ? seconds(1) : kLearnerEvery) || !view_.own_is_voter() || !view_.has_list()) return;
  for (const etcd::Member& member : view_.list().members) {
    const NodeId node = facts.node_of(member.id);
    const gossip::MemberView* heard = facts.heard(node);
    if (!member.learner || heard == nullptr) continue;
    learner_.asked(now, member.id, view_.own()->raft_applied_index);
    out_.ask({Purpose::Part::kLearner, 0, {}}, World::etcd_of(heard->info), etcd::GetStatus{}, seconds(1));
    if (closely) apply(now, gossip_.handle(now, gossip::ProbeNow{node, false}));
    return;
  }
}

}  // namespace fluxpg::supervisor
