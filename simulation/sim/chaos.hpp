// One seed's story: a cluster is founded, things go wrong for a while, then nothing does any more and everything must settle.
#pragma once

#include "simulation/sim/simulation.hpp"

namespace fluxpg::simulation {

struct Chaos {
  std::size_t nodes = 3;
  Duration faults = minutes(8);         // how long things go wrong
  Duration fault_lasts = seconds(150);  // each of them at most
  Duration between = seconds(15);       // on average
  Duration last_ones = seconds(75);     // … before all are ended: an absence window and a ballot
  Duration settle = minutes(40);        // afterwards: the listed grace and a few ballots
  std::vector<std::string> only;        // kinds of fault; empty: all
  std::vector<std::string> without;     // kinds of fault that are left out
};

// Runs it; what does not settle is a violation of "liveness" with what is missing.
void run_chaos(Simulation& simulation, const Chaos& chaos);

// The policies do not found: they are given a healthy cluster, as ours founds one, before anything goes wrong. Takes ten seconds.
void found_by_hand(Simulation& simulation, std::size_t nodes);

struct Compared {
  Duration time{};  // with faults
  Scores scores;    // of that time
  std::uint64_t second_clusters = 0;
  bool came_back = false;  // the first cluster can commit, long after everything was put right
};

// The same faults at the same times for whatever policy runs, on a healthy cluster. Left out: address changes, because the policies name
// members by address in etcd and the model would not notice; and what only ours obeys, which is the operator's word.
Compared run_compared(Simulation& simulation, Chaos chaos);

}  // namespace fluxpg::simulation
