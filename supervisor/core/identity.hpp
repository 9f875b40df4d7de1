// Two nodes with one identity: who has to keep its etcd down, and what everybody says about it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace fluxpg::supervisor {

class Identities {
 public:
  // Gossip's report; it comes again every few seconds while it is so. `known`: where that node is held to be. True: it is news.
  bool heard(TimePoint now, const NodeId& id, const Endpoint& other, bool own, const Endpoint& known);
  // Our own etcd serves. Whoever served before its copy was heard is the original, and may start its etcd again.
  void serves() { original_ = original_ || !copied_; }
  // A copy never starts, however silent the other is: whether that one has died or is only cut off from here, nobody can tell.
  bool keeps_etcd_down() const { return copied_ && !original_; }
  std::vector<std::string> problems(TimePoint now) const;

 private:
  struct Conflict {
    std::string text;
    TimePoint first;
    TimePoint last;
    bool own = false;
  };
  bool shown(const Conflict& conflict, TimePoint now) const;

  std::map<NodeId, Conflict> conflicts_;
  bool copied_ = false;
  bool original_ = false;
};

}  // namespace fluxpg::supervisor
