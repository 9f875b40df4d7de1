// How long a suspect has to refute before it is dead: shorter, the more members accuse it independently (Lifeguard).
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/time.hpp"
#include "gossip/core/config.hpp"

namespace fluxpg::gossip {

struct Suspicion {
  TimePoint started;
  TimePoint not_before;      // no verdict earlier: our own probe is still under way
  bool called_dead = false;  // somebody else has already given it up
  bool excused = false;

  // As Probes::excuse: the time in which we were not there does not count, and the refutation may be waiting in our sockets.
  void excuse(Duration lost, TimePoint now, Duration to_read) {
    started += lost;
    not_before += lost;
    if (!excused) not_before = std::max(not_before, now + to_read);
    excused = true;
  }
};

// Confirmations that bring the time down to its minimum: as many as can be had, `witnesses` being the live members besides the
// suspect and ourselves. Unlike memberlist this works at three nodes, with one witness. With none (two nodes) nobody can confirm,
// and the full time is waited.
std::size_t confirmations_wanted(const Config& config, std::size_t witnesses);

// From suspicion_max without confirmation, in equal steps, to suspicion_min with all wanted; times 1 + ill_health.
Duration suspicion_time(const Config& config, std::size_t wanted, std::size_t confirmations, int ill_health);

}  // namespace fluxpg::gossip
