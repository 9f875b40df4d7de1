#include "supervisor/report/certificate.hpp"

#include <algorithm>
#include <set>

namespace fluxpg::report {
namespace {

// "dead" of a ballot about a leave means that the voter agrees to it.
std::string signed_what(const record::Record& record, const CertificateCheck& check) {
  return std::to_string(check.dead) + " of " + std::to_string(record.electorate.voters.size()) + " voters validly signed " +
         (record.certificate.ballot.of_leave() ? "that it may leave, " : "\"dead\", ") + std::to_string(check.needed);
}

std::string verdict_on(const record::Record& record, const CertificateCheck& check, const std::set<MemberId>& vetoes, bool consented) {
  const verdict::Ballot& ballot = record.certificate.ballot;
  if (!ballot.id) return "There is no certificate.";
  if (ballot.victim.member != record.change.member) return "The ballot was about member " + to_text(ballot.victim.member) + ".";
  if (ballot.electorate != record.electorate) return "The ballot was held in another electorate.";
  if (!vetoes.empty()) return "Voter " + to_text(*vetoes.begin()) + " signed \"alive\".";
  if (ballot.of_leave() && !consented) return "The member that leaves has not signed its consent.";
  return check.dead >= check.needed ? "" : "Only " + signed_what(record, check) + " are needed.";
}

}  // namespace

CertificateCheck check(const record::Record& record, const Signing& verifier) {
  const verdict::Certificate& certificate = record.certificate;
  const std::vector<MemberId>& voters = record.electorate.voters;
  CertificateCheck result;
  result.needed = record.electorate.majority();
  std::set<MemberId> dead;
  std::set<MemberId> alive;
  bool consented = false;
  for (const verdict::Vote& vote : certificate.votes) {
    const bool valid = verifier.verify(vote.node, verdict::signed_bytes(certificate.ballot, vote), vote.signature);
    result.signatures.push_back(valid);
    const bool counts =
        valid && vote.ballot == certificate.ballot.id && std::find(voters.begin(), voters.end(), vote.voter) != voters.end();
    const bool of_victim = vote.voter == record.change.member;  // it may veto, or consent to leave
    if (counts && vote.choice == verdict::Choice::kDead) of_victim ? void(consented = true) : void(dead.insert(vote.voter));
    if (counts && vote.choice == verdict::Choice::kAlive) alive.insert(vote.voter);
  }
  result.dead = dead.size();
  result.why = verdict_on(record, result, alive, consented);
  result.valid = result.why.empty();
  if (result.valid) {
    result.why = signed_what(record, result) + " were needed" + (certificate.ballot.of_leave() ? "; it consented itself." : ".");
  }
  return result;
}

}  // namespace fluxpg::report
