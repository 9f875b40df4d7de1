// The gossip protocol as one value: events in, effects out; SWIM with Lifeguard's lessons, built for small clusters first.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "gossip/core/config.hpp"
#include "gossip/core/message.hpp"

namespace fluxpg::gossip {

// ---- events ----
struct Tick {};
// Any of Ping, Ack, IndirectPing, IndirectAck, Sync; other kinds of message are not gossip's business and are ignored.
struct Received {
  Route route;
  Message message;
};
// The transport's socket monitor: a connection was refused or broke, or came up. A refusal is instant suspicion; a connection proves
// nothing.
struct ConnectionLost {
  Endpoint endpoint;
  bool refused = false;
};
// Addresses that discovery lists: permanent seeds, so that a partition of any length heals by itself.
struct Seeds {
  std::vector<Endpoint> endpoints;
};
// Ping this member now, alive or dead (a ballot is open about it); the answer shows as Answered. An unknown member is not pinged.
struct ProbeNow {
  NodeId target;
  bool wants_statement = false;
};
using Event = std::variant<Tick, Received, ConnectionLost, Seeds, ProbeNow>;

// ---- effects ----
struct SendTo {
  Destination to;
  Message message;
};
// The incarnation may be raised up to `limit` once this is durable (effects after it wait for that).
struct ReserveIncarnations {
  Incarnation limit;
};
// `from` and `to` both alive with the reason "joined": a member that was not known before.
struct StateChanged {
  NodeId id;
  State from = State::kAlive;
  State to = State::kAlive;
  std::string why;
};
// Two nodes speak with one id: reported, never silently overwritten; again every few seconds while it is so.
struct IdentityConflict {
  NodeId id;
  Endpoint other;
};
// A member answered a nonce first-hand. `statement` is set if it was asked for one and gave it (unverified: signatures are the caller's).
struct Answered {
  NodeId id;
  Nonce nonce;
  Duration rtt{};
  std::optional<Statement> statement;
};
using Effect = std::variant<SendTo, ReserveIncarnations, StateChanged, IdentityConflict, Answered>;
using Effects = std::vector<Effect>;

// A member as this node sees it.
struct MemberView {
  NodeInfo info;
  State state = State::kAlive;
  TimePoint since;               // when it entered that state
  TimePoint last_answer;         // last first-hand answer to a nonce; TimePoint{} = never
  TimePoint last_indirect;       // last relayed answer
  Duration rtt{};                // smoothed
  std::vector<NodeId> accusers;  // who suspects it, while suspect or dead
};

class Node {
 public:
  // `incarnation_limit` is the last durable ReserveIncarnations (0 on first start): the node begins above it.
  Node(Config config, NodeInfo self, Incarnation incarnation_limit, std::uint64_t seed, const Now& now);
  ~Node();
  Node(Node&&) noexcept;
  Node& operator=(Node&&) noexcept;

  Effects handle(const Now& now, const Event& event);
  // As handle(Received{route, message}), without a copy of the message.
  Effects receive(const Now& now, Route route, const Message& message);
  TimePoint next_deadline() const;

  // Announce something new about ourselves; raises the incarnation if anything changed. id and incarnation of `info` are ignored.
  Effects announce(const Now& now, NodeInfo info);
  // What we would say about our etcd if somebody asks for a statement; the caller keeps it fresh and signs through `sign_statement`.
  using StatementSource = std::optional<Statement> (*)(void* context, const Now& now, const Nonce& nonce);
  void set_statement_source(StatementSource source, void* context);

  const NodeInfo& self() const;
  const std::map<NodeId, MemberView>& members() const;  // others, dead and left ones included until forgotten
  // Grows whenever a member is met or forgotten, or its announcement or its state becomes another (not with every answer of it).
  std::uint64_t version() const;
  const std::map<NodeId, LinkRow>& links() const;  // the matrix: own row and the rows others announced
  // Lifeguard's local health: 0 = well; grows with the lateness of our own timers, never with missing answers.
  int ill_health() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fluxpg::gossip
