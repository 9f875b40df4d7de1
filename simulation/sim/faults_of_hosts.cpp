// Machines, processes, disks and clocks.
#include <memory>

#include "simulation/sim/fault_effects.hpp"

namespace fluxpg::simulation {

std::vector<FaultKind> faults_of_hosts() {
  return {
      {"host-vanishes", "power or network is lost, and comes back",
       [](Sim& s, std::size_t h, Duration d) { s.vanish(h), start_again(s, h, d); }},
      {"container-killed", "its processes die, connections are refused",
       [](Sim& s, std::size_t h, Duration d) { s.stop_container(h), start_again(s, h, d); }},
      {"daemon-killed", "etcd runs on", [](Sim& s, std::size_t h, Duration d) { s.kill_daemon(h), start_again(s, h, d); }},
      {"daemon-crashes-at-action", "between any two actions, also right after it persisted",
       [](Sim& s, std::size_t h, Duration d) { s.host(h).crash_in = s.fault_random().below(40), start_again(s, h, d); }},
      {"etcd-killed", "the daemon runs on", [](Sim& s, std::size_t h, Duration) { s.kill_etcd(h); }},
      {"disk-lost", "container gone with its volume; a new identity at the same address",
       [](Sim& s, std::size_t h, Duration d) { s.stop_container(h), s.lose_disk(h), start_again(s, h, d); }},
      {"processes-stopped", "SIGSTOP: accepts connections, answers nothing",
       [](Sim& s, std::size_t h, Duration d) { s.pause(h), go_on(s, h, at_most(d, seconds(50))); }},
      {"short-stop", "a few seconds",
       [](Sim& s, std::size_t h, Duration) { s.pause(h), go_on(s, h, seconds(1) + s.fault_random().below(seconds(6))); }},
      {"machine-suspended", "the steady clock stands still",
       [](Sim& s, std::size_t h, Duration d) { s.suspend(h), go_on(s, h, at_most(d, seconds(50))); }},
      {"clock-jumps-ahead", "wall clock by an hour", [](Sim& s, std::size_t h, Duration) { s.jump_wall_clock(h, std::chrono::hours(1)); }},
      {"clock-jumps-back", "wall clock by a day", [](Sim& s, std::size_t h, Duration) { s.jump_wall_clock(h, std::chrono::hours(-24)); }},
      {"daemon-crashes-after-persist", "what it promised is on disk, what it wanted to do next never happens",
       [](Sim& s, std::size_t h, Duration d) {
         s.host(h).crash_at_persist = true;
         s.at(d, [&s, h] { s.host(h).crash_at_persist = false; });
         start_again(s, h, d);
       }},
      {"slow-disk", "each write of the daemon takes 0.2 to 4 s, and it waits for it",
       [](Sim& s, std::size_t h, Duration d) {
         s.host(h).disk_delay = milliseconds(200) + s.fault_random().below(milliseconds(3800));
         s.at(d, [&s, h] { s.host(h).disk_delay = Duration{}; });
       }},
      {"old-disk-copy", "stopped, and started with a copy of its disk that is as old as the fault",
       [](Sim& s, std::size_t h, Duration d) {
         const auto copy = std::make_shared<Sim::DiskCopy>(s.copy_disk(h));
         s.at(d - milliseconds(500), [&s, h, copy] {
           s.stop_container(h);
           // Only of the seat that it has now: what is put back from before another one is an operator's affair (README).
           const auto seat = s.etcd().identity(h);
           const bool same = seat && copy->etcd && *seat == std::pair{copy->etcd->cluster, copy->etcd->member};
           const bool recovers = copy->persistent.recovery && !copy->persistent.recovery->done;
           if (same && !recovers) s.restore_disk(h, *copy);
         });
         start_again(s, h, d);
       }},
      {"daemon-hangs", "SIGSTOP of the daemon, etcd runs on", [](Sim& s, std::size_t h, Duration d) { s.pause_daemon(h), go_on(s, h, d); }},
      {"etcd-hangs", "SIGSTOP of etcd, the daemon runs on", [](Sim& s, std::size_t h, Duration d) { s.pause_etcd(h), go_on(s, h, d); }},
      {"slow-process", "daemon and etcd get the processor for 0.3 s of each second",
       [](Sim& s, std::size_t h, Duration d) {
         for (Duration t{}; t < at_most(d, seconds(60)); t += seconds(1)) {
           s.at(t, [&s, h] { s.pause(h); });
           go_on(s, h, t + milliseconds(700));
         }
       }},
      {"boot-clock-leaps", "boot and steady clock leap ahead by up to 90 s, nobody slept",
       [](Sim& s, std::size_t h, Duration) { s.leap_clock(h, seconds(1) + s.fault_random().below(seconds(89))); }},
      {"address-changes", "the container is made anew at another address; the old row stays for a while",
       [](Sim& s, std::size_t h, Duration d) {
         const std::string old = s.host(h).address;
         s.stop_container(h), s.change_address(h), s.flux().list(s.host(h).address);
         start_again(s, h, seconds(2));
         s.at(d, [&s, old] { s.flux().unlist(old); });
       }},
  };
}

}  // namespace fluxpg::simulation
