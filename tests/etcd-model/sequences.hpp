// Random sequences of operations for a pair: what is drawn depends on the seed and on what the model shows, never on the clock.
#pragma once

#include "tests/etcd-model/pair.hpp"

namespace fluxpg::differential {

// One call about keys or leases below the prefix, through any host.
etcd::Call random_key_call(Random& random, const Pair& pair, const std::string& prefix);

// Keys, leases, reads and refusals on a cluster that is well. Leaves no lease and no learner behind.
void quiet_sequence(Pair& pair, std::uint64_t seed, std::size_t hosts);

// Also processes that are killed, stopped and started, members that join, become voters and leave. The pair is used up afterwards.
void faulty_sequence(Pair& pair, std::uint64_t seed, std::size_t hosts);

}  // namespace fluxpg::differential
