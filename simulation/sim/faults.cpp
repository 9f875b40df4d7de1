#include "simulation/sim/faults.hpp"

#include "simulation/sim/fault_effects.hpp"

namespace fluxpg::simulation {

namespace {

// Drawn in two steps, or the many lies of the Flux API would leave little room for the rest.
struct Group {
  std::uint64_t weight;
  std::vector<FaultKind> kinds;
};

const std::vector<Group>& groups() {
  static const std::vector<Group> kGroups = {{34, faults_of_hosts()}, {25, faults_of_links()},    {10, faults_of_etcd()},
                                             {15, faults_of_flux()},  {15, faults_of_moments()},  {1, faults_of_operators()},
                                             {0, faults_of_gossip()}, {0, faults_of_recoveries()}};
  return kGroups;
}

const FaultKind& random_kind(Random& random) {
  std::uint64_t draw = random.below(100);
  for (const Group& group : groups()) {
    if (draw < group.weight) return group.kinds[random.below(group.kinds.size())];
    draw -= group.weight;
  }
  CHECK(false);
}

}  // namespace

const std::vector<FaultKind>& fault_kinds() {
  static const std::vector<FaultKind> kKinds = [] {
    std::vector<FaultKind> all;
    for (const Group& group : groups()) all.insert(all.end(), group.kinds.begin(), group.kinds.end());
    return all;
  }();
  return kKinds;
}

const FaultKind* find_fault(const std::string& name) {
  for (const FaultKind& kind : fault_kinds()) {
    if (name == kind.name) return &kind;
  }
  return nullptr;
}

void inject_fault(Simulation& sim, const FaultKind& kind, std::size_t host, Duration lasts) {
  sim.trace(host, std::string("FAULT ") + kind.name + " for " + std::to_string(to_ms(lasts) / 1000) + " s: " + kind.what);
  sim.count(std::string("fault: ") + kind.name);
  kind.inject(sim, host, lasts);
}

void inject_random_fault(Simulation& sim, std::size_t hosts, Duration lasts, const std::vector<std::string>& only,
                         const std::vector<std::string>& without) {
  Random& random = sim.fault_random();
  const std::size_t host = random.below(hosts);
  const FaultKind& kind = only.empty() ? random_kind(random) : *find_fault(only[random.below(only.size())]);
  const Duration time = seconds(1) + random.below(lasts - seconds(1));
  if (!sim.host(host).there || !sim.host(host).daemon || sim.host(host).stopped) return;
  if (std::find(without.begin(), without.end(), kind.name) != without.end()) return;
  inject_fault(sim, kind, host, time);
}

void end_all_faults(Simulation& sim) {
  sim.network().heal_all();
  sim.flux().reset();
  sim.forget_traps();
  for (std::size_t i = 0; i < sim.hosts(); ++i) {
    Host& host = sim.host(i);
    sim.resume(i);
    host.crash_in.reset();
    host.crash_at_persist = false;
    host.disk_delay = Duration{};
    host.etcd_delay = host.removal_delay = Duration{};
    host.lost_answers_per_mille = 0;
    sim.etcd().set_apply_delay(i, Duration{});
    if (host.daemon && host.persistent.leave) {
      sim.input(i, supervisor::OperatorSays{supervisor::OperatorSays::What::kCancelLeave, ""});
    } else {
      host.persistent.leave.reset();  // it comes back as somebody who stays
    }
    if (!host.there) continue;
    sim.flux().list(host.address);
    sim.start_daemon(i);
    sim.input(i, supervisor::OperatorSays{supervisor::OperatorSays::What::kResumeEvictions, ""});
  }
}

}  // namespace fluxpg::simulation
