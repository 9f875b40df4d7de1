// Only while gossip/verdict is not built: something that depends on what the real one signs.
#include "gossip/verdict/types.hpp"

namespace fluxpg::verdict {

std::string signed_bytes(const Ballot& ballot, const Vote& vote) {
  return to_text(ballot.id) + to_text(ballot.victim.member) + ballot.why + to_text(vote.voter) +
         std::to_string(static_cast<int>(vote.choice)) + vote.reason;
}

}  // namespace fluxpg::verdict
