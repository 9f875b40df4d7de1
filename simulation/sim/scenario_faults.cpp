#include "simulation/sim/scenario_faults.hpp"

#include <algorithm>
#include <map>

#include "simulation/sim/faults.hpp"
#include "simulation/sim/forger.hpp"

namespace fluxpg::simulation {

namespace {

using Sim = Simulation;
using scenario::Deed;

constexpr Duration kForGood = std::chrono::hours(100'000);

Duration lasts(const Deed& deed) { return deed.lasts.value_or(kForGood); }

void start_again(Sim& sim, std::size_t host, const Deed& deed) {
  if (!deed.lasts) return;
  sim.at(*deed.lasts, [&sim, host] {
    if (!sim.host(host).there) sim.start(host);
    sim.start_daemon(host);
  });
}

void go_on(Sim& sim, std::size_t host, const Deed& deed) {
  if (deed.lasts) sim.at(*deed.lasts, [&sim, host] { sim.resume(host); });
}

void cut(Sim& sim, std::size_t from, std::size_t to, const Deed& deed) {
  sim.network().cut(from, to);
  if (deed.lasts) sim.at(*deed.lasts, [&sim, from, to] { sim.network().heal(from, to); });
}

void cut_gossip(Sim& sim, std::size_t from, std::size_t to, const Deed& deed) {
  sim.network().cut_gossip(from, to);
  if (deed.lasts) sim.at(*deed.lasts, [&sim, from, to] { sim.network().heal_gossip(from, to); });
}

std::vector<std::size_t> peers(const Sim& sim, std::size_t host, const Deed& deed) {
  std::vector<std::size_t> all = deed.to;
  for (std::size_t peer = 0; deed.to.empty() && peer < sim.hosts(); ++peer) all.push_back(peer);
  std::erase(all, host);
  return all;
}

void keep_killing_etcd(Sim& sim, std::size_t host, TimePoint until) {
  if (sim.now() >= until) return;
  using State = etcd_model::ProcessState::State;
  const State state = sim.etcd().process(host).state;
  if (state == State::kRunning || state == State::kStarting) sim.kill_etcd(host);
  sim.at(milliseconds(200), [&sim, host, until] { keep_killing_etcd(sim, host, until); });
}

void change_address(Sim& sim, std::size_t host, const Deed& deed) {
  const std::string old = sim.host(host).address;
  sim.stop_container(host), sim.change_address(host), sim.start(host);
  if (deed.lasts) sim.at(*deed.lasts, [&sim, old] { sim.flux().unlist(old); });
}

void list_row(Sim& sim, std::size_t host, const Deed& deed, bool there) {
  const auto put = [&sim, address = sim.host(host).address, backend = deed.backend](bool listed) {
    if (backend) {
      listed ? sim.flux().list_on(*backend, address) : sim.flux().unlist_on(*backend, address);
    } else {
      listed ? sim.flux().list(address) : sim.flux().unlist(address);
    }
  };
  put(there);
  if (deed.lasts) sim.at(*deed.lasts, [put, there] { put(!there); });
}

void say_to(Sim& sim, std::size_t host, supervisor::OperatorSays::What what, const std::string& address) {
  if (sim.host(host).daemon) sim.input(host, supervisor::OperatorSays{what, address});
}

// By etcdctl at the leader, past every agent. Nobody waits for the answer.
void ask_leader(Sim& sim, const etcd::Call& call) {
  constexpr etcd_model::Ticket kNobodys = ~etcd_model::Ticket{0};
  if (const std::size_t leader = sim.leader_host(); leader < sim.hosts()) sim.etcd().ask(sim.now(), leader, kNobodys, call);
}

void pause_patroni(Sim& sim, const Deed& deed) {
  if (sim.cluster() == nullptr) return;
  const auto put = [&sim, key = record::patroni_config_key(sim.host(0).persistent.app)](const char* value) {
    sim.etcd().force_put(sim.now(), sim.cluster()->id, key, value);
  };
  put("{\"pause\":true}");
  if (deed.lasts) sim.at(*deed.lasts, [put] { put("{\"pause\":false}"); });
}

void overwrite_remover_key(Sim& sim, const Deed& deed) {
  if (sim.cluster() == nullptr) return;
  const std::string key = record::remover_key(sim.host(0).persistent.app);
  NodeId nobody;
  nobody.bytes.back() = 1;
  sim.etcd().force_put(sim.now(), sim.cluster()->id, key, record::to_json(record::RemoverKey{nobody, MemberId{0xabc}}));
  if (deed.lasts) sim.at(*deed.lasts, [&sim, key] { ask_leader(sim, etcd::Txn{{}, {etcd::Delete{key}}}); });
}

using OnHost = void (*)(Sim&, std::size_t, const Deed&);
using OnAll = void (*)(Sim&, const Deed&);
using What = supervisor::OperatorSays::What;

const std::map<std::string, OnHost> kOnHosts = {
    {"node-starts", [](Sim& s, std::size_t h, const Deed&) { s.start(h); }},
    {"node-starts-unlisted", [](Sim& s, std::size_t h, const Deed&) { s.start_unlisted(h); }},
    {"host-vanishes", [](Sim& s, std::size_t h, const Deed& d) { s.vanish(h), start_again(s, h, d); }},
    {"container-killed", [](Sim& s, std::size_t h, const Deed& d) { s.stop_container(h), start_again(s, h, d); }},
    {"container-recreated", [](Sim& s, std::size_t h, const Deed& d) { s.stop_container(h), start_again(s, h, d); }},
    {"planned-stop",
     [](Sim& s, std::size_t h, const Deed& d) {
       if (s.host(h).daemon) s.input(h, supervisor::StopRequested{});
       s.at(seconds(2), [&s, h] { s.stop_container(h); });
       start_again(s, h, d);
     }},
    {"daemon-killed", [](Sim& s, std::size_t h, const Deed& d) { s.kill_daemon(h), start_again(s, h, d); }},
    {"etcd-keeps-dying", [](Sim& s, std::size_t h, const Deed& d) { keep_killing_etcd(s, h, s.now() + lasts(d)); }},
    {"disk-lost", [](Sim& s, std::size_t h, const Deed& d) { s.stop_container(h), s.lose_disk(h), start_again(s, h, d); }},
    {"etcd-volume-lost", [](Sim& s, std::size_t h, const Deed& d) { s.stop_container(h), s.lose_etcd(h), start_again(s, h, d); }},
    {"postgres-falls-behind", [](Sim& s, std::size_t h, const Deed&) { s.host(h).lsn -= std::min<std::uint64_t>(s.host(h).lsn, 100); }},
    {"postgres-data-replaced", [](Sim& s, std::size_t h, const Deed&) { s.host(h).system_id = "7400000000000000000"; }},
    {"processes-stopped", [](Sim& s, std::size_t h, const Deed& d) { s.pause(h), go_on(s, h, d); }},
    {"daemon-hangs", [](Sim& s, std::size_t h, const Deed& d) { s.pause_daemon(h), go_on(s, h, d); }},
    {"etcd-hangs", [](Sim& s, std::size_t h, const Deed& d) { s.pause_etcd(h), go_on(s, h, d); }},
    {"machine-suspended", [](Sim& s, std::size_t h, const Deed& d) { s.suspend(h), go_on(s, h, d); }},
    {"node-goes-on", [](Sim& s, std::size_t h, const Deed&) { s.resume(h); }},
    {"address-changes", change_address},
    {"host-cut-off",
     [](Sim& s, std::size_t h, const Deed& d) {
       for (const std::size_t peer : peers(s, h, d)) cut(s, h, peer, d), cut(s, peer, h, d);
     }},
    {"one-way-cut",
     [](Sim& s, std::size_t h, const Deed& d) {
       for (const std::size_t peer : peers(s, h, d)) cut(s, h, peer, d);
     }},
    {"gossip-cut-off",
     [](Sim& s, std::size_t h, const Deed& d) {
       for (const std::size_t peer : peers(s, h, d)) cut_gossip(s, h, peer, d), cut_gossip(s, peer, h, d);
     }},
    {"gossip-one-way-cut",
     [](Sim& s, std::size_t h, const Deed& d) {
       for (const std::size_t peer : peers(s, h, d)) cut_gossip(s, h, peer, d);
     }},
    {"etcd-falls-behind",
     [](Sim& s, std::size_t h, const Deed& d) {
       s.etcd().set_apply_delay(h, kForGood);
       if (d.lasts) s.at(*d.lasts, [&s, h] { s.etcd().set_apply_delay(h, Duration{}); });
     }},
    {"row-removed", [](Sim& s, std::size_t h, const Deed& d) { list_row(s, h, d, false); }},
    {"row-appears", [](Sim& s, std::size_t h, const Deed& d) { list_row(s, h, d, true); }},
    {"evictions-paused",
     [](Sim& s, std::size_t h, const Deed& d) {
       say_to(s, h, What::kPauseEvictions, "");
       if (d.lasts) s.at(*d.lasts, [&s, h] { say_to(s, h, What::kResumeEvictions, ""); });
     }},
    {"node-leaves",
     [](Sim& s, std::size_t h, const Deed& d) {
       say_to(s, h, What::kLeave, "");
       if (d.lasts) s.at(*d.lasts, [&s, h] { say_to(s, h, What::kCancelLeave, ""); });
     }},
    {"leave-cancelled", [](Sim& s, std::size_t h, const Deed&) { say_to(s, h, What::kCancelLeave, ""); }},
    {"postgres-leads",
     [](Sim& s, std::size_t h, const Deed&) {
       for (std::size_t i = 0; i < s.hosts(); ++i) s.host(i).postgres_role = i == h ? "primary" : "replica";
     }},
    {"found-without",
     [](Sim& s, std::size_t h, const Deed& d) {
       for (const std::size_t silent : d.to) say_to(s, h, What::kFoundWithout, s.host(silent).address);
     }},
    {"recover",
     [](Sim& s, std::size_t h, const Deed& d) {
       supervisor::OperatorSays says{What::kRecover};
       says.recover.app = s.host(h).persistent.app;
       for (const std::size_t gone : d.to) says.recover.although.push_back(s.host(gone).address);
       if (s.host(h).daemon) s.input(h, says);
     }},
    {"rejoin", [](Sim& s, std::size_t h, const Deed&) { say_to(s, h, What::kRejoin, ""); }},
    {"removed-by-hand",
     [](Sim& s, std::size_t h, const Deed&) {
       if (const auto identity = s.etcd().identity(h)) ask_leader(s, etcd::RemoveMember{identity->second});
     }},
    {"record-forged", [](Sim& s, std::size_t h, const Deed&) { forge_removal(s, h); }},
};

const std::map<std::string, OnAll> kOnAll = {
    {"group-cut-off",
     [](Sim& s, const Deed& d) {
       for (const std::size_t inside : d.on) {
         for (std::size_t peer = 0; peer < s.hosts(); ++peer) {
           if (std::count(d.on.begin(), d.on.end(), peer) == 0) cut(s, inside, peer, d), cut(s, peer, inside, d);
         }
       }
     }},
    {"links-heal", [](Sim& s, const Deed&) { s.network().heal_all(); }},
    {"patroni-paused", pause_patroni},
    {"remover-key-overwritten", overwrite_remover_key},
    {"learner-added-by-hand", [](Sim& s, const Deed&) { ask_leader(s, etcd::AddLearner{"https://n-nobody:2380"}); }},
};

}  // namespace

const std::vector<scenario::FaultWord>& scenario_fault_words() {
  static const std::vector<scenario::FaultWord> kAll = [] {
    std::vector<scenario::FaultWord> all = scenario::fault_words();
    for (const FaultKind& kind : fault_kinds()) {
      const bool known = std::any_of(all.begin(), all.end(), [&kind](const scenario::FaultWord& word) { return word.name == kind.name; });
      if (!known)
        all.push_back({kind.name, std::string(kind.what) + " (what is not said is chosen by the seed)", {scenario::Need::kVirtualTime}});
    }
    return all;
  }();
  return kAll;
}

// What has no entry of its own here is done as the random runs do it.
void carry_out(Simulation& sim, const scenario::Deed& deed) {
  sim.count("fault: " + deed.fault);
  sim.trace(deed.on.empty() ? sim.hosts() : deed.on.front(),
            "FAULT " + deed.fault + (deed.lasts ? " for " + std::to_string(to_ms(*deed.lasts) / 1000) + " s" : ""));
  if (const auto all = kOnAll.find(deed.fault); all != kOnAll.end()) return all->second(sim, deed);
  const auto one = kOnHosts.find(deed.fault);
  const FaultKind* kind = find_fault(deed.fault);
  CHECK(one != kOnHosts.end() || kind != nullptr);
  const std::vector<std::size_t> hosts = deed.on.empty() ? std::vector<std::size_t>{0} : deed.on;
  for (const std::size_t host : hosts) {
    if (one != kOnHosts.end()) {
      one->second(sim, host, deed);
    } else {
      kind->inject(sim, host, lasts(deed));
    }
  }
}

}  // namespace fluxpg::simulation
