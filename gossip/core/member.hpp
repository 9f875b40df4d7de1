// What nodes know about each other: the announcement each makes about itself, the state others hold it in, and the direct links.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace fluxpg::gossip {

// The ports of a node as its peers reach them (on Flux the host maps them to other numbers than the container's).
struct Ports {
  std::uint16_t postgres = 5432;
  std::uint16_t patroni = 8008;
  std::uint16_t etcd_client = 2379;
  std::uint16_t etcd_peer = 2380;
  std::uint16_t gossip = 7946;
  auto operator<=>(const Ports&) const = default;
};

enum class DataState : std::uint8_t {
  kUnknown,       // not looked yet: counts as "may hold the only copy"
  kFresh,         // neither etcd nor PostgreSQL data on disk
  kHasEtcd,       // etcd data on disk
  kOnlyPostgres,  // PostgreSQL data, but no etcd data
};

// What a node announces about itself. Only the node itself changes it, and raises its incarnation each time.
struct NodeInfo {
  NodeId id;
  Incarnation incarnation;
  std::string name;     // for people: node-198-18-0-11
  std::string address;  // IPv4
  Ports ports;
  std::string version;
  DataState data = DataState::kUnknown;
  ClusterId cluster;      // of the data on disk, or of the running etcd; 0 = none
  MemberId member;        // own etcd member id; 0 = none
  std::string system_id;  // PostgreSQL system identifier; empty = no data
  // How far that data goes, told while PostgreSQL is stopped: the end of the log on disk. 0 = not known.
  std::uint32_t timeline = 0;
  std::uint64_t lsn = 0;
  std::string postgres_role;         // "primary", "replica" or "unknown"
  bool shadow = false;               // decides, but touches nothing
  bool stopping = false;             // a planned stop was announced
  bool leaving = false;              // consents to its removal for good
  std::uint64_t founding_round = 0;  // highest founding round promised; 0 = none
  std::string founding_token;        // token of that plan
  bool operator==(const NodeInfo&) const = default;

  Endpoint gossip_endpoint() const { return {address, ports.gossip}; }
  bool listens_at(const Endpoint& endpoint) const { return ports.gossip == endpoint.port && address == endpoint.address; }
};

enum class State : std::uint8_t { kAlive, kSuspect, kDead, kLeft };

// One line of news about a member. `info` travels only with news of an incarnation that the receiver may not have.
struct Rumor {
  NodeId id;
  Incarnation incarnation;
  State state = State::kAlive;
  NodeId accuser;  // who suspects it; zero for alive
  std::optional<NodeInfo> info;
  bool operator==(const Rumor&) const = default;
};

enum class LinkState : std::uint8_t { kUnknown, kOk, kSuspect, kCut, kRefused };

struct Link {
  LinkState state = LinkState::kUnknown;
  std::uint32_t rtt_ms = 0;
  bool operator==(const Link&) const = default;
};

// The direct links of one node, as that node itself sees them; `version` orders its announcements.
struct LinkRow {
  NodeId from;
  std::uint64_t version = 0;
  std::map<NodeId, Link> to;
  bool operator==(const LinkRow&) const = default;
};

// Something a node says about its own etcd, signed, in answer to a nonce: "my etcd told me `age` ago that it is `member` of `cluster`".
struct Statement {
  NodeId node;
  Nonce nonce;
  MemberId member;
  ClusterId cluster;
  Duration age{};
  Signature signature;
  bool operator==(const Statement&) const = default;
};

}  // namespace fluxpg::gossip
