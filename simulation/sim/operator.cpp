#include "simulation/sim/operator.hpp"

#include <algorithm>

namespace fluxpg::simulation {

namespace {

constexpr Duration kLooksEvery = seconds(10);

bool is_recovering(const Host& host) { return host.persistent.recovery && !host.persistent.recovery->done; }

bool can_be_asked(const Host& host) { return host.there && host.daemon && !host.stopped && !host.daemon_hangs && !host.daemon->writes; }

// Of the cluster that was lost just now: older copies, from before an earlier recovery, are left alone.
bool holds_a_copy(const Simulation& sim, std::size_t index) {
  const supervisor::Persistent& known = sim.host(index).persistent;
  return sim.is_voter(index) && known.cluster == sim.cluster()->id && !known.voters.empty();
}

// Of several copies the right one: everywhere else the command is refused, and says where to go.
void recover_once(Simulation& sim) {
  for (std::size_t i = 0; i < sim.hosts(); ++i) {
    if (is_recovering(std::as_const(sim).host(i))) return;
  }
  for (std::size_t i = 0; i < sim.hosts(); ++i) {
    const Host& host = std::as_const(sim).host(i);
    if (!can_be_asked(host) || !holds_a_copy(sim, i)) continue;
    const std::optional<supervisor::MajorityLoss> loss = sim.snapshot(i).loss;
    if (!loss) continue;
    supervisor::OperatorSays says{supervisor::OperatorSays::What::kRecover};
    says.recover.app = host.persistent.app;
    for (const supervisor::LostVoter& lost : loss->lost) says.recover.although.push_back(lost.address);
    if (!supervisor::recover_refusal(loss, host.persistent.app, says.recover).empty()) continue;
    sim.trace(i, "OPERATOR types: fluxpgctl recover");
    return sim.input(i, says);
  }
}

}  // namespace

bool majority_of_disks_is_lost(const Simulation& sim) {
  if (sim.cluster() == nullptr) return false;
  const std::vector<MemberId> voters = sim.cluster()->voters();
  const auto kept = std::count_if(voters.begin(), voters.end(),
                                  [&sim](MemberId voter) { return sim.etcd().host_of(sim.cluster()->id, voter).has_value(); });
  return static_cast<std::size_t>(kept) < etcd_model::majority(voters.size());
}

bool can_be_recovered(const Simulation& sim) {
  for (std::size_t i = 0; i < sim.hosts(); ++i) {
    if (holds_a_copy(sim, i)) return true;
  }
  return false;
}

void recover_by_hand(Simulation& sim, TimePoint until) {
  if (sim.now() >= until) return;
  if (majority_of_disks_is_lost(sim)) recover_once(sim);
  sim.at(kLooksEvery, [&sim, until] { recover_by_hand(sim, until); });
}

}  // namespace fluxpg::simulation
