#include "gossip/core/rumors.hpp"

#include <algorithm>
#include <bit>

#include "gossip/core/precedence.hpp"

namespace fluxpg::gossip {

std::size_t retransmissions(std::size_t factor, std::size_t members) { return factor * static_cast<std::size_t>(std::bit_width(members)); }

void RumorQueue::add(const Rumor& rumor) {
  auto it = entries_.lower_bound({rumor.id, NodeId{}});
  while (it != entries_.end() && it->first.first == rumor.id) {
    const Rumor& old = it->second.rumor;
    const bool overridden = compare(old.incarnation, old.state, rumor.incarnation, rumor.state) == News::kNewer;
    it = overridden ? entries_.erase(it) : std::next(it);
  }
  entries_.insert_or_assign({rumor.id, rumor.accuser}, Entry{rumor, 0});
  if (entries_.size() <= capacity_) return;
  entries_.erase(
      std::max_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) { return a.second.told < b.second.told; }));
}

void RumorQueue::forget(const NodeId& id) {
  std::erase_if(entries_, [&](const auto& entry) { return entry.first.first == id; });
}

std::vector<Rumor> RumorQueue::take(const NodeId& receiver, std::size_t max, std::size_t limit) {
  if (entries_.empty()) return {};
  std::vector<Entry*> candidates;
  for (auto& [key, entry] : entries_) {
    if (entry.rumor.id != receiver || entry.rumor.state != State::kAlive) candidates.push_back(&entry);
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const Entry* a, const Entry* b) { return a->told < b->told; });
  if (candidates.size() > max) candidates.resize(max);
  std::vector<Rumor> result;
  for (Entry* entry : candidates) {
    result.push_back(entry->rumor);
    ++entry->told;
  }
  if (!candidates.empty()) std::erase_if(entries_, [&](const auto& entry) { return entry.second.told >= limit; });
  return result;
}

}  // namespace fluxpg::gossip
