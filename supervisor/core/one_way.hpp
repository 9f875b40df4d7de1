// Gossip that goes only one way: a node that speaks to us but is not reached where it says it is, be it another or ourselves.
//
// Its port is not open from outside, or it announces a wrong address. It lives all the same: it refutes every suspicion over its own
// connections, so without this its state would change to and fro, and nobody would know why.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gossip/core/node.hpp"

namespace fluxpg::supervisor {

class OneWay {
 public:
  void pinged(TimePoint now, const NodeId& from);
  void look(TimePoint now, const gossip::Node& gossip);
  std::vector<std::string> problems(TimePoint now, const gossip::Node& gossip) const;

 private:
  void note(TimePoint now, const NodeId& id, bool one_way);

  std::map<NodeId, TimePoint> pinged_;
  std::map<NodeId, TimePoint> since_;
  TimePoint next_look_{};
};

}  // namespace fluxpg::supervisor
