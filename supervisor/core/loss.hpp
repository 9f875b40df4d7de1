// What is known when etcd has lost its majority: who is missing, who is left, how far each copy goes, and what would bring it back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"

namespace fluxpg::supervisor {

struct PostgresPlace {
  std::string role = "unknown";
  std::string system_id;
  std::uint32_t timeline = 0;
  std::uint64_t lsn = 0;  // received, which may be ahead of replayed
  bool operator==(const PostgresPlace&) const = default;
};

struct LostVoter {
  MemberId member;
  NodeId node;
  std::string name;
  std::string address;     // empty: unknown
  std::string since;       // a sentence: since when it is silent, and when it was last heard
  std::string listed;      // "listed", "unlisted", "unknown"
  std::string may_live;    // why it may be cut off from here, and live; empty: it is silent and the Flux API has dropped it
  bool uncertain = false;  // whether it is a voter is not known: a change of it was under way
};

struct Survivor {
  NodeId node;
  std::string name;
  std::string address;
  bool self = false;
  ClusterId cluster;
  bool voter = false;                       // of the cluster in question, with its etcd data: it can be recovered from
  std::string data;                         // "etcd", "only PostgreSQL", "none", "unknown"
  std::optional<std::uint64_t> raft_index;  // applied; nullopt: its etcd does not answer
  std::uint64_t raft_term = 0;
  std::optional<PostgresPlace> postgres;
};

struct MajorityLoss {
  ClusterId cluster;
  // Of the electorate that lacks more, where it is not known whether one is a voter.
  std::size_t voters = 0;
  std::size_t needed = 0;
  std::size_t live = 0;  // survivors that are voters
  // What would be a majority elsewhere: with the uncertain one, and of the others alone.
  std::size_t majority_with = 0;
  std::size_t majority_without = 0;
  bool has_leader = false;
  std::vector<LostVoter> lost;
  std::vector<Survivor> survivors;  // every node that answers, ourselves first
  std::string cure;                 // what would bring it back, without `recover`
  std::string unsure;               // a sentence, if it is not known whether somebody is a voter
  bool left = false;                // this node itself has left the cluster for good
};

// What the operator typed.
struct RecoverOrder {
  std::string app;
  std::vector<std::string> although;  // addresses of voters that may live: the operator answers for them
  bool operator==(const RecoverOrder&) const = default;
};

// The voter with the most data: PostgreSQL's timeline and position first, then what its etcd has applied. nullptr: nobody can be recovered
// from.
const Survivor* most_advanced(const MajorityLoss& loss);
// Why `recover` must not be done, or not here: one sentence; empty: it may. Without a loss there is nothing to recover.
std::string recover_refusal(const std::optional<MajorityLoss>& loss, const std::string& app, const RecoverOrder& order);
// The same before the name of the app is typed.
std::string recover_obstacle(const std::optional<MajorityLoss>& loss, const std::vector<std::string>& although);
// "node-2 (198.18.0.12)"
std::string named(const LostVoter& voter);
// "a, b and c"
std::string enumerated(const std::vector<std::string>& names, const char* last = " and ");

}  // namespace fluxpg::supervisor
