// Every message that travels between nodes. The bytes are gossip/wire's business (WIRE.md).
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "gossip/core/member.hpp"
#include "gossip/verdict/types.hpp"

namespace fluxpg::gossip {

// "Are you there?" Only an answer that repeats the nonce is life. `wants_statement` asks for a signed word about the receiver's etcd.
struct Ping {
  Nonce nonce;
  NodeId from;
  Incarnation incarnation;
  Endpoint reply_to;  // where the sender listens for gossip
  bool wants_statement = false;
  std::vector<Rumor> rumors;
  std::vector<LinkRow> links;
  bool operator==(const Ping&) const = default;
};

struct Ack {
  Nonce nonce;
  NodeId from;
  Incarnation incarnation;
  std::vector<Rumor> rumors;
  std::vector<LinkRow> links;
  std::optional<Statement> statement;
  bool operator==(const Ack&) const = default;
};

// "I cannot hear `target`, can you?" The receiver pings it and relays the answer.
struct IndirectPing {
  Nonce nonce;
  NodeId from;
  NodeId target;
  Endpoint target_endpoint;
  bool operator==(const IndirectPing&) const = default;
};

struct IndirectAck {
  Nonce nonce;
  NodeId from;
  NodeId target;
  Incarnation target_incarnation;
  bool operator==(const IndirectAck&) const = default;
};

// All that the sender knows: at join, after a gap, and periodically.
struct Sync {
  NodeId from;
  bool wants_reply = false;
  std::vector<Rumor> members;
  std::vector<LinkRow> links;
  bool operator==(const Sync&) const = default;
};

using Message = std::variant<Ping, Ack, IndirectPing, IndirectAck, Sync, verdict::Ballot, verdict::Vote, verdict::FoundingPlan,
                             verdict::FoundingPromise, verdict::FoundingStart>;

// A way back over the connection on which a message came; only the transport can read it.
using Route = StrongNumber<struct RouteTag>;

// Over our own connection to an endpoint, or back over the one a message came on.
using Destination = std::variant<Endpoint, Route>;

}  // namespace fluxpg::gossip
