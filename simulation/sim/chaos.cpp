#include "simulation/sim/chaos.hpp"

#include <algorithm>

#include "simulation/sim/faults.hpp"
#include "simulation/sim/operator.hpp"

namespace fluxpg::simulation {

namespace {

// What is not as it must be once nothing goes wrong any more; empty: all is well.
std::string unsettled(const Simulation& sim, const Chaos& chaos) {
  if (sim.cluster() == nullptr) return "there is no cluster";
  if (!sim.writable()) return "etcd has no quorum";
  const std::size_t seats = std::min<std::size_t>(chaos.nodes, sim.options().rules.target_voters);
  const std::size_t wanted = seats % 2 == 0 ? seats - 1 : seats;
  if (sim.voters() != wanted) return std::to_string(sim.voters()) + " voters of " + std::to_string(wanted);
  std::size_t working = 0;
  for (std::size_t i = 0; i < sim.hosts(); ++i) {
    if (sim.is_voter(i) && !sim.works(i)) return sim.host(i).name + " is a voter and does not work";
    if (sim.is_voter(i)) ++working;
  }
  if (working != wanted) return "a voter is on nobody's disk";
  for (std::size_t i = 0; i < sim.hosts(); ++i) {
    if (sim.works(i) && sim.is_voter(i) && sim.snapshot(i).voters_live != wanted)
      return sim.host(i).name + " does not see all voters alive";
    const auto& recovery = sim.host(i).persistent.recovery;
    if (sim.host(i).daemon && recovery && !recovery->done) return sim.host(i).name + " does not end its recovery";
  }
  return "";
}

// What each node says about it, for whoever replays the seed.
void tell(Simulation& sim) {
  for (std::size_t i = 0; i < sim.hosts(); ++i) {
    if (!sim.host(i).daemon) continue;
    const supervisor::Snapshot seen = sim.snapshot(i);
    for (const std::string& problem : seen.problems) sim.trace(i, "has a problem: " + problem);
    for (const supervisor::Doing& doing : seen.doing) sim.trace(i, doing.what + " waits for " + doing.waits_for);
  }
}

void inject_faults(Simulation& sim, const Chaos& chaos) {
  const TimePoint end = sim.now() + chaos.faults;
  for (std::uint64_t fault = 1; sim.now() < end; ++fault) {
    sim.begin_fault_random(sim.options().seed * 1'000'003 + fault);
    sim.run_for(sim.fault_random().below(chaos.between * 2));
    inject_random_fault(sim, chaos.nodes, chaos.fault_lasts, chaos.only, chaos.without);
  }
  sim.run_for(chaos.last_ones);
}

void end_faults(Simulation& sim, const Chaos& chaos) {
  end_all_faults(sim);
  for (std::size_t i = 0; i < chaos.nodes; ++i) {
    if (!sim.host(i).there) sim.start(i);
  }
}

}  // namespace

void found_by_hand(Simulation& sim, std::size_t nodes) {
  std::vector<std::pair<std::string, std::string>> all;
  for (std::size_t i = 0; i < nodes; ++i) all.emplace_back(sim.host(i).name, policy::peer_url(sim.host(i).address));
  for (std::size_t i = 0; i < nodes; ++i) {
    const std::string& address = sim.host(i).address;
    sim.host(i).there = true;
    sim.etcd().start(sim.now(), i, {sim.host(i).name, policy::peer_url(address), policy::client_url(address), all, true, "pg-cluster"});
    sim.flux().list(address);
  }
  sim.run_for(seconds(10));
  const ClusterId id = sim.etcd().clusters().begin()->first;
  sim.etcd().force_put(sim.now(), id, record::founded_key("orders-db"), "{}");
  for (std::size_t i = 0; i < nodes; ++i) sim.start_daemon(i);
}

void run_chaos(Simulation& sim, const Chaos& chaos) {
  for (std::size_t i = 0; i < chaos.nodes; ++i) {
    sim.at(sim.random().below(seconds(5)), [&sim, i] { sim.start(i); });
  }
  if (sim.random().below(4) != 0) sim.run_for(seconds(60));  // else things go wrong while the cluster is founded
  inject_faults(sim, chaos);
  end_faults(sim, chaos);
  if (sim.over()) return sim.count("run: not judged to its end");
  if (majority_of_disks_is_lost(sim)) {
    if (!can_be_recovered(sim)) return sim.count("run: no copy left");  // no protocol brings those back
    recover_by_hand(sim, sim.now() + chaos.settle);
  }
  if (!sim.run_until([&] { return unsettled(sim, chaos).empty(); }, chaos.settle)) {
    sim.violate("liveness", unsettled(sim, chaos));
    tell(sim);
  }
  sim.count("run: settled");
}

Compared run_compared(Simulation& sim, Chaos chaos) {
  chaos.without = {"address-changes", "evictions-paused", "node-leaves", "most-disks-lost"};
  if (sim.options().policy == "ours") {
    for (std::size_t i = 0; i < chaos.nodes; ++i) sim.start(i);
  } else {
    found_by_hand(sim, chaos.nodes);
  }
  sim.run_for(minutes(3) - sim.now().time_since_epoch());
  const TimePoint began = sim.now();
  sim.scores().begin(began);
  inject_faults(sim, chaos);
  sim.scores().end();
  Compared result{sim.now() - began, sim.scores(), 0, false};
  end_faults(sim, chaos);
  sim.run_for(chaos.settle);
  result.second_clusters = sim.scores().second_clusters(sim);
  result.came_back = sim.writable();
  return result;
}

}  // namespace fluxpg::simulation
