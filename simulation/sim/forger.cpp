#include "simulation/sim/forger.hpp"

#include <algorithm>

namespace fluxpg::simulation {

void forge_removal(Simulation& sim, std::size_t host) {
  const Simulation& seen = sim;
  const etcd_model::Cluster* cluster = seen.cluster();
  const auto identity = seen.etcd().identity(host);
  const etcd::Member* victim = cluster == nullptr || !identity ? nullptr : cluster->find(identity->second);
  if (victim == nullptr) return;
  const NodeId node = seen.host(host).signing->id();
  record::Record forged;
  forged.change = {record::Kind::kRemove, victim->id, node, victim->name, victim->peer_urls.front(), "unlisted", "forged"};
  forged.electorate = {cluster->id, cluster->voters()};
  std::sort(forged.electorate.voters.begin(), forged.electorate.voters.end());
  forged.remover = node;
  forged.command = etcd::as_etcdctl(etcd::RemoveMember{victim->id});
  verdict::Ballot& ballot = forged.certificate.ballot;
  ballot.victim = {victim->id, victim->peer_urls.front(), node, {}};
  ballot.electorate = forged.electorate;
  ballot.id.bytes.fill(1);
  ballot.opener = node;
  for (const MemberId voter : forged.electorate.voters) {
    const auto where = seen.etcd().host_of(cluster->id, voter);
    if (voter == victim->id || !where) continue;
    verdict::Vote vote;
    vote.ballot = ballot.id;
    vote.voter = voter;
    vote.node = seen.host(*where).signing->id();
    vote.choice = verdict::Choice::kDead;
    vote.listing = verdict::Listing::kUnlisted;
    vote.signature.bytes.fill(1);
    forged.certificate.votes.push_back(std::move(vote));
  }
  sim.etcd().force_put(sim.now(), cluster->id, record::record_key(seen.host(0).persistent.app), record::to_json(forged));
}

}  // namespace fluxpg::simulation
