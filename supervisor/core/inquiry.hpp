// What became of the cluster of our etcd data while we were away, asked before that etcd starts again: was it given up for a recovered one?
//
// The answer is a word in the recovered cluster's etcd, signed by the voter that was recovered. Asked are the etcds of all who are heard
// with data of another cluster, and at first of the other voters that are silent: their etcd may live without their daemon.
//
// A founder that ended in the seconds before it could note that its plan was chosen does not know which cluster its data is of. It asks for
// all such words, and knows the one about its own cluster by its plan.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "supervisor/core/outbox.hpp"
#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

// It started its etcd, perhaps before a restart, and did not see its plan chosen.
bool is_unsure_founder(const Persistent& persistent);
// Living members of a cluster that is not the one of our data.
std::vector<const gossip::NodeInfo*> members_elsewhere(const World& world);
// The seat that a word about the cluster of our founding plan gives us. nullptr: none.
const record::SupersededVoter* own_seat(const World& world, const record::Superseded& word);

class Inquiry {
 public:
  struct Word {
    record::Superseded superseded;
    ClusterId answered;  // the cluster that holds it: the successor, or the successor's
  };

  // `others`: members_elsewhere; `down`: our etcd is.
  void tick(const Now& now, const World& world, const std::vector<const gossip::NodeInfo*>& others, bool down, Outbox& out);
  void handle(const World& world, const Purpose& purpose, const etcd::Result& result);
  // Signed by a voter of our cluster.
  const std::optional<Word>& word() const { return word_; }
  // About our cluster, by somebody who is not known as a voter of it.
  const std::optional<Word>& unproven() const { return unproven_; }
  void believe_unproven() { word_ = unproven_; }
  // What is to be heard before an etcd that is down may start; empty: nothing.
  std::string waits_for(const Now& now, const World& world) const;

 private:
  std::vector<EtcdTarget> whom(const World& world, const std::vector<const gossip::NodeInfo*>& others, bool down) const;

  std::optional<Word> word_;
  std::optional<Word> unproven_;
  bool met_ = false;       // somebody with data of another cluster, in this life of the daemon
  bool answered_ = false;  // the etcd of one has, be it with no such word
  std::size_t turn_ = 0;
  bool reads_locally_ = false;
  TimePoint ask_at_{};
};

}  // namespace fluxpg::supervisor
