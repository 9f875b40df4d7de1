// What a policy did to its cluster, seen from outside: the numbers by which policies are compared.
#pragma once

#include <cstdint>
#include <utility>

#include "base/time.hpp"
#include "simulation/etcd-model/cluster.hpp"

namespace fluxpg::simulation {

class Simulation;

// Of the voters before a removal: how many live without the removal, and after it.
std::pair<std::size_t, std::size_t> live_voters(const Simulation& sim, const etcd_model::MembershipChange& change);

class Scores {
 public:
  // A voter lives if it has been well for eight seconds: up, served by its etcd, mutually connected to a majority of voters that are so
  // too.
  std::uint64_t live_evicted = 0;
  // The same, by a call that etcd carried out after the deadline of whoever sent it: nobody can take that back (HOLES E3), so it says
  // nothing about who decided.
  std::uint64_t live_evicted_late = 0;
  std::uint64_t evicted = 0;
  // A removal after which the live voters are no majority any more, and were one before.
  std::uint64_t quorums_lost = 0;
  Duration dead_voter{};  // at least one voter of the first cluster is on no running host
  Duration no_quorum{};   // the first cluster cannot commit, for whatever reason
  // Clusters beside the first that had a leader.
  std::uint64_t second_clusters(const Simulation& sim) const;

  void begin(TimePoint now) { *this = Scores(), looked_at_ = now, counts_ = true; }
  void end() { counts_ = false; }
  void changed(Simulation& sim, const etcd_model::MembershipChange& change);
  void watch(const Simulation& sim);

 private:
  TimePoint looked_at_{};
  bool counts_ = false;
};

}  // namespace fluxpg::simulation
