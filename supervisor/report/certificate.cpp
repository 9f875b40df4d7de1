#include "supervisor/report/certificate.hpp"

#include <algorithm>
#include <set>

namespace fluxpg::report {
namespace {

std::string verdict_on(const record::Record& record, const CertificateCheck& check, const std::set<MemberId>& vetoes) {
  const verdict::Ballot& ballot = record.certificate.ballot;
  if (!ballot.id) return "There is no certificate.";
  if (ballot.victim.member != record.change.member) return "The ballot was about member " + to_text(ballot.victim.member) + ".";
  if (ballot.electorate != record.electorate) return "The ballot was held in another electorate.";
  if (!vetoes.empty()) return "Voter " + to_text(*vetoes.begin()) + " signed \"alive\".";
  const std::string counted = std::to_string(check.dead) + " of " + std::to_string(record.electorate.voters.size()) +
                              " voters validly signed \"dead\", " + std::to_string(check.needed) + " are needed.";
  return check.dead >= check.needed ? "" : "Only " + counted;
}

}  // namespace

CertificateCheck check(const record::Record& record, const Signing& verifier) {
  const verdict::Certificate& certificate = record.certificate;
  const std::vector<MemberId>& voters = record.electorate.voters;
  CertificateCheck result;
  result.needed = record.electorate.majority();
  std::set<MemberId> dead;
  std::set<MemberId> alive;
  for (const verdict::Vote& vote : certificate.votes) {
    const bool valid = verifier.verify(vote.node, verdict::signed_bytes(certificate.ballot, vote), vote.signature);
    result.signatures.push_back(valid);
    const bool counts =
        valid && vote.ballot == certificate.ballot.id && std::find(voters.begin(), voters.end(), vote.voter) != voters.end();
    if (counts && vote.choice == verdict::Choice::kDead) dead.insert(vote.voter);
    if (counts && vote.choice == verdict::Choice::kAlive) alive.insert(vote.voter);
  }
  result.dead = dead.size();
  result.why = verdict_on(record, result, alive);
  result.valid = result.why.empty();
  if (result.valid) {
    result.why = std::to_string(result.dead) + " of " + std::to_string(voters.size()) + " voters validly signed \"dead\", " +
                 std::to_string(result.needed) + " were needed.";
  }
  return result;
}

}  // namespace fluxpg::report
