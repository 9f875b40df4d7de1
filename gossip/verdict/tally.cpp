#include "gossip/verdict/tally.hpp"

#include "base/guard.hpp"

namespace fluxpg::verdict {

std::string flaw(const Ballot& ballot, const Vote& vote, const Bindings& bindings, const Signing& signing) {
  if (vote.ballot != ballot.id) return "it answers another ballot";
  if (!ballot.electorate.contains(vote.voter)) return "member " + to_text(vote.voter) + " is not in the electorate";
  const auto bound = bindings.find(vote.voter);
  if (bound == bindings.end()) return "no key is bound to member " + to_text(vote.voter);
  if (bound->second != vote.node) return "node " + short_text(vote.node) + " does not speak for member " + to_text(vote.voter);
  const bool consent = ballot.of_leave() && vote.choice == Choice::kDead;
  if (holds(Guard::kVictimsVote) && vote.voter == ballot.victim.member && vote.choice != Choice::kAlive && !consent) {
    return "the victim may only veto";
  }
  if (holds(Guard::kSignature) && !signing.verify(vote.node, signed_bytes(ballot, vote), vote.signature)) return "the signature is wrong";
  return "";
}

Tally tally(const Certificate& certificate, const Bindings& bindings, const Signing& signing) {
  const Ballot& ballot = certificate.ballot;
  std::map<MemberId, const Vote*> counted;
  for (const Vote& vote : certificate.votes) {
    if (!flaw(ballot, vote, bindings, signing).empty()) continue;
    const Vote*& slot = counted[vote.voter];
    if (slot == nullptr || slot->choice != Choice::kAlive) slot = &vote;
  }
  Tally result;
  result.needed = ballot.electorate.majority() - (holds(Guard::kMajority) ? 0 : 1);
  for (const MemberId voter : ballot.electorate.voters) {
    const auto found = counted.find(voter);
    if (found == counted.end()) {
      if (voter != ballot.victim.member || ballot.of_leave()) result.missing.push_back(voter);
      continue;
    }
    switch (found->second->choice) {
      case Choice::kAlive:
        result.vetoes.push_back(voter);
        break;
      case Choice::kAbstain:
        ++result.abstained;
        break;
      case Choice::kDead:
        if (voter == ballot.victim.member) result.consented = true;
        if (voter == ballot.victim.member && ballot.of_leave() && holds(Guard::kConsentIsNoVote)) break;
        ++result.dead;
        if (found->second->listing == Listing::kUnlisted) ++result.unlisted;
        break;
    }
  }
  if (holds(Guard::kVeto) && !result.vetoes.empty()) {
    result.standing = Standing::kVetoed;
  } else if (result.dead >= result.needed && (!ballot.of_leave() || result.consented || !holds(Guard::kConsentIsSigned))) {
    result.standing = Standing::kDead;
  }
  return result;
}

std::string certificate_flaw(const Certificate& certificate, MemberId victim, const Electorate& electorate, const Bindings& bindings,
                             const Signing& signing) {
  if (certificate.ballot.victim.member != victim) return "its certificate is about member " + to_text(certificate.ballot.victim.member);
  if (certificate.ballot.electorate != electorate) return "its certificate was signed by another electorate";
  if (!electorate.contains(victim)) return "the victim is not a voter of its electorate";
  const Tally counted = tally(certificate, bindings, signing);
  if (counted.standing == Standing::kVetoed) return "its certificate contains a veto";
  if (counted.standing != Standing::kDead) {
    if (counted.dead >= counted.needed) return "the member that leaves has not signed it";
    return "only " + std::to_string(counted.dead) + " of the " + std::to_string(counted.needed) + " needed votes are valid";
  }
  return "";
}

namespace {
std::string listed(const std::vector<MemberId>& ids, const std::map<MemberId, std::string>& names) {
  std::string text;
  for (const MemberId id : ids) {
    const auto name = names.find(id);
    text += (text.empty() ? "" : ", ") + (name == names.end() || name->second.empty() ? to_text(id) : name->second);
  }
  return text;
}
}  // namespace

std::string describe(const Tally& counted, const std::map<MemberId, std::string>& names) {
  std::string text = std::to_string(counted.dead) + " of " + std::to_string(counted.needed) + " needed votes say dead";
  if (counted.dead < counted.needed) text += ", " + std::to_string(counted.needed - counted.dead) + " missing";
  if (!counted.vetoes.empty()) text += "; heard from by " + listed(counted.vetoes, names);
  if (counted.abstained > 0) text += "; " + std::to_string(counted.abstained) + " abstained";
  if (!counted.missing.empty()) text += "; no vote from " + listed(counted.missing, names);
  return text;
}

}  // namespace fluxpg::verdict
