// The vocabulary of agreement: what is asked, what each voter answers, and the signed set that makes a fact of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace fluxpg::verdict {

// Who may vote: all voters of etcd, the dead ones included. Never the gossip view, never the Flux list.
struct Electorate {
  ClusterId cluster;
  std::vector<MemberId> voters;  // sorted
  bool operator==(const Electorate&) const = default;
  std::size_t majority() const { return voters.size() / 2 + 1; }
  bool contains(MemberId id) const;
};

// The rule of a ballot that asks whether a living member may go on its own wish: not whether it is dead. Its victim signs its consent
// to this very ballot, which cannot be used for another; the others sign that they live and have heard of the wish.
inline constexpr const char* kLeaveRule = "leave";

// The member in question, named exactly.
struct Victim {
  MemberId member;
  std::string peer_url;
  NodeId node;              // zero: no key is bound to this member id
  Incarnation incarnation;  // as the opener knew it
  bool operator==(const Victim&) const = default;
};

struct Ballot {
  Nonce id;
  NodeId opener;
  Victim victim;
  Electorate electorate;
  Epoch revision;       // of the decision record when the ballot was opened
  std::string why;      // the rule that asks for it
  WallPoint opened_at;  // for people only: no rule reads it
  bool of_leave() const { return why == kLeaveRule; }
  bool operator==(const Ballot&) const = default;
};

enum class Choice : std::uint8_t { kDead, kAlive, kAbstain };
enum class Listing : std::uint8_t { kUnknown, kListed, kUnlisted };
// "dead", "alive", "abstain"; "unknown", "listed", "unlisted": in records, reports and WIRE.md.
const char* to_text(Choice choice);
const char* to_text(Listing listing);

// One attempt to hear from the victim, made after the ballot arrived.
struct Evidence {
  std::string kind;     // "gossip-probe", "etcd-status"
  std::string outcome;  // "no answer", "refused", "answered as 8e9e…", …
  std::int64_t ms = 0;  // how long it took or was waited for
  bool operator==(const Evidence&) const = default;
};

struct Vote {
  Nonce ballot;
  MemberId voter;
  NodeId node;
  Choice choice = Choice::kAbstain;
  Listing listing = Listing::kUnknown;
  std::string reason;
  std::vector<Evidence> evidence;
  Signature signature;  // over signed_bytes(ballot, vote)
  bool operator==(const Vote&) const = default;
};

// A ballot and the votes that decided it; stored with the decision, verifiable for as long as the keys are known.
struct Certificate {
  Ballot ballot;
  std::vector<Vote> votes;
  bool operator==(const Certificate&) const = default;
};

// The exact bytes that a vote signs: every field of the ballot and of the vote, length-prefixed.
std::string signed_bytes(const Ballot& ballot, const Vote& vote);

// ---- founding: the one agreement that is made before there is an etcd to write it in ----

struct Founder {
  NodeId node;
  std::string name;
  std::string peer_url;
  bool operator==(const Founder&) const = default;
};

// A copy of PostgreSQL's data that outlived etcd's: whose it is, and how far it goes.
struct DatabaseCopy {
  std::string system_id;  // of PostgreSQL: the same in all copies of one database
  NodeId node;
  std::uint32_t timeline = 0;
  std::uint64_t lsn = 0;
  bool operator==(const DatabaseCopy&) const = default;
};

struct FoundingPlan {
  std::uint64_t round = 0;  // higher rounds replace lower ones that were never chosen
  NodeId proposer;
  std::string token;              // random per plan: a second founding can never merge with the first
  std::uint32_t counted = 0;      // how many nodes the proposer counts; a founder that counts more refuses
  std::vector<Founder> founders;  // sorted by node id
  // The copy that goes furthest: the cluster keeps its database, and its node starts PostgreSQL before any other. nullopt: there is no
  // database yet, one is to be made.
  std::optional<DatabaseCopy> database = {};
  bool operator==(const FoundingPlan&) const = default;
};

struct FoundingPromise {
  std::uint64_t round = 0;
  std::string token;
  NodeId node;
  bool promised = false;
  std::string reason;  // why not
  bool operator==(const FoundingPromise&) const = default;
};

// Everybody promised: start etcd with exactly this plan.
struct FoundingStart {
  FoundingPlan plan;
  bool operator==(const FoundingStart&) const = default;
};

}  // namespace fluxpg::verdict
