#include "simulation/sim/faults.hpp"

#include <algorithm>

namespace fluxpg::simulation {

namespace {

using Sim = Simulation;
using discovery::Fault;

std::size_t other(Sim& sim, std::size_t host) { return (host + 1 + sim.random().below(sim.hosts() - 1)) % sim.hosts(); }

void start_again(Sim& sim, std::size_t host, Duration wait) {
  sim.at(wait, [&sim, host] {
    if (!sim.host(host).there) sim.start(host);
    sim.start_daemon(host);
  });
}

void go_on(Sim& sim, std::size_t host, Duration wait) {
  sim.at(wait, [&sim, host] { sim.resume(host); });
}

void degrade(Sim& sim, std::size_t host, Duration lasts, const LinkQuality& quality) {
  sim.network().set(host, quality);
  sim.at(lasts, [&sim, host] { sim.network().reset(host); });
}

void api(Sim& sim, Duration lasts, Fault fault) {
  sim.flux().fail(fault);
  sim.at(lasts, [&sim] { sim.flux().fail(std::nullopt); });
}

void cut(Sim& sim, std::size_t from, std::size_t to, Duration lasts) {
  sim.network().cut(from, to);
  sim.at(lasts, [&sim, from, to] { sim.network().heal(from, to); });
}

void cut_both(Sim& sim, std::size_t a, std::size_t b, Duration lasts) {
  cut(sim, a, b, lasts);
  cut(sim, b, a, lasts);
}

void split(Sim& sim, Duration lasts, const std::vector<std::size_t>& side) {
  for (std::size_t a = 0; a < sim.hosts(); ++a) {
    for (std::size_t b = 0; b < sim.hosts(); ++b) {
      const bool in_a = std::count(side.begin(), side.end(), a) > 0;
      const bool in_b = std::count(side.begin(), side.end(), b) > 0;
      if (in_a && !in_b) cut_both(sim, a, b, lasts);
    }
  }
}

void unlist_for(Sim& sim, std::size_t host, Duration lasts) {
  sim.flux().unlist(sim.host(host).address);
  sim.at(lasts, [&sim, host] {
    if (sim.host(host).there) sim.flux().list(sim.host(host).address);
  });
}

Duration at_most(Duration lasts, Duration bound) { return std::min(lasts, bound); }

}  // namespace

namespace {

const std::vector<FaultKind> kOfHosts = {
    {"host-vanishes", "power or network is lost, and comes back",
     [](Sim& s, std::size_t h, Duration d) { s.vanish(h), start_again(s, h, d); }},
    {"container-killed", "its processes die, connections are refused",
     [](Sim& s, std::size_t h, Duration d) { s.stop_container(h), start_again(s, h, d); }},
    {"daemon-killed", "etcd runs on", [](Sim& s, std::size_t h, Duration d) { s.kill_daemon(h), start_again(s, h, d); }},
    {"daemon-crashes-at-action", "between any two actions, also right after it persisted",
     [](Sim& s, std::size_t h, Duration d) { s.host(h).crash_in = s.random().below(40), start_again(s, h, d); }},
    {"etcd-killed", "the daemon runs on", [](Sim& s, std::size_t h, Duration) { s.kill_etcd(h); }},
    {"disk-lost", "container gone with its volume; a new identity at the same address",
     [](Sim& s, std::size_t h, Duration d) { s.stop_container(h), s.lose_disk(h), start_again(s, h, d); }},
    {"processes-stopped", "SIGSTOP: accepts connections, answers nothing",
     [](Sim& s, std::size_t h, Duration d) { s.pause(h), go_on(s, h, at_most(d, seconds(50))); }},
    {"short-stop", "a few seconds",
     [](Sim& s, std::size_t h, Duration) { s.pause(h), go_on(s, h, seconds(1) + s.random().below(seconds(6))); }},
    {"machine-suspended", "the steady clock stands still",
     [](Sim& s, std::size_t h, Duration d) { s.suspend(h), go_on(s, h, at_most(d, seconds(50))); }},
    {"clock-jumps-ahead", "wall clock by an hour", [](Sim& s, std::size_t h, Duration) { s.jump_wall_clock(h, std::chrono::hours(1)); }},
    {"clock-jumps-back", "wall clock by a day", [](Sim& s, std::size_t h, Duration) { s.jump_wall_clock(h, std::chrono::hours(-24)); }},
};

const std::vector<FaultKind> kOfLinks = {
    {"host-cut-off", "from everybody", [](Sim& s, std::size_t h, Duration d) { split(s, d, {h}); }},
    {"minority-cut-off", "two hosts from the rest",
     [](Sim& s, std::size_t h, Duration d) {
       split(s, d, {h, other(s, h)});
     }},
    {"one-link-cut", "two hosts do not hear each other, all others hear both",
     [](Sim& s, std::size_t h, Duration d) { cut_both(s, h, other(s, h), d); }},
    {"one-way-cut", "one direction of one link", [](Sim& s, std::size_t h, Duration d) { cut(s, h, other(s, h), d); }},
    {"deaf", "sends, hears nobody",
     [](Sim& s, std::size_t h, Duration d) {
       for (std::size_t i = 0; i < s.hosts(); ++i) {
         if (i != h) cut(s, i, h, d);
       }
     }},
    {"mute", "hears, reaches nobody",
     [](Sim& s, std::size_t h, Duration d) {
       for (std::size_t i = 0; i < s.hosts(); ++i) {
         if (i != h) cut(s, h, i, d);
       }
     }},
    {"chain", "everybody hears only the neighbours",
     [](Sim& s, std::size_t, Duration d) {
       for (std::size_t a = 0; a < s.hosts(); ++a) {
         for (std::size_t b = a + 2; b < s.hosts(); ++b) cut_both(s, a, b, d);
       }
     }},
    {"slow-host", "300 to 900 ms one way",
     [](Sim& s, std::size_t h, Duration d) {
       degrade(s, h, d, {milliseconds(300), milliseconds(600), 0, 0});
     }},
    {"lossy-host", "30 % of its gossip is lost",
     [](Sim& s, std::size_t h, Duration d) {
       degrade(s, h, d, {milliseconds(1), milliseconds(20), 300, 0});
     }},
    {"doubling-host", "half of its gossip arrives twice",
     [](Sim& s, std::size_t h, Duration d) {
       degrade(s, h, d, {milliseconds(1), milliseconds(200), 0, 500});
     }},
};

const std::vector<FaultKind> kOfEtcdAndFlux = {
    {"slow-etcd", "requests to the own etcd take 100 to 1500 ms",
     [](Sim& s, std::size_t h, Duration d) {
       s.host(h).etcd_delay = milliseconds(100) + s.random().below(milliseconds(1400));
       s.at(d, [&s, h] { s.host(h).etcd_delay = Duration{}; });
     }},
    {"very-slow-etcd", "requests to the own etcd arrive up to 40 s late",
     [](Sim& s, std::size_t h, Duration d) {
       s.host(h).etcd_delay = seconds(2) + s.random().below(seconds(38));
       s.at(at_most(d, seconds(60)), [&s, h] { s.host(h).etcd_delay = Duration{}; });
     }},
    {"lost-answers", "a third of etcd's answers is lost",
     [](Sim& s, std::size_t h, Duration d) {
       s.host(h).lost_answers_per_mille = 333;
       s.at(d, [&s, h] { s.host(h).lost_answers_per_mille = 0; });
     }},
    {"etcd-applies-late", "its etcd shows everything seconds later",
     [](Sim& s, std::size_t h, Duration d) {
       s.etcd().set_apply_delay(h, seconds(1) + s.random().below(seconds(20)));
       s.at(d, [&s, h] { s.etcd().set_apply_delay(h, Duration{}); });
     }},
    {"api-down", "no connection", [](Sim& s, std::size_t, Duration d) { api(s, d, Fault::kUnreachable); }},
    {"api-hangs", "no answer", [](Sim& s, std::size_t, Duration d) { api(s, d, Fault::kTimeout); }},
    {"api-empty", "a well-formed empty list", [](Sim& s, std::size_t, Duration d) { api(s, d, Fault::kEmpty); }},
    {"api-half", "answers hold half of the rows, others each time",
     [](Sim& s, std::size_t, Duration d) {
       s.flux().truncate(std::max<std::size_t>(1, s.hosts() / 2));
       s.at(d, [&s] { s.flux().truncate(std::nullopt); });
     }},
    {"backend-lost-a-row", "one backend does not list a live host",
     [](Sim& s, std::size_t h, Duration d) {
       const std::size_t backend = s.random().below(s.flux().backends());
       s.flux().unlist_on(backend, s.host(h).address);
       s.at(d, [&s, h, backend] { s.flux().list_on(backend, s.host(h).address); });
     }},
    {"live-unlisted", "no backend lists a live host", [](Sim& s, std::size_t h, Duration d) { unlist_for(s, h, d); }},
    {"vanishes-and-unlisted", "gone for good, as Flux says an hour later or at once",
     [](Sim& s, std::size_t h, Duration d) { s.vanish(h), unlist_for(s, h, d), start_again(s, h, d); }},
    {"cut-off-and-unlisted", "alive, unheard and unlisted",
     [](Sim& s, std::size_t h, Duration d) { split(s, d, {h}), unlist_for(s, h, d); }},
    {"evictions-paused", "by an operator, for a while",
     [](Sim& s, std::size_t h, Duration d) {
       using What = supervisor::OperatorSays::What;
       s.input(h, supervisor::OperatorSays{What::kPauseEvictions, ""});
       s.at(d, [&s] {
         for (std::size_t i = 0; i < s.hosts(); ++i) s.input(i, supervisor::OperatorSays{What::kResumeEvictions, ""});
       });
     }},
};

}  // namespace

const std::vector<FaultKind>& fault_kinds() {
  static const std::vector<FaultKind> kKinds = [] {
    std::vector<FaultKind> all = kOfHosts;
    all.insert(all.end(), kOfLinks.begin(), kOfLinks.end());
    all.insert(all.end(), kOfEtcdAndFlux.begin(), kOfEtcdAndFlux.end());
    return all;
  }();
  return kKinds;
}

void inject_random_fault(Simulation& sim, std::size_t hosts, Duration lasts) {
  const std::size_t host = sim.random().below(hosts);
  const FaultKind& kind = fault_kinds()[sim.random().below(fault_kinds().size())];
  const Duration time = seconds(1) + sim.random().below(lasts);
  if (!sim.host(host).there || !sim.host(host).daemon || sim.host(host).stopped) return;
  sim.trace(host, std::string("FAULT ") + kind.name + " for " + std::to_string(to_ms(time) / 1000) + " s");
  sim.count(std::string("fault: ") + kind.name);
  kind.inject(sim, host, time);
}

void end_all_faults(Simulation& sim) {
  sim.network().heal_all();
  sim.flux().fail(std::nullopt);
  sim.flux().truncate(std::nullopt);
  for (std::size_t i = 0; i < sim.hosts(); ++i) {
    Host& host = sim.host(i);
    sim.resume(i);
    host.crash_in.reset();
    host.etcd_delay = Duration{};
    host.lost_answers_per_mille = 0;
    sim.etcd().set_apply_delay(i, Duration{});
    if (!host.there) continue;
    sim.flux().list(host.address);
    sim.start_daemon(i);
    sim.input(i, supervisor::OperatorSays{supervisor::OperatorSays::What::kResumeEvictions, ""});
  }
}

}  // namespace fluxpg::simulation
