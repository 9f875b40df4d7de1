// Faults that wait for a moment of a decision: chance alone reaches those states once in thousands of runs.
#include "simulation/sim/fault_effects.hpp"

namespace fluxpg::simulation {

namespace {

// A removal of an unlisted host is decided no earlier than the absence window and a dwell after it was lost.
Duration at_least(Duration lasts) { return std::max<Duration>(lasts, seconds(140)); }

void lose_until_decided(Sim& sim, std::size_t host, Duration lasts, void (*then)(Sim&, std::size_t)) {
  const Duration time = at_least(lasts);
  cut_off(sim, host, time), unlist_for(sim, host, time);
  sim.when_said("decided: etcdctl member remove", time, [&sim, host, then](std::size_t remover) {
    for (std::size_t i = 0; i < sim.hosts(); ++i) sim.network().heal_both(host, i);
    then(sim, remover);
  });
}

}  // namespace

std::vector<FaultKind> faults_of_moments() {
  return {
      {"remover-dies-at-decision", "the next decision is written, and whoever wrote it is gone",
       [](Sim& s, std::size_t, Duration d) {
         s.when_said("decided: ", at_least(d), [&s](std::size_t remover) { s.vanish(remover), start_again(s, remover, seconds(25)); });
       }},
      {"remover-stops-at-decision", "… is stopped for longer than its lease",
       [](Sim& s, std::size_t, Duration d) {
         s.when_said("decided: ", at_least(d), [&s](std::size_t remover) { s.pause(remover), go_on(s, remover, seconds(12)); });
       }},
      {"remover-crashes-at-call", "the call of the next decision is under way, and its daemon is gone",
       [](Sim& s, std::size_t, Duration d) {
         s.when_said("calling: ", at_least(d), [&s](std::size_t remover) { s.kill_daemon(remover), start_again(s, remover, seconds(15)); });
       }},
      {"etcd-dies-at-call", "… and the etcd that it was sent to",
       [](Sim& s, std::size_t, Duration d) { s.when_said("calling: ", at_least(d), [&s](std::size_t remover) { s.kill_etcd(remover); }); }},
      {"victim-returns-at-decision", "cut off and unlisted; heard again as soon as its removal is decided, by a remover with a slow etcd",
       [](Sim& s, std::size_t h, Duration d) {
         lose_until_decided(s, h, d, [](Sim& sim, std::size_t remover) {
           sim.host(remover).etcd_delay = milliseconds(1500);
           sim.at(seconds(15), [&sim, remover] { sim.host(remover).etcd_delay = Duration{}; });
         });
       }},
      {"victim-returns-and-remover-dies", "cut off and unlisted; heard again as soon as its removal is decided, by a remover that is gone",
       [](Sim& s, std::size_t h, Duration d) {
         lose_until_decided(s, h, d,
                            [](Sim& sim, std::size_t remover) { sim.kill_daemon(remover), start_again(sim, remover, seconds(15)); });
       }},
      {"victim-returns-under-a-late-call",
       "cut off and unlisted; its removal reaches etcd up to 45 s late, and meanwhile it is heard again",
       [](Sim& s, std::size_t h, Duration d) {
         const Duration late = seconds(8) + s.fault_random().below(seconds(37));
         for (std::size_t i = 0; i < s.hosts(); ++i) s.host(i).removal_delay = late;
         s.at(at_least(d) + seconds(60), [&s] {
           for (std::size_t i = 0; i < s.hosts(); ++i) s.host(i).removal_delay = Duration{};
         });
         const Duration time = at_least(d);
         cut_off(s, h, time), unlist_for(s, h, time);
         s.when_said("calling: etcdctl member remove", time, [&s, h](std::size_t) {
           s.at(seconds(1), [&s, h] {
             for (std::size_t i = 0; i < s.hosts(); ++i) s.network().heal_both(h, i);
           });
         });
       }},
      {"remover-loses-its-key-under-a-late-call", "… and whoever called is stopped until another one is remover",
       [](Sim& s, std::size_t h, Duration d) {
         const Duration late = seconds(20) + s.fault_random().below(seconds(25));
         for (std::size_t i = 0; i < s.hosts(); ++i) s.host(i).removal_delay = late;
         s.at(at_least(d) + seconds(60), [&s] {
           for (std::size_t i = 0; i < s.hosts(); ++i) s.host(i).removal_delay = Duration{};
         });
         const Duration time = at_least(d);
         cut_off(s, h, time), unlist_for(s, h, time);
         s.when_said("calling: etcdctl member remove", time, [&s, h](std::size_t remover) {
           s.kill_daemon(remover), start_again(s, remover, seconds(40));
           s.at(seconds(1), [&s, h] {
             for (std::size_t i = 0; i < s.hosts(); ++i) s.network().heal_both(h, i);
           });
         });
       }},
  };
}

}  // namespace fluxpg::simulation
