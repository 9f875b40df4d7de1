// The connection that we open to one peer. ZeroMQ's own reconnecting is off: every attempt is a new DEALER, so that each outcome is told
// exactly once, the next attempt can use another key, and nothing of an old attempt lives on.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "gossip/net/sockets.hpp"
#include "gossip/net/transport.hpp"

namespace fluxpg::net {

class Peer {
 public:
  // All references must outlive the peer. The first attempt begins with the next drive().
  Peer(Context& context, const TransportConfig& config, Counters& counters, Endpoint endpoint);

  void send(std::string frame);

  struct News {
    std::vector<std::vector<std::string>> messages;
    bool lost = false;     // an established connection broke
    bool refused = false;  // an attempt was refused
  };
  News drive(TimePoint now);

  // ZeroMQ's descriptors are edge-triggered: a send may swallow the wake-up of a message that arrived meanwhile, and a new socket gives
  // none before somebody has looked at it once. To be asked after send() and drive().
  bool has_unread() const { return dealer_.readable() || monitor_.socket().readable(); }
  void add_descriptors(std::vector<int>& out) const;
  // Up, and nothing waits: every further event has a descriptor that announces it.
  bool settled() const { return state_ == State::kUp && waiting_.empty(); }
  // kNever: after the last drive().
  TimePoint last_used() const { return last_used_; }

 private:
  enum class State { kPausing, kConnecting, kUp };
  enum class Outcome { kNone, kRefused, kUnreachable, kHandshakeFailed, kLost };

  void begin_attempt(TimePoint now);
  void end_attempt(TimePoint now, Outcome outcome, News& news);
  Outcome look(TimePoint now);
  Outcome outcome_of(int event, TimePoint now);
  void read(TimePoint now, News& news);
  void drop_stale(TimePoint now);
  void flush();
  bool transmit(const std::string& frame);
  void drop_connection();
  void pause(TimePoint now);

  Context& context_;
  const TransportConfig& config_;
  Counters& counters_;
  const Endpoint endpoint_;
  Socket dealer_;
  Monitor monitor_;  // goes before what it watches
  State state_ = State::kPausing;
  TimePoint since_;     // of the attempt, or of the connection when it is up
  TimePoint retry_at_;  // while pausing
  TimePoint last_used_ = kNever;
  bool syn_sent_ = false;         // the operating system took the attempt: a failure is the other side's
  std::size_t key_ = 0;           // the one that worked last, or is being tried
  std::size_t keys_refused_ = 0;  // in a row
  int failures_ = 0;              // in a row
  struct Waiting {
    std::string frame;
    TimePoint since = kNever;  // the first drive() that saw it
  };
  std::deque<Waiting> waiting_;
};

}  // namespace fluxpg::net
