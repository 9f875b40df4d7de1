// Each guard of the check, in a case in which it must refuse.
#include "supervisor/report/certificate.hpp"

#include <gtest/gtest.h>

#include "tests/report/snapshots.hpp"

namespace fluxpg::report {
namespace {

using record::samples::member;
using record::samples::node;

const Checksums kVerifier;

TEST(Certificate, IsValidWithAMajorityOfSignedDeadVotes) {
  const CertificateCheck result = check(signed_removal(), kVerifier);
  EXPECT_TRUE(result.valid);
  EXPECT_EQ(result.signatures, (std::vector<bool>{true, true}));
  EXPECT_EQ(result.why, "2 of 3 voters validly signed \"dead\", 2 were needed.");
}

TEST(Certificate, IsRefusedIfOneSignatureOfTheMajorityIsWrong) {
  record::Record r = signed_removal();
  r.certificate.votes[1].signature.bytes[3] ^= 1;
  const CertificateCheck result = check(r, kVerifier);
  EXPECT_FALSE(result.valid);
  EXPECT_EQ(result.signatures, (std::vector<bool>{true, false}));
  EXPECT_EQ(result.why, "Only 1 of 3 voters validly signed \"dead\", 2 are needed.");
}

TEST(Certificate, IsRefusedIfAVoteWasChangedAfterwards) {
  record::Record r = signed_removal();
  r.certificate.votes[0].reason += "!";
  EXPECT_FALSE(check(r, kVerifier).valid);
}

TEST(Certificate, CountsAVoterOnce) {
  record::Record r = signed_removal();
  r.certificate.votes[1] = r.certificate.votes[0];
  EXPECT_EQ(check(r, kVerifier).dead, 1U);
  EXPECT_FALSE(check(r, kVerifier).valid);
}

TEST(Certificate, DoesNotCountThoseOutsideTheElectorate) {
  record::Record r = signed_removal();
  r.certificate.votes[1].voter = member(9);
  sign_again(r);
  EXPECT_FALSE(check(r, kVerifier).valid);
}

TEST(Certificate, DoesNotCountVotesOfAnotherBallot) {
  record::Record r = signed_removal();
  r.certificate.votes[1].ballot.bytes[0] ^= 1;
  sign_again(r);
  EXPECT_FALSE(check(r, kVerifier).valid);
}

TEST(Certificate, DoesNotCountAbstentions) {
  record::Record r = signed_removal();
  r.certificate.votes[1].choice = verdict::Choice::kAbstain;
  sign_again(r);
  EXPECT_FALSE(check(r, kVerifier).valid);
}

TEST(Certificate, IsRefusedIfAnybodySignedAlive) {
  record::Record r = signed_removal();
  r.certificate.votes.push_back(r.certificate.votes[0]);
  r.certificate.votes[2].voter = member(3);
  r.certificate.votes[2].node = node(3);
  r.certificate.votes[2].choice = verdict::Choice::kAlive;
  sign_again(r);
  EXPECT_EQ(check(r, kVerifier).why, "Voter 8e9e05c521646903 signed \"alive\".");
  r.certificate.votes[2].signature.bytes[0] ^= 1;
  EXPECT_TRUE(check(r, kVerifier).valid) << "a forged veto is none";
}

TEST(Certificate, IsRefusedIfItIsAboutAnotherMemberOrElectorate) {
  record::Record r = signed_removal();
  r.change.member = member(2);
  EXPECT_EQ(check(r, kVerifier).why, "The ballot was about member 8e9e05c521646903.");
  r = signed_removal();
  r.electorate.voters.pop_back();
  EXPECT_EQ(check(r, kVerifier).why, "The ballot was held in another electorate.");
}

TEST(Certificate, OfALeaveNeedsTheConsentOfTheOneThatLeavesBesideTheMajority) {
  record::Record r = signed_removal();
  r.change.rule = r.certificate.ballot.why = verdict::kLeaveRule;
  sign_again(r);
  EXPECT_EQ(check(r, kVerifier).why, "The member that leaves has not signed its consent.");
  r.certificate.votes.push_back(r.certificate.votes[0]);
  r.certificate.votes[2].voter = member(3);
  r.certificate.votes[2].node = node(3);
  sign_again(r);
  EXPECT_TRUE(check(r, kVerifier).valid);
  EXPECT_EQ(check(r, kVerifier).why, "2 of 3 voters validly signed that it may leave, 2 were needed; it consented itself.");
  r.certificate.votes.erase(r.certificate.votes.begin());
  EXPECT_FALSE(check(r, kVerifier).valid) << "its consent is not counted among the others";
}

TEST(Certificate, IsRefusedIfThereIsNone) {
  EXPECT_EQ(check(record::samples::promotion(), kVerifier).why, "There is no certificate.");
  EXPECT_FALSE(check(record::samples::promotion(), kVerifier).valid);
}

}  // namespace
}  // namespace fluxpg::report
