#include "simulation/sim/operator.hpp"

#include <algorithm>

namespace fluxpg::simulation {

namespace {

constexpr Duration kLooksEvery = seconds(10);

bool is_recovering(const Host& host) { return host.persistent.recovery && !host.persistent.recovery->done; }

bool anybody_is_recovering(const Simulation& sim) {
  for (std::size_t i = 0; i < sim.hosts(); ++i) {
    if (is_recovering(sim.host(i))) return true;
  }
  return false;
}

bool can_be_asked(const Host& host) { return host.there && host.daemon && !host.stopped && !host.daemon_hangs && !host.daemon->writes; }

// Of the cluster that was lost just now: older copies, from before an earlier recovery, are left alone.
bool holds_a_copy(const Simulation& sim, std::size_t index) {
  const supervisor::Persistent& known = sim.host(index).persistent;
  return sim.is_voter(index) && known.cluster == sim.cluster()->id && !known.voters.empty();
}

// Of several copies the right one: everywhere else the command is refused, and says where to go.
void recover_once(Simulation& sim) {
  if (anybody_is_recovering(sim)) return;
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

// Who is away, and since when; the cluster that they were voters of.
struct Absence {
  std::vector<std::size_t> hosts;
  ClusterId cluster;
  TimePoint until;  // they are let go by then
  Duration spread;
};

void let_go(Simulation& sim, const Absence& absence) {
  const bool together = sim.fault_random().below(2) == 0;
  const Duration first = sim.fault_random().below(absence.spread);
  for (const std::size_t i : absence.hosts) {
    sim.at(together ? first + sim.fault_random().below(seconds(1)) : sim.fault_random().below(absence.spread), [&sim, i] {
      sim.host(i).held = false;
      if (!sim.host(i).there) sim.start(i);
      sim.start_daemon(i);
    });
  }
}

// Types it wherever `status` asks for it.
void rejoin_by_hand(Simulation& sim, TimePoint until) {
  for (std::size_t i = 0; i < sim.hosts(); ++i) {
    if (!can_be_asked(std::as_const(sim).host(i))) continue;
    for (const std::string& problem : sim.snapshot(i).problems) {
      if (problem.find("recover --rejoin") == std::string::npos) continue;
      sim.trace(i, "OPERATOR types: fluxpgctl recover --rejoin");
      sim.input(i, supervisor::OperatorSays{supervisor::OperatorSays::What::kRejoin, ""});
      break;
    }
  }
  if (sim.now() < until) sim.at(minutes(1), [&sim, until] { rejoin_by_hand(sim, until); });
}

void watch_absence(Simulation& sim, const Absence& absence) {
  const bool recovering = anybody_is_recovering(sim);
  const bool recovered = !recovering && sim.cluster() != nullptr && sim.cluster()->id != absence.cluster;
  if (recovered || (!recovering && sim.now() >= absence.until)) {
    let_go(sim, absence);
    if (recovered) sim.at(minutes(1), [&sim, until = sim.now() + minutes(15)] { rejoin_by_hand(sim, until); });
    return;
  }
  recover_once(sim);
  sim.at(kLooksEvery, [&sim, absence] { watch_absence(sim, absence); });
}

}  // namespace

void recover_without_the_absent(Simulation& sim, std::size_t survivor, Duration spread) {
  if (sim.cluster() == nullptr || majority_of_disks_is_lost(sim) || !sim.is_voter(survivor) || anybody_is_recovering(sim)) return;
  const std::size_t voters = sim.cluster()->voters().size();
  Absence absence{{}, sim.cluster()->id, sim.now() + minutes(3), spread};
  for (std::size_t i = 0; i < sim.hosts(); ++i) {
    const std::size_t each = (survivor + i) % sim.hosts();
    if (std::as_const(sim).host(each).held) return;
    if (i > 0 && sim.is_voter(each) && absence.hosts.size() < etcd_model::majority(voters)) absence.hosts.push_back(each);
  }
  if (absence.hosts.size() < etcd_model::majority(voters)) return;
  for (const std::size_t i : absence.hosts) {
    sim.at(sim.fault_random().below(milliseconds(500)), [&sim, i] {
      sim.stop_container(i);
      sim.host(i).held = true;
    });
  }
  sim.at(kLooksEvery, [&sim, absence] { watch_absence(sim, absence); });
}

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
