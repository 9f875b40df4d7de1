// Counting votes: which count, and whether they make a verdict.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/signing.hpp"
#include "gossip/verdict/types.hpp"

namespace fluxpg::verdict {

// Which key speaks for an etcd member id, as etcd itself records it.
using Bindings = std::map<MemberId, NodeId>;

// Why a vote does not count; empty if it does. The victim's own vote counts only as a veto, or as its consent to leave.
std::string flaw(const Ballot& ballot, const Vote& vote, const Bindings& bindings, const Signing& signing);

enum class Standing : std::uint8_t {
  kOpen,    // neither a majority nor a veto yet
  kDead,    // a majority of all voters says dead, nobody vetoes
  kVetoed,  // somebody heard from the victim's etcd
};

struct Tally {
  Standing standing = Standing::kOpen;
  std::size_t needed = 0;  // a majority of all voters, dead ones included
  std::size_t dead = 0;
  bool consented = false;  // the victim itself has signed that it leaves; only a ballot about a leave asks for it
  std::size_t abstained = 0;
  std::size_t unlisted = 0;  // of the dead votes: how many say that the Flux list has dropped the victim
  std::vector<MemberId> vetoes;
  std::vector<MemberId> missing;  // voters other than the victim without a valid vote
};

// Counts the valid votes; of several votes of one voter the last one counts, but a veto stays a veto.
Tally tally(const Certificate& certificate, const Bindings& bindings, const Signing& signing);

// Whether this certificate is a verdict about exactly this member under exactly this electorate; else one sentence why not.
std::string certificate_flaw(const Certificate& certificate, MemberId victim, const Electorate& electorate, const Bindings& bindings,
                             const Signing& signing);

// "1 vetoes (…), 2 of 3 needed say dead, no vote from …": for status. `name` turns a member id into something readable.
std::string describe(const Tally& tally, const std::map<MemberId, std::string>& names);

}  // namespace fluxpg::verdict
