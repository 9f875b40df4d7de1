// A deterministic network of gossip nodes on virtual time: delay, loss, one-way cuts, kills, stalls; one seed, one run.
#pragma once

#include <functional>
#include <memory>
#include <queue>
#include <set>
#include <vector>

#include "gossip/core/node.hpp"

namespace fluxpg::gossip::test {

NodeId id_of(std::size_t index);
NodeInfo info_of(std::size_t index);
Now at(Duration since_start);

struct Conditions {
  Duration delay = milliseconds(1);  // one way
  Duration jitter = milliseconds(1);
  unsigned loss_percent = 0;
};

struct Change {
  Duration when{};
  std::size_t observer = 0;
  NodeId subject;
  State to = State::kAlive;
};

class Network {
 public:
  Network(std::size_t nodes, std::uint64_t seed, Conditions conditions = {}, Config config = {});

  void run(Duration for_how_long);
  // Runs until the condition holds; returns how long that took, or the patience if it never did.
  Duration run_until(const std::function<bool()>& condition, Duration patience);

  void kill(std::size_t index);    // the process dies: connections break at once, and new ones are refused
  void vanish(std::size_t index);  // the host dies: nothing comes from there any more
  void restart(std::size_t index, const NodeInfo& info);
  void stall(std::size_t index, Duration for_how_long);  // SIGSTOP … SIGCONT: messages wait in its sockets
  void cut(std::size_t from, std::size_t to) { cuts_.insert({from, to}); }
  void part(const std::set<std::size_t>& side);
  void heal() { cuts_.clear(); }

  Node& node(std::size_t index) { return *hosts_[index].node; }
  std::size_t size() const { return hosts_.size(); }
  bool up(std::size_t index) const { return hosts_[index].up; }
  State seen(std::size_t by, std::size_t subject);
  bool all_see(std::size_t subject, State state);  // all that are up, except itself
  bool all_see_all_alive();
  void inject(std::size_t index, const Event& event);
  void deliver(std::size_t index, const Effects& effects) { perform(index, effects); }  // what announce() returned

  Duration now() const { return now_; }
  const std::vector<Change>& changes() const { return changes_; }
  std::size_t false_deaths() const { return false_deaths_; }  // of nodes that were up and not stalled
  std::uint64_t bytes_sent() const { return bytes_; }
  std::uint64_t messages_sent() const { return messages_; }
  std::uint64_t trace() const { return trace_; }

 private:
  struct Host {
    std::unique_ptr<Node> node;
    Endpoint endpoint;
    Incarnation reserved;
    bool up = true;
    Duration stalled_until{};
  };
  struct Happening {
    Duration when{};
    std::uint64_t order = 0;
    std::size_t host = 0;
    Event event;
    bool operator>(const Happening& other) const { return std::pair(when, order) > std::pair(other.when, other.order); }
  };
  void schedule(Duration when, std::size_t host, Event event);
  void step();
  void perform(std::size_t index, const Effects& effects);
  void transmit(std::size_t from, const SendTo& send);
  void mix(std::uint64_t value) { trace_ = (trace_ ^ value) * 1099511628211u; }

  Conditions conditions_;
  Config config_;
  Random random_;
  std::vector<Host> hosts_;
  std::set<std::pair<std::size_t, std::size_t>> cuts_;
  std::priority_queue<Happening, std::vector<Happening>, std::greater<>> queue_;
  std::vector<Change> changes_;
  Duration now_{};
  std::uint64_t order_ = 0, bytes_ = 0, messages_ = 0, trace_ = 14695981039346656037u;
  std::size_t false_deaths_ = 0;
};

}  // namespace fluxpg::gossip::test
