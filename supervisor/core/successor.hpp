// What a node does whose cluster was given up by an operator, while it was away or in the minority: it gives way, or it stands fast.
//
// It gives way (sets its etcd data aside and joins the successor) only on the signed word of a voter of its own cluster, read from the
// successor's etcd, and only while those who hold data of the old cluster are too few to be its majority. Whoever returns after such a word
// does not start its etcd, or the old cluster would live again beside the new one. A majority that never went away is not touched.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "supervisor/core/inquiry.hpp"
#include "supervisor/core/outbox.hpp"
#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

class Successor {
 public:
  // True: this node is of another cluster from now on, and what was known of the one before is to be forgotten.
  bool tick(const Now& now, const World& world, const ProcessesSeen& seen, Persistent& persistent, Outbox& out);
  void handle(const World& world, const Purpose& purpose, const etcd::Result& result) { inquiry_.handle(world, purpose, result); }
  // The operator says that this node's data of the old cluster is not needed, whoever else has such data.
  void rejoin() { told_ = true; }
  // A founder that does not know yet whether the etcd data on its disk is of a cluster.
  bool hears_first(const Now& now, const World& world, const ProcessesSeen& seen) const;
  bool keeps_etcd_down() const { return keeps_down_; }
  const std::string& problem() const { return problem_; }
  const std::vector<Doing>& doing() const { return doing_; }

 private:
  bool learn(const World& world, Persistent& persistent, Outbox& out) const;
  void hear(const Now& now, const World& world, const std::vector<const gossip::NodeInfo*>& others, const ProcessesSeen& seen);
  void wait(const Now& now, const World& world, bool alone, const ProcessesSeen& seen, Persistent& persistent, Outbox& out);
  bool give_way(const Now& now, const World& world, const ProcessesSeen& seen, Persistent& persistent, Outbox& out);

  Inquiry inquiry_;
  bool told_ = false;
  bool gives_way_ = false;
  bool keeps_down_ = false;
  TimePoint few_since_ = kNever;
  TimePoint lives_since_ = kNever;
  TimePoint set_aside_at_{};
  std::string problem_;
  std::vector<Doing> doing_;
};

}  // namespace fluxpg::supervisor
