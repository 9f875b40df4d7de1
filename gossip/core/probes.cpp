#include "gossip/core/probes.hpp"

#include <algorithm>

namespace fluxpg::gossip {

Duration probe_timeout(const Config& config, Duration rtt, int ill_health) {
  // Four times the floor is the ceiling: one slow answer must not blind us to the next death.
  return std::clamp(3 * rtt, config.probe_timeout, 4 * config.probe_timeout) * (1 + ill_health);
}

bool Probes::add(const Nonce& nonce, const Probe& probe) {
  if (open_.size() >= capacity_ || find(nonce) != nullptr) return false;
  open_.emplace_back(nonce, probe);
  return true;
}

Probe* Probes::find(const Nonce& nonce) {
  for (auto& [known, probe] : open_) {
    if (known == nonce) return &probe;
  }
  return nullptr;
}

void Probes::erase(const Nonce& nonce) {
  std::erase_if(open_, [&](const auto& entry) { return entry.first == nonce; });
}

bool Probes::asks(const NodeId& target) const {
  return std::any_of(open_.begin(), open_.end(),
                     [&](const auto& entry) { return entry.second.target == target && entry.second.kind == Probe::Kind::kMember; });
}

std::vector<Nonce> Probes::due(TimePoint now) const {
  std::vector<Nonce> result;
  for (const auto& [nonce, probe] : open_) {
    if (probe.deadline <= now) result.push_back(nonce);
  }
  return result;
}

TimePoint Probes::next_deadline() const {
  TimePoint first = kNever;
  for (const auto& [nonce, probe] : open_) first = std::min(first, probe.deadline);
  return first;
}

void Probes::excuse(Duration lost, Duration to_read) {
  for (auto& [nonce, probe] : open_) {
    probe.deadline += probe.excused ? lost : lost + to_read;
    probe.excused = true;
  }
}

std::vector<NodeId> shuffled(std::vector<NodeId> ids, Random& random) {
  for (std::size_t i = ids.size(); i > 1; --i) std::swap(ids[i - 1], ids[random.below(std::uint64_t{i})]);
  return ids;
}

std::vector<NodeId> Round::next(const std::vector<NodeId>& members, std::size_t count, Random& random) {
  std::vector<NodeId> result;
  const std::size_t wanted = std::min(count, members.size());
  while (result.size() < wanted) {
    if (left_.empty()) left_ = shuffled(members, random);
    const NodeId id = left_.back();
    left_.pop_back();
    if (std::binary_search(members.begin(), members.end(), id) && std::find(result.begin(), result.end(), id) == result.end())
      result.push_back(id);
  }
  return result;
}

}  // namespace fluxpg::gossip
