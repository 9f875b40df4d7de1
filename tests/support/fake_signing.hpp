// The simulator's signatures and short node ids, for unit tests.
#pragma once

#include "simulation/sim/signing.hpp"

namespace fluxpg::testing {

inline NodeId node_id(std::uint8_t number) {
  NodeId id;
  id.bytes[0] = number;
  return id;
}

using FakeSigning = simulation::Signer;

}  // namespace fluxpg::testing
