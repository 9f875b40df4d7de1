// News waiting to be passed on: each piece travels on a bounded number of messages, the least told first (SWIM's infection).
#pragma once

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "gossip/core/member.hpp"

namespace fluxpg::gossip {

// How often one node repeats one piece of news in a cluster of `members`: grows with the logarithm, enough for everybody to hear it.
std::size_t retransmissions(std::size_t factor, std::size_t members);

class RumorQueue {
 public:
  explicit RumorQueue(std::size_t capacity) : capacity_(capacity) {}

  // Drops what the rumor overrides. Accusations of one incarnation by different accusers stand side by side.
  void add(const Rumor& rumor);
  void forget(const NodeId& id);
  // Up to `max` rumors for `receiver`, which is not told that it is alive itself. Those told `limit` times are done.
  std::vector<Rumor> take(const NodeId& receiver, std::size_t max, std::size_t limit);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Rumor rumor;
    std::size_t told = 0;
  };
  std::size_t capacity_;
  std::map<std::pair<NodeId, NodeId>, Entry> entries_;  // by subject and accuser
};

}  // namespace fluxpg::gossip
