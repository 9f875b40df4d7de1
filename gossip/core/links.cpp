#include "gossip/core/links.hpp"

#include <algorithm>

namespace fluxpg::gossip {

Links::Links(NodeId self, std::uint64_t version) : self_(self) { rows_[self] = LinkRow{self, version, {}}; }

void Links::set(const NodeId& to, LinkState state) {
  Link& link = own().to[to];
  if (link.state == state) return;
  link.state = state;
  ++own().version;
  told_[self_] = 0;
}

void Links::set_rtt(const NodeId& to, Duration rtt) { own().to[to].rtt_ms = static_cast<std::uint32_t>(to_ms(rtt)); }

LinkState Links::state(const NodeId& to) const {
  const auto& links = rows_.at(self_).to;
  const auto it = links.find(to);
  return it == links.end() ? LinkState::kUnknown : it->second.state;
}

bool Links::accept(const LinkRow& row) {
  if (row.from == self_) return false;
  const auto it = rows_.find(row.from);
  if (it != rows_.end() && it->second.version >= row.version) return false;
  rows_[row.from] = row;
  told_[row.from] = 0;
  return true;
}

void Links::forget(const NodeId& id) {
  rows_.erase(id);
  told_.erase(id);
  if (own().to.erase(id) == 0) return;
  ++own().version;
  told_[self_] = 0;
}

LinkRow Links::announced(const LinkRow& row, std::size_t full_up_to) const {
  LinkRow result = row;
  if (row.from == self_ && row.to.size() > full_up_to) {
    std::erase_if(result.to, [](const auto& link) { return link.second.state == LinkState::kOk; });
  }
  return result;
}

std::vector<LinkRow> Links::take(std::size_t max_rows, std::size_t max_links, std::size_t limit, std::size_t full_up_to) {
  std::vector<LinkRow> result;
  if (told_.empty()) return result;
  std::vector<std::pair<std::size_t, NodeId>> order;
  for (const auto& [id, told] : told_) order.emplace_back(told, id);
  std::sort(order.begin(), order.end());
  std::size_t links = 0;
  for (const auto& [told, id] : order) {
    LinkRow row = announced(rows_.at(id), full_up_to);
    links += row.to.size();
    if (result.size() >= max_rows || (!result.empty() && links > max_links)) break;
    result.push_back(std::move(row));
    if (told + 1 >= limit) {
      told_.erase(id);
    } else {
      told_[id] = told + 1;
    }
  }
  return result;
}

std::vector<LinkRow> Links::versions() const {
  std::vector<LinkRow> result;
  for (const auto& [id, row] : rows_) result.push_back(LinkRow{id, row.version, {}});
  return result;
}

std::vector<LinkRow> Links::newer_than(const std::vector<LinkRow>& named, std::size_t max_links, std::size_t full_up_to) const {
  std::map<NodeId, std::uint64_t> known;
  for (const LinkRow& row : named) known[row.from] = row.version;
  std::vector<LinkRow> result;
  std::size_t links = 0;
  for (const auto& [id, row] : rows_) {
    const auto it = known.find(id);
    if (it != known.end() && it->second >= row.version) continue;
    LinkRow copy = announced(row, full_up_to);
    links += copy.to.size();
    if (!result.empty() && links > max_links) break;
    result.push_back(std::move(copy));
  }
  return result;
}

}  // namespace fluxpg::gossip
