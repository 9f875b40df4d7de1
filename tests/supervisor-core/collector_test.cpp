#include "supervisor/core/collector.hpp"

#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

using State = Collector::State;
using verdict::Choice;

struct Collecting : ::testing::Test {
  void open(std::uint8_t victim) {
    record::Change change{record::Kind::kRemove, MemberId{victim}, node_id(victim), "n", "https://n:2380", "unlisted", ""};
    collector.open(house.now, house.world(), change, true, house.random, house.out);
  }
  verdict::Vote vote(std::uint8_t voter, Choice choice) const { return house.vote(collector.certificate().ballot, voter, choice); }
  void take(const verdict::Vote& vote) { collector.take(house.now, house.world(), vote); }
  void take(std::uint8_t voter, Choice choice) { take(vote(voter, choice)); }
  void after(Duration time) {
    house.pass(time);
    collector.tick(house.now, house.world(), house.out);
  }
  std::vector<NodeId> sent_to() {
    std::vector<NodeId> result;
    for (const Send& send : house.done<Send>()) {
      for (std::uint8_t i = 1; i <= 9; ++i) {
        if (std::get<Endpoint>(send.to) == info_of(i).gossip_endpoint()) result.push_back(node_id(i));
      }
    }
    return result;
  }
  std::uint64_t counted(const std::string& name) const {
    const auto found = collector.counters().find(name);
    return found == collector.counters().end() ? 0 : found->second;
  }
  House house{5};
  Collector collector;
};

TEST_F(Collecting, TheBallotNamesVictimElectorateAndRevisionExactly) {
  house.open_record([] {
    record::Record closed;
    closed.outcome = "done";
    return closed;
  }());
  house.dead(5);
  open(5);
  const verdict::Ballot& ballot = collector.certificate().ballot;
  EXPECT_EQ(ballot.victim.member, MemberId{5});
  EXPECT_EQ(ballot.victim.node, node_id(5));
  EXPECT_EQ(ballot.victim.incarnation, Incarnation{1});
  EXPECT_EQ(ballot.electorate.voters.size(), 5U);
  EXPECT_EQ(ballot.revision, house.view.record_revision());
  EXPECT_TRUE(ballot.revision);
  EXPECT_EQ(sent_to(), (std::vector<NodeId>{node_id(2), node_id(3), node_id(4), node_id(5)})) << "the victim may veto";
}

TEST_F(Collecting, AMajorityAloneWaitsForTheVetoOfTheRest) {
  house.dead(5);
  open(5);
  take(1, Choice::kDead);
  take(2, Choice::kDead);
  take(3, Choice::kDead);
  EXPECT_EQ(collector.state(), State::kCollecting);
  take(4, Choice::kAlive);
  EXPECT_EQ(collector.state(), State::kVetoed);
}

TEST_F(Collecting, EverybodysAnswerEndsItAtOnce) {
  house.dead(5);
  open(5);
  for (std::uint8_t i = 1; i <= 3; ++i) take(i, Choice::kDead);
  take(4, Choice::kAbstain);
  EXPECT_EQ(collector.state(), State::kDead);
}

TEST_F(Collecting, VotersThatAreDeadThemselvesDoNotBlock) {
  house.dead(4);
  house.dead(5);
  open(5);
  for (std::uint8_t i = 1; i <= 3; ++i) take(i, Choice::kDead);
  after(house.config.rules.evidence_wait * 2 - milliseconds(1));
  EXPECT_EQ(collector.state(), State::kCollecting);
  after(milliseconds(1));
  EXPECT_EQ(collector.state(), State::kDead);
}

TEST_F(Collecting, WithoutAMajorityItEndsAtTheBound) {
  house.dead(5);
  open(5);
  take(1, Choice::kDead);
  take(2, Choice::kDead);
  take(3, Choice::kAbstain);
  after(house.config.rules.ballot_bound - milliseconds(1));
  EXPECT_EQ(collector.state(), State::kCollecting);
  after(milliseconds(1));
  EXPECT_EQ(collector.state(), State::kNotEnough);
  take(4, Choice::kDead);
  EXPECT_EQ(collector.state(), State::kNotEnough);
}

TEST_F(Collecting, AVoteAfterTheBoundDoesNotCountThoughOurTimersAreLate) {
  house.dead(5);
  open(5);
  take(1, Choice::kDead);
  take(2, Choice::kDead);
  take(3, Choice::kAbstain);
  house.pass(house.config.rules.ballot_bound);
  take(4, Choice::kDead);
  EXPECT_EQ(collector.state(), State::kCollecting);
  after(Duration::zero());
  EXPECT_EQ(collector.state(), State::kNotEnough);
}

TEST_F(Collecting, OnlyThoseWhoHaveNotAnsweredAreAskedAgain) {
  house.dead(5);
  open(5);
  sent_to();
  take(2, Choice::kDead);
  after(milliseconds(100));
  EXPECT_TRUE(sent_to().empty());
  after(milliseconds(600));
  EXPECT_EQ(sent_to(), (std::vector<NodeId>{node_id(3), node_id(4), node_id(5)}));
}

TEST_F(Collecting, InvalidVotesAreCountedAndOtherwiseIgnored) {
  house.dead(5);
  open(5);
  verdict::Vote forged = vote(2, Choice::kDead);
  forged.choice = Choice::kAlive;  // turned into a veto on the way
  take(forged);
  verdict::Vote stranger = vote(9, Choice::kAlive);
  take(stranger);
  verdict::Vote impostor = vote(2, Choice::kAlive);
  impostor.voter = MemberId{3};
  take(impostor);
  take(5, Choice::kDead);  // the victim may only veto
  EXPECT_EQ(collector.state(), State::kCollecting);
  EXPECT_EQ(counted("verdict.invalid_votes"), 4U);
  EXPECT_TRUE(collector.certificate().votes.empty());
}

TEST_F(Collecting, AVoteForAnotherBallotOrARepeatedOneChangesNothing) {
  house.dead(5);
  open(5);
  verdict::Vote other = vote(2, Choice::kAlive);
  other.ballot.bytes[3] ^= 1;
  take(other);
  take(2, Choice::kDead);
  take(2, Choice::kDead);
  EXPECT_EQ(collector.certificate().votes.size(), 1U);
  EXPECT_EQ(collector.tally().dead, 1U);
}

TEST_F(Collecting, AVetoedOrUnansweredBallotIsNotRepeatedAtOnce) {
  open(5);
  take(4, Choice::kAlive);
  EXPECT_TRUE(collector.contested(house.now, MemberId{5}));
  EXPECT_FALSE(collector.contested(house.now, MemberId{4}));
  house.pass(seconds(30));
  EXPECT_FALSE(collector.contested(house.now, MemberId{5}));
  open(4);
  after(house.config.rules.ballot_bound);
  EXPECT_TRUE(collector.contested(house.now, MemberId{4}));
}

TEST_F(Collecting, TheVictimsOwnVetoCounts) {
  open(5);
  take(5, Choice::kAlive);
  EXPECT_EQ(collector.state(), State::kVetoed);
  EXPECT_EQ(collector.view(house.now, house.world())->state, "vetoed");
}

}  // namespace
}  // namespace fluxpg::supervisor::test
