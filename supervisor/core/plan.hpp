// What should be done next: at most one change of membership, with its rule and its reason. One pure function.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "discovery/listing.hpp"
#include "supervisor/core/rules.hpp"
#include "supervisor/core/snapshot.hpp"
#include "supervisor/record/record.hpp"

namespace fluxpg::supervisor {

// What is known about one member of etcd.
struct SeatFacts {
  MemberId member;
  NodeId node;  // zero: no key is bound to it
  std::string name;
  std::string peer_url;
  bool alive = false;         // gossip hears it (suspects included), or it is ourselves
  bool etcd_answers = false;  // gossip holds it dead, but its etcd answers us: it lives, and only its daemon is not heard
  Duration silent_for{};  // since gossip holds it dead while we hear a majority, or since it was first seen without any node that claims
                          // it, or its etcd's answer
  bool stopping = false;  // announced a planned stop
  bool leaving = false;   // consents to its removal
  Duration etcd_silent_for{};                                    // of a live daemon: since it last vouched for its etcd
  discovery::Presence presence = discovery::Presence::kUnknown;  // of the dead
  std::string presence_text;                                     // likewise
  bool contested = false;                                        // voters: the last ballot about it did not agree, not long ago
  Duration stuck_for{};                                          // learners: since it last got on with the log, or had caught up
  bool in_sync = false;                                          // learners: has caught up, and its etcd said so just now
};

// A node that could take a seat: alive, known to gossip, not a member of etcd.
struct NewcomerFacts {
  NodeId node;
  std::string name;
  std::string peer_url;
  Duration alive_for{};
  Duration listed_for{};  // zero: not listed
  bool fresh = false;     // holds nothing, or only data of this very cluster
};

struct PlanInput {
  std::vector<SeatFacts> voters;  // in the order of etcd's list
  std::vector<SeatFacts> learners;
  std::vector<NewcomerFacts> newcomers;  // in order of node id
  std::uint32_t instances = 0;           // wanted by the specification; 0: unknown
  std::uint32_t evictions_open = 0;      // evictions not yet made good by a promotion
  bool paused = false;
};

struct Plan {
  std::optional<record::Change> change;
  std::vector<Doing> waiting;  // what is not done yet, and why
};

Plan plan(const PlanInput& input, const Rules& rules);

// How many voters there should be: min(target, instances), odd above two, one of two (either death of two voters stops both).
std::size_t wanted_voters(std::uint32_t target_voters, std::uint32_t instances);
// Whether one node more keeps a copy of etcd's data, as a learner: only where a single voter would hold the only one. In a larger table a
// majority holds it already, and the one learner slot is left to whoever joins.
bool wants_spare(std::size_t wanted, std::uint32_t instances);
// How many more voters may fail before writes stop: live − majority(voters); negative: it is lost already.
int failures_survivable(std::size_t voters, std::size_t live);
// Whether evicting `dead` of `voters` one after the other ends with more tolerance and no single step has less.
bool eviction_raises_tolerance(std::size_t voters, std::size_t dead);

}  // namespace fluxpg::supervisor
