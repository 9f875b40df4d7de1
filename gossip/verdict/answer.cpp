#include "gossip/verdict/answer.hpp"

#include "base/guard.hpp"

namespace fluxpg::verdict {

namespace {

// Of a member that lives: no sign of life speaks against it, only that we do not know of its wish.
Judgement judge_leave(const Ballot& ballot, const Findings& findings) {
  if (!findings.unwell.empty()) return {Choice::kAbstain, findings.unwell};
  if (!findings.own_list) return {Choice::kAbstain, "my own etcd does not answer"};
  if (*findings.own_list != ballot.electorate) return {Choice::kAbstain, "my own etcd shows another electorate"};
  if (!findings.leaves) return {Choice::kAbstain, "I have not heard that it leaves"};
  return {Choice::kDead, "it leaves on its own wish"};
}

}  // namespace

Judgement judge(const Ballot& ballot, const Findings& findings) {
  if (ballot.of_leave()) return judge_leave(ballot, findings);
  if (findings.etcd_answered_as_victim) return {Choice::kAlive, "its etcd answered me"};
  if (findings.victim_vouched) return {Choice::kAlive, "its daemon signed that its etcd answered"};
  if (holds(Guard::kUnwellAbstains) && !findings.unwell.empty()) return {Choice::kAbstain, findings.unwell};
  if (!holds(Guard::kDeadEtcdIsNoLife) && findings.daemon_answered) return {Choice::kAlive, "its daemon answered me"};
  if (!holds(Guard::kSilenceIsNoIllness) && !findings.daemon_answered) return {Choice::kAbstain, "I miss answers"};
  if (holds(Guard::kOwnList) && !findings.own_list) return {Choice::kAbstain, "my own etcd does not answer"};
  // A voter that has not applied the change before this one must not sign the next (this replaces a barrier; see HOLES H4).
  if (holds(Guard::kOwnList) && *findings.own_list != ballot.electorate) return {Choice::kAbstain, "my own etcd shows another electorate"};
  if (holds(Guard::kSilentEtcdPatience) && findings.daemon_answered && findings.vouched_ago < findings.consent_after) {
    return {Choice::kAbstain,
            "its daemon answers, but cannot vouch for its etcd since " + std::to_string(to_ms(findings.vouched_ago) / 1000) + " s"};
  }
  if (findings.daemon_answered) return {Choice::kDead, "its daemon answers, but its etcd has been silent for too long: that is consent"};
  return {Choice::kDead, "neither its etcd nor its daemon answered me"};
}

}  // namespace fluxpg::verdict
