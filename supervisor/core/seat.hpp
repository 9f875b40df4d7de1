// Our own etcd: when it is started and as what: as a founder, as what we were, or as the learner that the remover has just added.
#pragma once

#include <string>
#include <vector>

#include "supervisor/core/outbox.hpp"
#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

class Seat {
 public:
  // `conflict`: another living node answers with our id; then etcd stays down (two processes with one raft id would vote twice).
  void tick(const Now& now, const World& world, const ProcessesSeen& seen, bool conflict, Persistent& persistent, Outbox& out);
  const std::vector<Doing>& doing() const { return doing_; }
  const std::string& problem() const { return problem_; }

 private:
  bool move(const Now& now, const ProcessesSeen& seen, Outbox& out);
  static bool evicted_before_chosen(const Now& now, const World& world, const ProcessesSeen& seen, const Persistent& persistent);
  void start(const Now& now, RunEtcd plan, Outbox& out);
  void found(const Now& now, const World& world, const Persistent& persistent, Outbox& out);
  void resume(const Now& now, const World& world, const ProcessesSeen& seen, Persistent& persistent, Outbox& out);
  void join(const Now& now, const World& world, Persistent& persistent, Outbox& out);
  void note_cluster(const Now& now, const World& world, Persistent& persistent, Outbox& out) const;
  static RunEtcd base(const World& world);

  std::vector<Doing> doing_;
  std::string problem_;
  TimePoint next_try_ = kNever;
  TimePoint next_move_{};  // of a running etcd to our address of today
  Duration backoff_{};
};

// The DCS hosts that Patroni gets: own etcd first if it is a voter, then all other voters. Empty: nothing to give it yet.
std::vector<Endpoint> patroni_hosts(const World& world);
// Of the founders, the one with the lowest address makes the database; the others would only race it for Patroni's lock. In a cluster that
// was founded over PostgreSQL data nobody makes one: the copy that goes furthest leads it.
bool leads_or_makes_database(const World& world);
// "https://host:2379" to its parts; nullopt for anything else.
std::optional<Endpoint> endpoint_of_url(const std::string& url);

}  // namespace fluxpg::supervisor
