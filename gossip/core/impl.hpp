// The state of a Node and who may touch it: node.cpp dispatches, messages.cpp answers, timers.cpp asks, members.cpp decides who is what.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "gossip/core/health.hpp"
#include "gossip/core/links.hpp"
#include "gossip/core/node.hpp"
#include "gossip/core/probes.hpp"
#include "gossip/core/rumors.hpp"
#include "gossip/core/suspicion.hpp"

namespace fluxpg::gossip {

// One durable write allows this many incarnations: a refutation must not wait for the disk.
constexpr std::uint64_t kIncarnationBlock = 1024;
// Effects of one input; more is possible.
constexpr std::size_t kMostly = 4;
// One peer is asked for its full state at most this often, however many gaps its news shows.
constexpr Duration kAskAgain = milliseconds(500);
// Conflicts are reported once each; an attacker with the secret must not fill memory with them.
constexpr std::size_t kMaxConflicts = 64;
constexpr Duration kConflictAgain = seconds(5);  // one that lasts is reported this often

class Node::Impl {
 public:
  Impl(Config config, NodeInfo self, Incarnation limit, std::uint64_t seed, const Now& now);

  // node.cpp
  Effects handle(const Now& now, const Event& event);
  Effects receive(const Now& now, Route route, const Message& message);
  Effects announce(const Now& now, NodeInfo info);

  TimePoint deadline_;
  NodeInfo self_;
  std::map<NodeId, MemberView> members_;
  std::uint64_t version_ = 0;
  Links links_;
  Health health_;
  StatementSource statement_source_ = nullptr;
  void* statement_context_ = nullptr;

 private:
  // node.cpp
  void start();
  void begin(const Now& now);
  Effects finish();
  void on(const Tick&) {}
  void on(const Received& received) { take(received.route, received.message); }
  void on(const ConnectionLost& lost);
  void on(const Seeds& seeds);
  void on(const ProbeNow& wish);
  void take(Route route, const Message& message);
  void send(Destination to, Message&& message);

  // messages.cpp
  void receive(const Ping& ping, Route route);
  void receive(const Ack& ack, Route route);
  void receive(const IndirectPing& ping, Route route);
  void receive(const IndirectAck& ack, Route route);
  void receive(const Sync& sync, Route route);
  void learn(const std::vector<Rumor>& rumors, const std::vector<LinkRow>& rows, const NodeId& from, Route route);
  void heard_first_hand(const NodeId& from, const Nonce& nonce, const Probe& probe, const std::optional<Statement>& statement);
  void ask_if_newer(const NodeId& subject, Incarnation incarnation, const NodeId& from, const Destination& back);
  void ask(const NodeId& peer, const Destination& back);
  Sync question() const;
  Sync answer(const Sync& question) const;
  std::vector<Rumor> news_for(const NodeId& receiver);
  std::vector<LinkRow> rows_for(const NodeId& receiver);

  // timers.cpp
  void run_timers();
  void run_probes();
  void run_suspicions();
  void knock_at_seeds();
  void knock_at_gone();
  void forget_old();
  void probe(const NodeId& id);
  void ask_member(const NodeId& id, bool wants_statement);
  void knock(const Endpoint& endpoint, const NodeId& id);
  void ask_others(const Nonce& nonce, const Probe& probe);
  void send_ping(const Nonce& nonce, const Probe& probe);
  std::size_t count_alive() const;
  TimePoint suspicion_deadline(const NodeId& id, const Suspicion& suspicion, std::size_t alive) const;
  TimePoint first_deadline() const;

  // members.cpp
  bool apply(const Rumor& rumor);  // false: it tells of something for which an announcement is missing
  void about_ourselves(const Rumor& rumor);
  void meet(const Rumor& rumor);
  void renew(MemberView& member, const Rumor& rumor);
  void hear_accusation(MemberView& member, const Rumor& rumor);
  void accuse(const NodeId& id, const std::string& why);
  void suspect(MemberView& member, const std::string& why);
  void give_up(MemberView& member);
  void change(MemberView& member, State to, const std::string& why);
  void raise_incarnation(Incarnation to);
  void spread(Rumor rumor, bool urgent);
  void flush_urgent();
  void conflict(const NodeId& id, const Endpoint& other);
  void doubt(const MemberView& member, Incarnation said, const Endpoint& from);
  bool make_room();
  bool heard_since(const MemberView& member, TimePoint when) const;
  bool old_tombstone(const MemberView& member) const;
  MemberView* find(const NodeId& id);
  std::vector<NodeId> live_members() const;   // in order: alive and suspect: those that are probed
  std::vector<NodeId> alive_members() const;  // in order: those that nobody doubts: helpers and witnesses
  bool alive_at(const Endpoint& endpoint) const;

  const Config config_;
  Random random_;
  Now now_;
  bool started_ = false;
  Incarnation reserved_;
  std::map<NodeId, Suspicion> suspicions_;
  RumorQueue rumors_;
  Probes probes_;
  Round round_;
  std::vector<Endpoint> seeds_;
  std::size_t seed_turn_ = 0;
  std::size_t gone_turn_ = 0;
  TimePoint next_probe_, next_sync_;
  TimePoint next_seed_, next_revive_;  // kNever while there is nobody to knock at
  std::map<NodeId, TimePoint> asked_;
  std::map<std::pair<NodeId, Endpoint>, TimePoint> conflicts_;  // when each was reported last
  std::vector<Rumor> urgent_;
  Effects effects_;
};

}  // namespace fluxpg::gossip
