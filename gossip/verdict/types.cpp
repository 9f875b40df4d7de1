#include "gossip/verdict/types.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "gossip/verdict/bytes.hpp"

namespace fluxpg::verdict {

bool Electorate::contains(MemberId id) const { return std::binary_search(voters.begin(), voters.end(), id); }

const char* to_text(Choice choice) {
  switch (choice) {
    case Choice::kDead:
      return "dead";
    case Choice::kAlive:
      return "alive";
    case Choice::kAbstain:
      return "abstain";
  }
  CHECK(false);
}

const char* to_text(Listing listing) {
  switch (listing) {
    case Listing::kUnknown:
      return "unknown";
    case Listing::kListed:
      return "listed";
    case Listing::kUnlisted:
      return "unlisted";
  }
  CHECK(false);
}

std::string signed_bytes(const Ballot& ballot, const Vote& vote) {
  Bytes out("fluxpg vote 1");
  out.add(ballot.id).add(ballot.opener);
  out.add(ballot.victim.member).add(ballot.victim.peer_url).add(ballot.victim.node).add(ballot.victim.incarnation);
  out.add(ballot.electorate.cluster).add(std::uint64_t{ballot.electorate.voters.size()});
  for (const MemberId voter : ballot.electorate.voters) out.add(voter);
  out.add(ballot.revision).add(ballot.why).add(static_cast<std::uint64_t>(unix_ms(ballot.opened_at)));
  out.add(vote.ballot).add(vote.voter).add(vote.node).add(std::uint64_t(vote.choice)).add(std::uint64_t(vote.listing)).add(vote.reason);
  out.add(std::uint64_t{vote.evidence.size()});
  for (const Evidence& item : vote.evidence) out.add(item.kind).add(item.outcome).add(static_cast<std::uint64_t>(item.ms));
  return out.take();
}

}  // namespace fluxpg::verdict
