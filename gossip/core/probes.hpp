// Questions under way, each known by its nonce, and the order in which members are asked.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "gossip/core/config.hpp"
#include "gossip/core/message.hpp"

namespace fluxpg::gossip {

struct Probe {
  enum class Kind : std::uint8_t {
    kMember,  // is it alive? Silence is held against it
    kKnock,   // at a seed or at a dead member: silence means nothing
    kRelay,   // for somebody who cannot hear the target
  };
  Kind kind = Kind::kMember;
  NodeId target;  // zero: whoever answers there
  Endpoint endpoint;
  TimePoint sent;
  TimePoint deadline;
  bool excused = false;     // had its time to read
  bool second_try = false;  // tried again, and others were asked to try
  bool wants_statement = false;
  bool relayed = false;  // somebody else heard it
  // Relay only: who asked, by which question, and the way back.
  Nonce asked_by;
  Route back;
};

// How long an answer may take: a floor for jitter, three usual round trips for far peers, and more when we are slow ourselves.
Duration probe_timeout(const Config& config, Duration rtt, int ill_health);

class Probes {
 public:
  explicit Probes(std::size_t capacity) : capacity_(capacity) {}

  // False: full, nothing was added (the member's turn comes again).
  bool add(const Nonce& nonce, const Probe& probe);
  Probe* find(const Nonce& nonce);  // until the next add() or erase()
  void erase(const Nonce& nonce);
  bool asks(const NodeId& target) const;  // is a kMember probe of it under way?
  std::vector<Nonce> due(TimePoint now) const;
  TimePoint next_deadline() const;
  // We were not there for `lost`. On top, once per try, time to read what has been waiting in our sockets: only once, or a node that is
  // always late would never accuse anybody.
  void excuse(Duration lost, Duration to_read);

 private:
  std::size_t capacity_;
  std::vector<std::pair<Nonce, Probe>> open_;  // a handful: nothing is found faster in them than by looking
};

// Round-robin in an order that is shuffled anew each round (SWIM §4.3): every member is asked within a bounded time.
class Round {
 public:
  // Up to `count` of `members` (in order), none twice in one call.
  std::vector<NodeId> next(const std::vector<NodeId>& members, std::size_t count, Random& random);

 private:
  std::vector<NodeId> left_;
};

// In random order.
std::vector<NodeId> shuffled(std::vector<NodeId> ids, Random& random);

}  // namespace fluxpg::gossip
