// Who the voters are, also where etcd cannot be asked any more: remembered on disk, with the one of whom it is not sure.
//
// Without a leader a restarted etcd serves nobody, so a change that was committed a moment before the end is known to its log alone. So a
// promotion or a removal is remembered before it is called, and a majority is counted with and without its member.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

// The voters as etcd lists them; if it cannot be asked, as it last did, perhaps before a restart of this daemon.
std::vector<KnownVoter> known_voters(const World& world);
// The same to be remembered: with the time since when each is silent. nullopt: etcd does not say just now who the voters are.
std::optional<std::vector<KnownVoter>> voters_to_remember(const Now& now, const World& world);
// Whoever is promoted and recovered in the moment before we end is known from the time before that.
std::vector<KnownLearner> learners_to_remember(const Now& now, const World& world);
// Whoever reads `voters` after a crash knows that this change may have been made.
bool remembers(const std::vector<KnownVoter>& voters, const record::Change& change);

const KnownVoter* find(const std::vector<KnownVoter>& voters, MemberId member);

// How many of an electorate do something.
struct Share {
  std::size_t voters = 0;
  std::size_t those = 0;
  std::size_t majority() const { return voters / 2 + 1; }
  bool is_majority() const { return those >= majority(); }
};
// Of the two electorates that etcd may go by: with the uncertain voter, and without.
struct Shares {
  Share with;
  Share without;
  bool surely() const { return with.is_majority() && without.is_majority(); }
  bool possibly() const { return with.is_majority() || without.is_majority(); }
  // The one that lacks a majority; of both, or none, the larger.
  const Share& worse() const { return with.is_majority() && !without.is_majority() ? without : with; }
};
template <class Predicate>
Shares shares(const std::vector<KnownVoter>& voters, Predicate does) {
  Shares result;
  for (const KnownVoter& voter : voters) {
    const std::size_t counts = does(voter) ? 1 : 0;
    ++result.with.voters, result.with.those += counts;
    if (!voter.uncertain) ++result.without.voters, result.without.those += counts;
  }
  return result;
}

}  // namespace fluxpg::supervisor
