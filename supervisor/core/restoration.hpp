// An operator's `recover` on this node: a snapshot of its etcd becomes a new cluster of which it is the only voter (HOLES H34).
//
// Never --force-new-cluster, which keeps the cluster id: the old majority would exit when it met it. The token is random, so the members of
// the old cluster are strangers to the new one. The plan is on disk before anything is done, and every step can be repeated after a crash.
#pragma once

#include <string>
#include <vector>

#include "base/random.hpp"
#include "supervisor/core/outbox.hpp"
#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

// Why Patroni is stopped (and started again) when our etcd becomes that of another cluster: when its configuration is read again, Patroni
// still asks the etcd hosts that it was started with, and those may all be of the cluster that is given up.
constexpr const char* kAnotherCluster =
    "this node's etcd is of another cluster now, and Patroni asks only the hosts that it was started with";

class Restoration {
 public:
  // Why not, in one sentence; empty: it begins.
  std::string begin(const Now& now, const World& world, const MajorityLoss& loss, const RecoverOrder& order, Persistent& persistent,
                    Random& random, Outbox& out);
  // True: etcd holds the keys that make the restored cluster this app's; what was known of the old one is to be forgotten.
  void tick(const Now& now, const World& world, Persistent& persistent, Outbox& out);
  // The copy is in its place: from now on our data is of another cluster.
  bool take(const EtcdRestored& restored, Persistent& persistent, Outbox& out);
  bool committed(const World& world, const etcd::Result& result, Persistent& persistent, Outbox& out);
  const std::string& problem() const { return problem_; }

  // Our etcd is not to be touched by anybody else.
  static bool replaces_etcd(const Persistent& persistent) { return persistent.recovery && !persistent.recovery->restored; }
  // Until then nobody else's etcd is listened to.
  static bool under_way(const Persistent& persistent) { return persistent.recovery && !persistent.recovery->done; }
  static std::vector<Doing> doing(const Persistent& persistent);

 private:
  void commit(const Now& now, const World& world, const Persistent& persistent, Outbox& out);

  TimePoint asked_ = kNever;
  TimePoint commit_at_{};
  std::string problem_;
};

}  // namespace fluxpg::supervisor
