// The two faces of the agent: everything that can happen to it, and everything it can ask for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "discovery/types.hpp"
#include "etcdctl-adapter/types.hpp"
#include "gossip/core/node.hpp"
#include "supervisor/core/loss.hpp"
#include "supervisor/record/record.hpp"

namespace fluxpg::supervisor {

using RequestId = StrongNumber<struct RequestIdTag>;

// ---- what survives a restart (state.json in DATA_DIR, written with fsync) ----
struct Peer {
  NodeId id;
  std::string address;
  std::uint16_t gossip_port = 0;
  bool operator==(const Peer&) const = default;
};
// Leaving for good, as an operator told this node to.
struct Departure {
  enum class Stage : std::uint8_t { kHandsOver, kConsents, kLeft } stage = Stage::kHandsOver;
  std::int64_t since_ms = 0;  // unix time at which that stage began, for people
  bool operator==(const Departure&) const = default;
};
// A voter of our cluster as etcd last listed it: told, and weighed, when etcd cannot be asked any more.
struct KnownVoter {
  MemberId member;
  NodeId node;  // zero: no key is bound to it
  std::string name;
  std::string address;
  std::int64_t silent_since_ms = 0;  // unix time; 0: it lived when this was written
  // Its promotion or removal was decided, and no list has told yet how that ended: it may be a voter or not.
  bool uncertain = false;
  bool operator==(const KnownVoter&) const = default;
};
struct KnownLearner {
  MemberId member;
  NodeId node;  // zero: no key is bound to it
  std::string name;
  bool operator==(const KnownLearner&) const = default;
};
// An operator's `recover` on this node.
struct Recovery {
  record::Superseded given_up;  // successor and signature come when the restored etcd is known
  std::string token;
  bool restored = false;  // the data on disk is the restored copy
  bool done = false;      // and its etcd holds the keys that make it this app's cluster
  bool operator==(const Recovery&) const = default;
};
struct Persistent {
  std::string app;
  Incarnation incarnation_limit;
  std::optional<verdict::FoundingPlan> promised;  // the highest founding round promised
  std::string started_token;                      // etcd was started as a founder of the plan with this token; empty: never
  std::string given_up_token;                     // that plan, or an earlier one, was given up: it is never started here again
  bool chosen = false;                            // that plan's `founded` key was seen committed, or we joined a cluster
  ClusterId cluster;                              // the cluster of the data on disk; 0: none known
  MemberId member;                                // our member id in it; 0: none known
  std::vector<Peer> peers;                        // where the others were last: found again without the API, also from a new address
  std::vector<KnownVoter> voters;                 // of that cluster
  std::vector<KnownLearner> learners;             // of that cluster: each may have been promoted since
  std::optional<Recovery> recovery;
  ClusterId outlived;              // claims to be the successor of our cluster, whose majority lives
  std::optional<Departure> leave;  // nullopt: it stays
  // The etcd of a founding plan that was never seen chosen is being stopped and its data set aside.
  bool abandons() const { return !started_token.empty() && started_token == given_up_token && !chosen; }
  // Its data is no longer here, or no longer of that cluster: whatever comes next, this node is no member of it.
  void forget_cluster() {
    chosen = false;
    cluster = ClusterId{};
    member = MemberId{};
    started_token.clear();
    promised.reset();
    voters.clear();
    learners.clear();
  }
  bool consents() const { return leave && leave->stage != Departure::Stage::kHandsOver; }
  bool left() const { return leave && leave->stage == Departure::Stage::kLeft; }
  bool operator==(const Persistent&) const = default;
};

// ---- inputs ----
struct Tick {};
struct MessageReceived {
  gossip::Route route;
  gossip::Message message;
};
struct ConnectionLost {
  Endpoint endpoint;
  bool refused = false;
};
struct ListingAnswered {
  discovery::Answer answer;
};
// `instances` of the app's specification; from the Flux API or EXPECTED_NODES.
struct InstancesKnown {
  std::uint32_t instances = 0;
};
struct EtcdReplied {
  RequestId id;
  etcd::Result result;
};
struct Process {
  enum class State : std::uint8_t { kUnknown, kStopped, kStarting, kRunning, kExited } state = State::kUnknown;
  int exit_code = 0;  // when kExited
  bool operator==(const Process&) const = default;
};
// What supervisord says about the two processes, and what lies on disk; asked about once a second.
struct ProcessesSeen {
  Process etcd;
  Process patroni;
  bool etcd_data = false;       // a write-ahead log exists in the etcd data directory
  bool postgres_data = false;   // PG_VERSION exists
  std::string unreadable;       // a sentence, if a data directory cannot be read: then the two above say nothing
  bool etcd_elsewhere = false;  // etcd was started to listen on another address than ours of today
  bool operator==(const ProcessesSeen&) const = default;
};
struct PostgresSeen {
  std::string role = "unknown";  // "primary", "replica", "unknown"
  std::string system_id;
  // Where the log on disk ends, looked at while Patroni is stopped; 0: not known.
  std::uint32_t timeline = 0;
  std::uint64_t lsn = 0;
  bool operator==(const PostgresSeen&) const = default;
};
// How far the copy of some node's PostgreSQL goes; nullopt: its Patroni does not answer.
struct PostgresReplied {
  RequestId id;
  std::optional<PostgresPlace> place;
};
// The end of a RestoreEtcd: the copy is in its place and etcd is stopped, or `error` says why everything is as it was.
struct EtcdRestored {
  std::string token;
  std::string error;
};
struct OperatorSays {
  enum class What : std::uint8_t {
    kPauseEvictions,
    kResumeEvictions,
    kFoundWithout,
    kRecover,
    kRejoin,
    kLeave,
    kCancelLeave
  } what = What::kPauseEvictions;
  std::string address = {};   // kFoundWithout
  RecoverOrder recover = {};  // kRecover
};
struct StopRequested {};
// To SwitchOver: Patroni has agreed to it, cannot do it now, or has nobody who could take over.
struct SwitchoverAnswered {
  enum class Outcome : std::uint8_t { kAgreed, kFailed, kNobody } outcome = Outcome::kFailed;
  std::string text;
};
using Input = std::variant<Tick, MessageReceived, ConnectionLost, ListingAnswered, InstancesKnown, EtcdReplied, ProcessesSeen, PostgresSeen,
                           PostgresReplied, EtcdRestored, OperatorSays, StopRequested, SwitchoverAnswered>;

// ---- actions, carried out in their order; whatever follows a Persist waits until it is durable ----
using Send = gossip::SendTo;
// Our own etcd over loopback, or another node's over TLS, verified by its host name.
struct EtcdTarget {
  bool own = true;
  Endpoint endpoint;      // if not own
  std::string host_name;  // if not own: the name its certificate must carry
};
struct AskEtcd {
  RequestId id;
  EtcdTarget target;
  etcd::Call call;
  Duration deadline = seconds(3);
};
struct Persist {
  Persistent state;
};
// Start etcd if it is not running. With data on disk etcd ignores the initial_* part.
struct RunEtcd {
  std::string name;
  std::string peer_url;
  std::string client_url;
  std::vector<std::pair<std::string, std::string>> initial_cluster;  // name, peer URL; sorted by URL
  bool new_cluster = false;
  std::string token;
  bool operator==(const RunEtcd&) const = default;
};
struct StopEtcd {
  std::string why;
};
// Rename the etcd data directory to a name that says when and why. Only ever of a stopped etcd. Nothing is deleted.
struct SetAsideEtcdData {
  std::string why;
};
constexpr Duration kSetAsideTakes = seconds(2);  // until the disk is looked at again; data that is still there is set aside once more
// Take a snapshot of our own etcd, stop it, set its data aside, and restore the snapshot in its place as a cluster of its own: `run` names
// its only member and the token. Repeated after a crash it goes on where it was. Answered by EtcdRestored.
struct RestoreEtcd {
  RunEtcd run;
  std::string why;
};
// Patroni's GET /patroni, ours over loopback.
struct AskPostgres {
  RequestId id;
  bool own = true;
  Endpoint endpoint;  // if not own
  Duration deadline = seconds(2);
};
// Configuration for Patroni; started if it is not running, reloaded if it changed.
struct RunPatroni {
  std::vector<Endpoint> etcd_hosts;  // host names; own etcd first, then all other voters
  std::string system_id_expected;
  bool operator==(const RunPatroni&) const = default;
};
struct StopPatroni {
  std::string why;
};
// Ask Patroni to make another node the primary; answered by SwitchoverAnswered, and later by the role that PostgreSQL has.
struct SwitchOver {};
struct Host {
  std::string name;
  std::string address;
  bool operator==(const Host&) const = default;
};
// The block of /etc/hosts that is ours.
struct WriteHosts {
  std::vector<Host> hosts;
};
struct Say {
  enum class Level : std::uint8_t { kInfo, kWarning, kError } level = Level::kInfo;
  std::string text;
};
using Action = std::variant<Send, AskEtcd, Persist, RunEtcd, StopEtcd, SetAsideEtcdData, RestoreEtcd, AskPostgres, RunPatroni, StopPatroni,
                            WriteHosts, Say, SwitchOver>;
using Actions = std::vector<Action>;

}  // namespace fluxpg::supervisor
