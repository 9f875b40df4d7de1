// What every node that answers has on its disks, asked of its own etcd and Patroni while the majority is lost; and who is missing.
#pragma once

#include <map>
#include <vector>

#include "supervisor/core/known_voters.hpp"
#include "supervisor/core/outbox.hpp"

namespace fluxpg::supervisor {

// The cluster that this node's words are about: that of its own data; without any (a guest, a newcomer), the one whose list it reads.
ClusterId cluster_in_question(const World& world);
// It answers, and holds data of that cluster: with another cluster's it is no voter of ours any more. We ourselves always.
bool speaks_for_seat(const World& world, const NodeId& node);

class LossEvidence {
 public:
  // To be called while the majority is lost.
  void tick(const Now& now, const World& world, Outbox& out);
  void handle(const etcd::Result& result);
  void handle(const PostgresReplied& reply);
  MajorityLoss situation(const Now& now, const World& world) const;

 private:
  Survivor survivor(const World& world, const gossip::NodeInfo& info, const std::vector<KnownVoter>& voters) const;

  TimePoint next_{};
  std::map<RequestId, NodeId> asked_;
  std::map<std::pair<ClusterId, MemberId>, etcd::Status> etcd_;
  std::map<NodeId, PostgresPlace> postgres_;
};

}  // namespace fluxpg::supervisor
