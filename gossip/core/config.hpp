// The numbers of the gossip protocol, each with what it trades.
#pragma once

#include <cstddef>

#include "base/time.hpp"

namespace fluxpg::gossip {

struct Config {
  // One probe of one member per period. Shorter = faster detection, more traffic. At N members the period per member is
  // probe_period * max(1, (N-1) / probes_at_once). Range 50 ms … 10 s.
  Duration probe_period = milliseconds(650);
  // Members probed per period, chosen round-robin; with 9 or fewer members everybody observes everybody. Range 1 … 16.
  std::size_t probes_at_once = 2;
  // An answer later than max(this, 3 × smoothed rtt) counts as missed; a second, direct try and the indirect probes go out then. Range 20
  // ms … 5 s.
  Duration probe_timeout = milliseconds(300);
  // How many members are asked to try for us. More = fewer false suspicions through one bad link. Range 0 … 9.
  std::size_t indirect_probes = 3;
  // News that matters at once (an accusation, a refutation, a death, a change of our own) goes directly to this many members, all of them
  // in a small cluster; the rest hear it on probes. More = faster, more traffic when something happens. Range 1 … 64.
  std::size_t urgent_fanout = 9;
  // A suspect that does not refute within this is dead (in our own eyes only; it evicts nobody). Range 200 ms … 60 s.
  // Scaled by (1 + ill_health), and down towards suspicion_min as independent accusers confirm (Lifeguard).
  Duration suspicion_max = milliseconds(3000);
  Duration suspicion_min = milliseconds(1000);
  // Independent accusers besides the first that bring the time down to suspicion_min (fewer, if there are not so many live members). Range
  // 1 … 8.
  std::size_t confirmations = 3;
  // Full-state exchange with one random member. Range 1 s … 10 min.
  Duration sync_period = seconds(20);
  // Seeds that are not known as alive members are contacted this often. Range 200 ms … 60 s.
  Duration seed_period = seconds(1);
  // Dead members are asked this often whether they are back. Range 500 ms … 60 s.
  Duration revive_period = seconds(3);
  // How long a dead or left member is remembered (tombstone); longer than any partition one cares to heal without resurrections.
  Duration forget_after = std::chrono::hours(72);
  // Our own timers firing later than this count as ill health. Range 50 ms … 10 s.
  Duration late_timer = milliseconds(250);
  // Without a late timer for this long, ill health improves by one step. Range 500 ms … 60 s.
  Duration recover_period = seconds(2);
  // Each piece of news rides on this many messages per doubling of the cluster. More = safer against loss, more traffic. Range 1 … 8.
  std::size_t retransmit_factor = 3;
  // Link rows name every link in clusters up to this size, and only the broken ones beyond (N rows of N links would be most of the
  // traffic).
  std::size_t full_rows_up_to = 16;
  // Bounds.
  std::size_t max_members = 512;
  std::size_t max_rumors_per_message = 8;
  std::size_t max_link_rows_per_message = 4;
  std::size_t max_links_per_message = 256;  // entries of all rows together, after the first row
  std::size_t max_infos_per_sync = 64;      // announcements; a newcomer asks again for the rest
  std::size_t max_knocks = 16;              // seeds, and dead members, contacted per period, in turn
  std::size_t max_seeds = 512;
  std::size_t max_pending_probes = 1024;
};

}  // namespace fluxpg::gossip
