#include "simulation/sim/scores.hpp"

#include <algorithm>

#include "simulation/sim/simulation.hpp"

namespace fluxpg::simulation {

namespace {
constexpr Duration kWellFor = seconds(8);  // as the invariant about the living: longer than any ballot
}  // namespace

std::pair<std::size_t, std::size_t> live_voters(const Simulation& sim, const etcd_model::MembershipChange& change) {
  std::size_t others = 0;
  std::size_t victim = 0;
  for (const MemberId voter : change.voters_before) {
    const auto index = sim.etcd().host_of(change.cluster, voter);
    if (!index) continue;
    const Host& host = sim.host(*index);
    const bool is_victim = voter == change.member.id;
    const bool lives = host.there && !host.stopped && !host.etcd_hangs && (sim.etcd().running(*index) || is_victim);
    (is_victim ? victim : others) += lives ? 1U : 0U;
  }
  return {others + victim, others};
}

void Scores::changed(Simulation& sim, const etcd_model::MembershipChange& change) {
  using Kind = etcd_model::MembershipChange::Kind;
  if (!counts_ || change.kind != Kind::kRemove || change.member.learner) return;
  if (sim.cluster() == nullptr || sim.cluster()->id != change.cluster) return;
  ++evicted;
  const auto host = sim.etcd().host_of(change.cluster, change.member.id);
  const TimePoint since = host ? sim.host(*host).well_since : kNever;
  if (since != kNever && sim.now() - since >= kWellFor) {
    const bool late = sim.now() > sim.removal_awaited_until(change.member.id);
    ++(late ? live_evicted_late : live_evicted);
    sim.trace(*host, std::string("EVICTED ALIVE") + (late ? " by a late call" : "") + ": it has been well for " +
                         std::to_string(to_ms(sim.now() - since) / 1000) + " s");
  }
  const auto [before, after] = live_voters(sim, change);
  const std::size_t voters = change.voters_before.size();
  if (before >= etcd_model::majority(voters) && after < etcd_model::majority(voters - 1)) ++quorums_lost;
}

void Scores::watch(const Simulation& sim) {
  if (!counts_) return;
  const Duration step = sim.now() - looked_at_;
  looked_at_ = sim.now();
  if (sim.cluster() == nullptr) return;
  const std::vector<MemberId> voters = sim.cluster()->voters();
  const bool all_run = std::all_of(voters.begin(), voters.end(), [&sim](MemberId voter) {
    const auto host = sim.etcd().host_of(sim.cluster()->id, voter);
    return host && sim.host(*host).there && sim.etcd().running(*host);
  });
  if (!all_run) dead_voter += step;
  if (!sim.writable()) no_quorum += step;
}

std::uint64_t Scores::second_clusters(const Simulation& sim) const {
  std::uint64_t others = 0;
  for (const auto& [id, cluster] : sim.etcd().clusters()) {
    if (cluster.ever_led && sim.cluster() != nullptr && id != sim.cluster()->id) ++others;
  }
  return others;
}

}  // namespace fluxpg::simulation
