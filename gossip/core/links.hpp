// Who hears whom: our own row, measured by our own probes, and the rows that others announced.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "gossip/core/member.hpp"

namespace fluxpg::gossip {

class Links {
 public:
  // `version` is where our own row starts: above everything that an earlier life of ours announced.
  Links(NodeId self, std::uint64_t version);

  // Our own link to a member. A new state is a new version to announce; a new round-trip time alone is not.
  void set(const NodeId& to, LinkState state);
  void set_rtt(const NodeId& to, Duration rtt);
  LinkState state(const NodeId& to) const;

  // A row that somebody announced; true if it was newer than what we had.
  bool accept(const LinkRow& row);
  void forget(const NodeId& id);

  // Rows to pass on, least told first; at most `max_rows` and, after the first, `max_links` entries.
  std::vector<LinkRow> take(std::size_t max_rows, std::size_t max_links, std::size_t limit, std::size_t full_up_to);
  // Every row without its links: what a question in a full-state sync names.
  std::vector<LinkRow> versions() const;
  // Rows newer than those named; within the same bounds.
  std::vector<LinkRow> newer_than(const std::vector<LinkRow>& named, std::size_t max_links, std::size_t full_up_to) const;

  const std::map<NodeId, LinkRow>& rows() const { return rows_; }

 private:
  LinkRow& own() { return rows_.at(self_); }
  // As it is announced: a row of a big cluster names only the links that are not well, because N rows of N links are too much to tell.
  LinkRow announced(const LinkRow& row, std::size_t full_up_to) const;

  NodeId self_;
  std::map<NodeId, LinkRow> rows_;
  std::map<NodeId, std::size_t> told_;  // rows under way, by how often they were told
};

}  // namespace fluxpg::gossip
