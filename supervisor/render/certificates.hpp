// The cluster's certificates: a CA that every node derives alike from the secret, and the pairs each node mints for itself.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace fluxpg::render {

using CaSeed = std::array<std::uint8_t, 32>;  // an Ed25519 private key; secret

// PEM. The same bytes on every node: fixed dates and serial, and Ed25519 signatures are deterministic. While two secrets are valid, the
// trusted file is the concatenation of two of these.
std::string ca_certificate(const CaSeed& seed, const std::string& app);

struct Pair {
  std::string certificate;  // PEM
  std::string key;          // PEM; secret
};

// Two pairs, because etcd's peer port compares a *client* certificate that carries names or addresses with the address the connection comes
// from, and behind a host's NAT that is another one. The client's pair carries none; servers are checked by name as always.
struct NodePairs {
  Pair server;
  Pair client;
};

// New keys each time. `host_name` and `addresses` (IPv4) become the server's names, together with localhost and 127.0.0.1. Valid from a day
// before `now` (clocks differ) for ten years. `serial` should be random.
NodePairs mint(const CaSeed& seed, const std::string& app, const std::string& host_name, const std::vector<std::string>& addresses,
               WallPoint now, std::uint64_t serial);

}  // namespace fluxpg::render
