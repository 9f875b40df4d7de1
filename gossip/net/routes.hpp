// Numbers for the connections on which messages came, so that an answer finds its way back; bounded, the longest unused is forgotten.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <variant>

#include "base/endpoint.hpp"
#include "gossip/core/message.hpp"

namespace fluxpg::net {

// The ROUTER's name for a connection that the other side opened, or the peer to whom we opened one.
struct Incoming {
  std::string routing_id;
  auto operator<=>(const Incoming&) const = default;
};
using Way = std::variant<Incoming, Endpoint>;

class Routes {
 public:
  explicit Routes(std::size_t limit) : limit_(limit) {}

  // The same way keeps its number while it is remembered; a number is never given twice.
  gossip::Route number(const Way& way);
  // Valid until the next call; null if forgotten.
  const Way* find(gossip::Route route) const;
  void forget(gossip::Route route);

 private:
  using Entry = std::pair<gossip::Route, Way>;
  std::size_t limit_;
  std::uint64_t last_ = 0;
  std::list<Entry> by_use_;  // the latest first
  std::map<Way, std::list<Entry>::iterator> by_way_;
  std::map<gossip::Route, std::list<Entry>::iterator> by_number_;
};

}  // namespace fluxpg::net
