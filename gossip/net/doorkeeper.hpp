// ZAP: who may connect. A CURVE server without this handler accepts any client that knows the server's public key.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "gossip/net/keys.hpp"
#include "gossip/net/sockets.hpp"

namespace fluxpg::net {

constexpr const char* kZapDomain = "fluxpg";

// Serves inproc://zeromq.zap.01 of its context from drive(): ZeroMQ's I/O thread waits for the answer without blocking anything else.
class Doorkeeper {
 public:
  // Must exist before the server socket binds.
  Doorkeeper(const Context& context, const std::vector<CurveKeys>& keys);
  // Answers every waiting request; returns how many were refused.
  std::size_t serve();
  const Socket& socket() const { return requests_; }

 private:
  bool admits(const std::vector<std::string>& request) const;
  Socket requests_;
  std::set<std::string> clients_;  // public keys, 32 bytes
};

}  // namespace fluxpg::net
