// What a node does whose cluster was given up by an operator, while it was away or in the minority: it gives way, or it stands fast.
//
// It gives way (sets its etcd data aside and joins the successor) only on the signed word of a voter of its own cluster, read from the
// successor's etcd, and only while those who hold data of the old cluster are too few to be its majority. Whoever returns after such a word
// does not start its etcd, or the old cluster would live again beside the new one. A majority that never went away is not touched.
//
// A founder that ended in the seconds before it could note that its plan was chosen does not know which cluster its data is of. Before its
// etcd starts again it asks a living cluster too; a word about the cluster of its plan tells it that it is a member of that one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "supervisor/core/outbox.hpp"
#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

class Successor {
 public:
  // True: this node is of another cluster from now on, and what was known of the one before is to be forgotten.
  bool tick(const Now& now, const World& world, const ProcessesSeen& seen, Persistent& persistent, Outbox& out);
  void handle(const World& world, const Purpose& purpose, const etcd::Result& result);
  // The operator says that this node's data of the old cluster is not needed, whoever else has such data.
  void rejoin() { told_ = true; }
  bool keeps_etcd_down() const { return keeps_down_; }
  const std::string& problem() const { return problem_; }
  const std::vector<Doing>& doing() const { return doing_; }

 private:
  bool hear_first(const Now& now, const World& world, const ProcessesSeen& seen, Persistent& persistent, Outbox& out);
  bool is_ours(const World& world, const record::Superseded& word) const;
  void ask(const Now& now, const World& world, Outbox& out);
  void wait(const Now& now, const World& world, bool alone, const ProcessesSeen& seen, Persistent& persistent, Outbox& out);
  bool give_way(const Now& now, const World& world, const ProcessesSeen& seen, Persistent& persistent, Outbox& out);

  struct Word {
    record::Superseded superseded;
    ClusterId answered;  // the cluster that holds it: the successor, or the successor's
  };
  std::optional<Word> word_;
  std::optional<Word> unproven_;  // about our cluster, by somebody who is not known as a voter of it
  bool answered_ = false;         // a stranger's etcd has, be it with no such word
  bool told_ = false;
  bool gives_way_ = false;
  bool keeps_down_ = false;
  std::size_t turn_ = 0;  // who of the strangers is asked
  bool reads_locally_ = false;
  TimePoint ask_at_{};
  TimePoint few_since_ = kNever;
  TimePoint lives_since_ = kNever;
  TimePoint set_aside_at_{};
  std::string problem_;
  std::vector<Doing> doing_;
};

}  // namespace fluxpg::supervisor
