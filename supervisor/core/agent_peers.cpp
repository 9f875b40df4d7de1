// Whom gossip contacts, and where the others were when we last ran.
#include <algorithm>

#include "supervisor/core/agent_impl.hpp"

namespace fluxpg::supervisor {

namespace {

constexpr Duration kPeersEvery = seconds(5);
constexpr std::size_t kMaxPeers = 64;

bool is_voter_or_founder(const Persistent& persistent, const NodeId& node) {
  const auto is_it = [&node](const auto& one) { return one.node == node; };
  const auto& voters = persistent.voters;
  if (std::any_of(voters.begin(), voters.end(), is_it)) return true;
  return persistent.promised && std::any_of(persistent.promised->founders.begin(), persistent.promised->founders.end(), is_it);
}

}  // namespace

// Whom gossip contacts beside the members it knows: the listed, and those whom we knew in an earlier life.
void Agent::Impl::seed_gossip(const Now& now) {
  gossip::Seeds seeds;
  for (const std::string& address : listing_.listed(now)) {
    // Every instance of an app has the same host ports (Flux: the specification fixes them).
    if (address != config_.address) seeds.endpoints.push_back({address, config_.ports.gossip});
  }
  for (const Peer& peer : persistent_.peers) {
    const Endpoint endpoint{peer.address, peer.gossip_port};
    const bool known = std::find(seeds.endpoints.begin(), seeds.endpoints.end(), endpoint) != seeds.endpoints.end();
    if (!known && peer.address != config_.address) seeds.endpoints.push_back(endpoint);
  }
  apply(now, gossip_.handle(now, seeds));
}

// Once somebody is heard, what gossip knows replaces what was known before: but not of a voter, or founder, whose etcd may hold the only
// word of a recovery.
void Agent::Impl::remember_peers(const Now& now) {
  if (now.boot < peers_noted_ + kPeersEvery || peers_for_ == gossip_.version()) return;
  peers_for_ = gossip_.version();
  std::vector<Peer> peers;
  bool heard = false;
  for (const auto& [id, member] : gossip_.members()) {
    heard = heard || member.state == gossip::State::kAlive;
    if (peers.size() < kMaxPeers) peers.push_back({id, member.info.address, member.info.ports.gossip});
  }
  for (const Peer& peer : persistent_.peers) {
    const bool gone = gossip_.members().count(peer.id) == 0 && is_voter_or_founder(persistent_, peer.id);
    if (gone && peers.size() < kMaxPeers) peers.push_back(peer);
  }
  if (!heard || peers == persistent_.peers) return;
  peers_noted_ = now.boot;
  persistent_.peers = std::move(peers);
  out_.push(Persist{persistent_});
}

}  // namespace fluxpg::supervisor
