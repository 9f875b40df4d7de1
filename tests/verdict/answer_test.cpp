#include "gossip/verdict/answer.hpp"

#include <gtest/gtest.h>

namespace fluxpg::verdict {
namespace {

Ballot ballot() {
  Ballot result;
  result.electorate = {ClusterId{9}, {MemberId{1}, MemberId{2}, MemberId{3}}};
  result.victim.member = MemberId{3};
  return result;
}

Findings silent() {
  Findings findings;
  findings.own_list = ballot().electorate;
  findings.consent_after = minutes(10);
  return findings;
}

TEST(Answer, SilenceOfDaemonAndEtcdIsDead) { EXPECT_EQ(judge(ballot(), silent()).choice, Choice::kDead); }

TEST(Answer, ProofOfLifeIsAVetoWhateverElseIsTrue) {
  Findings findings = silent();
  findings.unwell = "my clock jumped";
  findings.own_list.reset();
  findings.etcd_answered_as_victim = true;
  EXPECT_EQ(judge(ballot(), findings).choice, Choice::kAlive);
  findings.etcd_answered_as_victim = false;
  findings.victim_vouched = true;
  EXPECT_EQ(judge(ballot(), findings).choice, Choice::kAlive);
}

TEST(Answer, OfOneThatLeavesLifeIsNoVetoAndIgnoranceAnAbstention) {
  Ballot leave = ballot();
  leave.why = kLeaveRule;
  Findings findings = silent();
  findings.etcd_answered_as_victim = findings.victim_vouched = findings.daemon_answered = true;
  EXPECT_EQ(judge(leave, findings).choice, Choice::kAbstain);
  findings.leaves = true;
  EXPECT_EQ(judge(leave, findings).choice, Choice::kDead);
  EXPECT_EQ(judge(ballot(), findings).choice, Choice::kAlive) << "asked whether it is dead, it lives";
  findings.own_list->voters.pop_back();
  EXPECT_EQ(judge(leave, findings).choice, Choice::kAbstain);
  findings.own_list.reset();
  EXPECT_EQ(judge(leave, findings).choice, Choice::kAbstain);
  findings = silent();
  findings.leaves = true;
  findings.unwell = "just resumed";
  EXPECT_EQ(judge(leave, findings).choice, Choice::kAbstain);
}

TEST(Answer, TheUnwellAbstainAndSayWhy) {
  Findings findings = silent();
  findings.unwell = "just resumed";
  EXPECT_EQ(judge(ballot(), findings).choice, Choice::kAbstain);
  EXPECT_EQ(judge(ballot(), findings).reason, "just resumed");
}

TEST(Answer, AVoterSignsOnlyWhatItsOwnEtcdShows) {
  Findings findings = silent();
  findings.own_list->voters.push_back(MemberId{4});
  EXPECT_EQ(judge(ballot(), findings).choice, Choice::kAbstain);
  findings = silent();
  findings.own_list->cluster = ClusterId{8};
  EXPECT_EQ(judge(ballot(), findings).choice, Choice::kAbstain);
  findings.own_list.reset();
  EXPECT_EQ(judge(ballot(), findings).choice, Choice::kAbstain);
}

TEST(Answer, ADaemonOverADeadEtcdConsentsOnlyAfterTheGrace) {
  Findings findings = silent();
  findings.daemon_answered = true;
  findings.vouched_ago = minutes(10) - milliseconds(1);
  EXPECT_EQ(judge(ballot(), findings).choice, Choice::kAbstain);
  findings.vouched_ago = minutes(10);
  EXPECT_EQ(judge(ballot(), findings).choice, Choice::kDead);
}

}  // namespace
}  // namespace fluxpg::verdict
