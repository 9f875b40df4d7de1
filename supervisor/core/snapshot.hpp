// What the agent knows and does right now, as plain data: supervisor/report turns it into tables, JSON and metrics.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gossip/core/member.hpp"
#include "supervisor/core/loss.hpp"
#include "supervisor/record/record.hpp"

namespace fluxpg::supervisor {

enum class Health : std::uint8_t { kHealthy, kDegraded, kMajorityLost };

struct MemberRow {
  NodeId node;  // zero: an etcd member that no node claims
  std::string name;
  std::string endpoint;  // ADDRESS:GOSSIP_PORT
  std::string gossip;    // "alive", "suspect", "dead", "left", "unknown" (never heard of)
  double gossip_for_seconds = 0;
  Incarnation incarnation;
  MemberId member;   // 0: none
  std::string role;  // "voter", "learner", "none"
  bool leader = false;
  std::string postgres;  // "primary", "replica", "unknown"
  std::string listed;    // "listed", "unlisted", "unknown"
  std::string version;
  std::string note;  // what is special about it, one sentence: "live but unlisted", "dead for 12 s, evicted after 15 s", …
};

struct MatrixLink {
  NodeId from;
  NodeId to;
  gossip::LinkState state = gossip::LinkState::kUnknown;
  std::uint32_t rtt_ms = 0;
};

// The running or latest ballot.
struct BallotView {
  MemberId victim;
  std::string victim_name;
  std::size_t dead_votes = 0;
  std::size_t needed = 0;
  std::string state;   // "collecting", "agreed dead", "vetoed", "not enough votes"
  std::string detail;  // who vetoed, whose votes are missing and why
  std::vector<verdict::Vote> votes;
  double seconds_ago = 0;
};

// Something under way and what it waits for.
struct Doing {
  std::string what;
  std::string waits_for;  // empty: nothing
};

// `fluxpgctl leave` on this node.
struct LeaveView {
  std::string state;          // "handing over", "consented", "left", "refused"
  std::string detail;         // what it waits for; why it was refused
  std::int64_t since_ms = 0;  // unix time; 0 if refused
};

struct Snapshot {
  std::string app;
  std::string version;
  Health health = Health::kDegraded;
  std::vector<std::string> problems;  // why it is not healthy, one sentence each, the worst first
  std::size_t voters = 0;
  std::size_t voters_live = 0;
  int failures_survivable = 0;
  ClusterId cluster;
  NodeId self;
  std::string self_name;
  std::optional<NodeId> remover;
  Epoch epoch;
  std::optional<record::Record> open_decision;
  std::string evictions = "enforce";  // "enforce", "shadow", "paused"
  std::optional<MajorityLoss> loss;   // when the majority is lost
  std::vector<MemberRow> members;
  std::vector<NodeId> nodes;
  std::vector<MatrixLink> links;
  std::vector<Doing> doing;
  std::optional<BallotView> ballot;
  std::optional<LeaveView> leave;
  std::vector<record::Record> history;            // newest first
  std::map<std::string, std::uint64_t> counters;  // "discovery_bad_answers.html", "verdict.vetoes", …
};

}  // namespace fluxpg::supervisor
