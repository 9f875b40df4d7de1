#include "supervisor/core/voter.hpp"

#include <algorithm>

#include "supervisor/core/statements.hpp"
#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

using verdict::Choice;

struct Voting : ::testing::Test {
  Voting() {
    ballot.id = house.random.nonce();
    ballot.opener = node_id(2);
    ballot.victim.member = MemberId{3};
    ballot.victim.node = node_id(3);
    ballot.electorate = house.view.electorate();
  }
  bool open() { return voter.open(house.now, house.world(), ballot, kRoute, house.out); }
  void answer_list() {
    for (const Asked& one : house.asked()) {
      if (std::holds_alternative<etcd::ListMembers>(one.call)) voter.handle(house.now, one.purpose, house.etcd.answer(one.call));
      if (std::holds_alternative<etcd::GetStatus>(one.call)) status_asked = one;
    }
  }
  void answer_status(MemberId as, ClusterId cluster = kCluster) {
    etcd::Status status;
    status.header = {cluster, as, 1, 1};
    voter.note_life(status.header);
    voter.handle(house.now, status_asked.purpose, status);
  }
  gossip::Answered word(Duration rtt, MemberId member = MemberId{3}) {
    const Nonce nonce = house.random.nonce();
    return {node_id(3), nonce, rtt, make_statement(FakeSigning(node_id(3)), nonce, member, kCluster, seconds(1))};
  }
  void hear(const gossip::Answered& answered) { voter.heard(house.now, house.world(), answered); }
  std::vector<Voter::Answer> tick() { return voter.tick(house.now, house.world()); }
  verdict::Vote the_vote() {
    const auto ready = tick();
    EXPECT_EQ(ready.size(), 1U);
    return ready.empty() ? verdict::Vote{} : ready[0].vote;
  }
  House house;
  Voter voter;
  verdict::Ballot ballot;
  Asked status_asked;
};

TEST_F(Voting, AnAnswerToOneBallotSpeaksAgainstEveryOtherAboutTheSameMember) {
  house.dead(3);
  ASSERT_TRUE(open());
  answer_list();
  const Asked first = status_asked;
  ballot.id = house.random.nonce();
  ASSERT_TRUE(open());
  answer_list();
  status_asked = first;
  answer_status(MemberId{3});
  const auto ready = tick();
  ASSERT_EQ(ready.size(), 2U);
  EXPECT_EQ(ready[0].vote.choice, Choice::kAlive);
  EXPECT_EQ(ready[1].vote.choice, Choice::kAlive);
}

TEST_F(Voting, SilenceForTheWholeEvidenceWaitIsDeadAndSigned) {
  house.dead(3);
  EXPECT_TRUE(open()) << "the victim is to be probed";
  answer_list();
  EXPECT_FALSE(status_asked.target.own);
  EXPECT_EQ(status_asked.target.endpoint, (Endpoint{address_of(3), 2379}));
  house.pass(house.config.rules.evidence_wait - milliseconds(1));
  EXPECT_TRUE(tick().empty());
  house.pass(milliseconds(1));
  const verdict::Vote vote = the_vote();
  EXPECT_EQ(vote.choice, Choice::kDead);
  EXPECT_EQ(vote.listing, verdict::Listing::kListed);
  EXPECT_EQ(verdict::flaw(ballot, vote, house.view.keys(), house.signing), "");
}

// Its etcd was back while the vote was still on its way through ours (found by random seeds).
TEST_F(Voting, ADeadThatTheVictimHasOutlivedIsSaidToNobodyAgain) {
  house.dead(3);
  open();
  answer_list();
  house.pass(house.config.rules.evidence_wait);
  EXPECT_EQ(the_vote().choice, Choice::kDead);
  EXPECT_NE(voter.answer_to(ballot.id), nullptr);
  answer_status(MemberId{3});
  EXPECT_TRUE(voter.outlived(ballot.id));
  EXPECT_EQ(voter.answer_to(ballot.id), nullptr);
  house.done<Send>();
  EXPECT_FALSE(open());
  EXPECT_TRUE(house.done<Send>().empty());
}

TEST_F(Voting, TheVictimsOwnEtcdAnsweringIsAVetoAtOnce) {
  open();
  answer_list();
  answer_status(MemberId{3});
  EXPECT_EQ(the_vote().choice, Choice::kAlive);
}

TEST_F(Voting, AStrangerOnTheSameAddressProvesNothing) {
  house.dead(3);
  open();
  answer_list();
  answer_status(MemberId{33});
  EXPECT_TRUE(tick().empty());
  answer_status(MemberId{3}, ClusterId{0xbad});
  EXPECT_TRUE(tick().empty());
  house.pass(house.config.rules.evidence_wait);
  EXPECT_EQ(the_vote().choice, Choice::kDead);
}

TEST_F(Voting, TheDaemonsFreshSignedWordIsAVeto) {
  open();
  answer_list();
  house.pass(milliseconds(50));
  hear(word(milliseconds(20)));
  EXPECT_EQ(the_vote().choice, Choice::kAlive);
}

TEST_F(Voting, AnAnswerToAQuestionOlderThanTheBallotIsNoEvidence) {
  house.dead(3);
  open();
  answer_list();
  house.pass(milliseconds(50));
  hear(word(milliseconds(51)));
  EXPECT_TRUE(tick().empty());
  house.pass(house.config.rules.evidence_wait);
  EXPECT_EQ(the_vote().choice, Choice::kDead);
}

TEST_F(Voting, AWordAboutAnotherMemberIsNoVetoButTheDaemonIsHeard) {
  open();
  answer_list();
  house.pass(milliseconds(50));
  hear(word(milliseconds(20), MemberId{33}));
  EXPECT_TRUE(tick().empty());
  house.pass(house.config.rules.evidence_wait);
  EXPECT_EQ(the_vote().choice, Choice::kAbstain);
}

TEST_F(Voting, ADaemonThatCannotVouchForTenMinutesConsents) {
  open();
  answer_list();
  house.pass(house.config.rules.silent_etcd_consent);
  gossip::Answered bare{node_id(3), house.random.nonce(), milliseconds(1), {}};
  hear(bare);
  EXPECT_EQ(the_vote().choice, Choice::kDead);
}

TEST_F(Voting, ItAsksItsOwnEtcdWhatThatHasAppliedNotWhatTheLeaderKnows) {
  ASSERT_TRUE(open());
  const auto asked = house.asked();
  const auto list =
      std::find_if(asked.begin(), asked.end(), [](const Asked& a) { return std::holds_alternative<etcd::ListMembers>(a.call); });
  ASSERT_NE(list, asked.end());
  EXPECT_TRUE(list->target.own);
  EXPECT_FALSE(std::get<etcd::ListMembers>(list->call).linearizable);
}

TEST_F(Voting, WithoutItsOwnEtcdsListItAbstains) {
  house.dead(3);
  open();
  house.pass(house.config.rules.evidence_wait);
  EXPECT_EQ(the_vote().choice, Choice::kAbstain);
}

TEST_F(Voting, AnElectorateThatItsOwnEtcdDoesNotShowIsNotSigned) {
  house.dead(3);
  open();
  house.etcd.members.push_back({MemberId{4}, "n4", {}, {}, false});
  answer_list();
  house.pass(house.config.rules.evidence_wait);
  EXPECT_EQ(the_vote().choice, Choice::kAbstain);
}

TEST_F(Voting, TheUnwellAbstain) {
  house.dead(3);
  open();
  answer_list();
  house.pass(house.config.rules.evidence_wait);
  house.unwell = "just resumed";
  EXPECT_EQ(the_vote().choice, Choice::kAbstain);
}

TEST_F(Voting, ARepeatedBallotGetsTheSameAnswer) {
  house.dead(3);
  open();
  answer_list();
  house.pass(house.config.rules.evidence_wait);
  const verdict::Vote first = the_vote();
  house.asked();
  house.hears(house.member_info(3));
  EXPECT_FALSE(open());
  EXPECT_TRUE(house.asked().empty()) << "no new inquiry";
  const auto sent = house.done<Send>();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(std::get<verdict::Vote>(sent[0].message), first);
  EXPECT_TRUE(sent[0].to == gossip::Destination{kRoute});
}

TEST_F(Voting, WhoIsNotOfTheElectorateDoesNotAnswer) {
  ballot.electorate.voters = {MemberId{2}, MemberId{3}, MemberId{4}};
  EXPECT_FALSE(open());
  EXPECT_TRUE(house.asked().empty());
  house.pass(minutes(1));
  EXPECT_TRUE(tick().empty());
}

TEST_F(Voting, ABallotThatCameBeforeItKnewItsOwnSeatIsNotAnsweredWithDead) {
  house.dead(3);
  const EtcdView view = std::exchange(house.view, EtcdView{"app", 1000});
  EXPECT_FALSE(open());
  house.view = view;
  answer_status(MemberId{3});  // nobody notes it
  EXPECT_TRUE(open());
  answer_list();
  house.pass(house.config.rules.evidence_wait);
  EXPECT_EQ(the_vote().choice, Choice::kAbstain);
}

TEST_F(Voting, AVictimNobodyHasHeardIsAskedWhereEtcdSaysItWas) {
  house.never_heard(3);
  open();
  answer_list();
  EXPECT_EQ(status_asked.target.endpoint, (Endpoint{address_of(3), 2379}));
  EXPECT_EQ(status_asked.target.host_name, host_name(node_id(3)));
}

TEST_F(Voting, TheVictimItselfVetoesByItsOwnEtcdAndElseAbstains) {
  ballot.victim.member = MemberId{1};
  ballot.victim.node = node_id(1);
  EXPECT_FALSE(open()) << "nobody probes oneself";
  answer_list();
  EXPECT_TRUE(status_asked.target.own);
  EXPECT_TRUE(voter.under_ballot(house.now));
  answer_status(MemberId{1});
  EXPECT_EQ(the_vote().choice, Choice::kAlive);

  ballot.id = house.random.nonce();
  open();
  answer_list();
  house.pass(house.config.rules.evidence_wait);
  EXPECT_EQ(the_vote().choice, Choice::kAbstain);
  house.pass(seconds(10));
  EXPECT_FALSE(voter.under_ballot(house.now));
}

TEST_F(Voting, InquiriesAreBoundedAndWhatIsTooMuchIsAnsweredWithAnAbstention) {
  for (int i = 0; i < 100; ++i) {
    ballot.id = house.random.nonce();
    open();
  }
  const auto refused = tick();
  EXPECT_EQ(refused.size(), 84U);
  EXPECT_TRUE(
      std::all_of(refused.begin(), refused.end(), [](const auto& answer) { return answer.vote.choice == verdict::Choice::kAbstain; }));
  house.pass(house.config.rules.evidence_wait);
  EXPECT_EQ(tick().size(), 16U);
}

// Else it would be answered from what is heard after the repetition only, and "dead" although the victim's etcd answered before.
TEST_F(Voting, ABallotThatWasOneTooManyIsAnsweredTheSameWhenItIsRepeated) {
  for (int i = 0; i < 17; ++i) {
    ballot.id = house.random.nonce();
    open();
  }
  const auto refused = tick();
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].vote.ballot, ballot.id);
  answer_list();
  answer_status(MemberId{3});
  EXPECT_EQ(tick().size(), 16U);
  house.done<Send>();
  EXPECT_FALSE(open());
  const auto sent = house.done<Send>();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(std::get<verdict::Vote>(sent[0].message).choice, verdict::Choice::kAbstain);
  house.pass(house.config.rules.evidence_wait);
  EXPECT_TRUE(tick().empty());
}

}  // namespace
}  // namespace fluxpg::supervisor::test
