#include "gossip/verdict/tally.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_signing.hpp"

namespace fluxpg::verdict {
namespace {

using fluxpg::testing::FakeSigning;
using fluxpg::testing::node_id;

// Five voters 1…5, voter 5 is the victim; node i speaks for member i.
struct Case {
  Certificate certificate;
  Bindings bindings;
  FakeSigning signing{node_id(1)};

  explicit Case(std::uint64_t voters = 5) {
    certificate.ballot.id.bytes[0] = 7;
    certificate.ballot.electorate.cluster = ClusterId{99};
    certificate.ballot.victim.member = MemberId{voters};
    for (std::uint64_t i = 1; i <= voters; ++i) {
      certificate.ballot.electorate.voters.push_back(MemberId{i});
      bindings[MemberId{i}] = node_id(static_cast<std::uint8_t>(i));
    }
  }
  Vote vote(std::uint64_t voter, Choice choice) const {
    Vote vote;
    vote.ballot = certificate.ballot.id;
    vote.voter = MemberId{voter};
    vote.node = node_id(static_cast<std::uint8_t>(voter));
    vote.choice = choice;
    vote.signature = FakeSigning(vote.node).sign(signed_bytes(certificate.ballot, vote));
    return vote;
  }
  Case& add(std::uint64_t voter, Choice choice) {
    certificate.votes.push_back(vote(voter, choice));
    return *this;
  }
  Tally count() const { return tally(certificate, bindings, signing); }
};

TEST(Tally, NeedsAMajorityOfAllVotersTheDeadOnesIncluded) {
  Case five;
  five.add(1, Choice::kDead).add(2, Choice::kDead);
  EXPECT_EQ(five.count().standing, Standing::kOpen);
  EXPECT_EQ(five.count().needed, 3U);
  five.add(3, Choice::kDead);
  EXPECT_EQ(five.count().standing, Standing::kDead);
  Case four(4);
  four.add(1, Choice::kDead).add(2, Choice::kDead);
  EXPECT_EQ(four.count().standing, Standing::kOpen) << "2 of 4 is no majority";
}

TEST(Tally, AConsentToLeaveIsNeededAndCountsForNobodyElse) {
  Case three(3);
  three.certificate.ballot.why = kLeaveRule;
  three.add(1, Choice::kDead).add(3, Choice::kDead);
  EXPECT_EQ(three.count().standing, Standing::kOpen) << "one of the others is not a majority of three";
  EXPECT_TRUE(three.count().consented);
  three.add(2, Choice::kDead);
  EXPECT_EQ(three.count().standing, Standing::kDead);
  Case unasked(3);
  unasked.certificate.ballot.why = kLeaveRule;
  unasked.add(1, Choice::kDead).add(2, Choice::kDead);
  EXPECT_EQ(unasked.count().standing, Standing::kOpen);
  EXPECT_EQ(unasked.count().missing, std::vector<MemberId>{MemberId{3}}) << "its signature is waited for";
  unasked.add(3, Choice::kAlive);
  EXPECT_EQ(unasked.count().standing, Standing::kVetoed);
}

TEST(Tally, AConsentToAnotherBallotIsNone) {
  Case now(3);
  now.certificate.ballot.why = kLeaveRule;
  Case before = now;
  before.certificate.ballot.id.bytes[0] = 8;
  now.add(1, Choice::kDead).add(2, Choice::kDead);
  now.certificate.votes.push_back(before.vote(3, Choice::kDead));
  EXPECT_EQ(now.count().standing, Standing::kOpen);
  now.certificate.votes.back().ballot = now.certificate.ballot.id;  // as if it answered this one
  EXPECT_EQ(flaw(now.certificate.ballot, now.certificate.votes.back(), now.bindings, now.signing), "the signature is wrong");
}

TEST(Tally, OneVetoOutweighsAnyMajority) {
  Case five;
  five.add(1, Choice::kDead).add(2, Choice::kDead).add(3, Choice::kDead).add(4, Choice::kAlive);
  EXPECT_EQ(five.count().standing, Standing::kVetoed);
  EXPECT_EQ(five.count().vetoes, std::vector<MemberId>{MemberId{4}});
}

TEST(Tally, TheVictimMayVetoButNotVoteItselfDead) {
  Case three(3);
  three.add(1, Choice::kDead).add(3, Choice::kDead);
  EXPECT_EQ(three.count().dead, 1U);
  three.add(2, Choice::kDead).add(3, Choice::kAlive);
  EXPECT_EQ(three.count().standing, Standing::kVetoed);
}

TEST(Tally, CountsEachVoterOnceAndKeepsAVeto) {
  Case five;
  five.add(1, Choice::kDead).add(1, Choice::kDead).add(1, Choice::kDead);
  EXPECT_EQ(five.count().dead, 1U);
  five.add(2, Choice::kAlive).add(2, Choice::kDead);
  EXPECT_EQ(five.count().standing, Standing::kVetoed);
}

TEST(Tally, AnAbstentionIsNeitherDeadNorVeto) {
  Case three(3);
  three.add(1, Choice::kDead).add(2, Choice::kAbstain);
  EXPECT_EQ(three.count().standing, Standing::kOpen);
  EXPECT_EQ(three.count().abstained, 1U);
  EXPECT_TRUE(three.count().missing.empty());
}

TEST(Tally, RefusesAVoteThatIsNotExactlyRight) {
  const Case five;
  const auto flaw_of = [&five](Vote vote) { return flaw(five.certificate.ballot, vote, five.bindings, five.signing); };
  EXPECT_EQ(flaw_of(five.vote(1, Choice::kDead)), "");

  Vote forged = five.vote(1, Choice::kAbstain);
  forged.choice = Choice::kDead;
  EXPECT_EQ(flaw_of(forged), "the signature is wrong");
  Vote relisted = five.vote(1, Choice::kDead);
  relisted.listing = Listing::kUnlisted;
  EXPECT_EQ(flaw_of(relisted), "the signature is wrong");
  Vote outsider = five.vote(1, Choice::kDead);
  outsider.voter = MemberId{77};
  EXPECT_EQ(flaw_of(outsider), "member 4d is not in the electorate");
  Vote impostor = five.vote(1, Choice::kDead);
  impostor.voter = MemberId{2};
  EXPECT_NE(flaw_of(impostor).find("does not speak for member 2"), std::string::npos);
  Vote other = five.vote(1, Choice::kDead);
  other.ballot.bytes[0] = 8;
  EXPECT_EQ(flaw_of(other), "it answers another ballot");
  Case unbound;
  unbound.bindings.erase(MemberId{1});
  EXPECT_EQ(flaw(unbound.certificate.ballot, unbound.vote(1, Choice::kDead), unbound.bindings, unbound.signing),
            "no key is bound to member 1");
}

TEST(Tally, AVoteForOneBallotIsNoVoteForAnotherElectorate) {
  Case five;
  const Vote vote = five.vote(1, Choice::kDead);
  five.certificate.ballot.electorate.voters.push_back(MemberId{6});
  EXPECT_EQ(flaw(five.certificate.ballot, vote, five.bindings, five.signing), "the signature is wrong");
}

TEST(Certificate, IsRefusedForAnotherVictimElectorateOrTooFewVotes) {
  Case three(3);
  const Electorate electorate = three.certificate.ballot.electorate;
  three.add(1, Choice::kDead);
  const auto flaw_for = [&three](MemberId victim, const Electorate& e) {
    return certificate_flaw(three.certificate, victim, e, three.bindings, three.signing);
  };
  EXPECT_EQ(flaw_for(MemberId{3}, electorate), "only 1 of the 2 needed votes are valid");
  three.add(2, Choice::kDead);
  EXPECT_EQ(flaw_for(MemberId{3}, electorate), "");
  EXPECT_EQ(flaw_for(MemberId{2}, electorate), "its certificate is about member 3");
  Electorate grown = electorate;
  grown.voters.push_back(MemberId{4});
  EXPECT_EQ(flaw_for(MemberId{3}, grown), "its certificate was signed by another electorate");
  Electorate swapped = electorate;
  swapped.voters[0] = MemberId{9};
  EXPECT_EQ(flaw_for(MemberId{3}, swapped), "its certificate was signed by another electorate") << "of the same size";
  three.add(3, Choice::kAlive);
  EXPECT_EQ(flaw_for(MemberId{3}, electorate), "its certificate contains a veto");
}

TEST(Tally, SaysHowManyVotesAreMissingAndWhose) {
  Case five;
  five.add(1, Choice::kDead).add(2, Choice::kDead);
  EXPECT_EQ(describe(five.count(), {{MemberId{3}, "node-c"}}), "2 of 3 needed votes say dead, 1 missing; no vote from node-c, 4");
}

}  // namespace
}  // namespace fluxpg::verdict
