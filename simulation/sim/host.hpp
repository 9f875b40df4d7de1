// One machine: its clocks, its disk, and the daemon that runs on it or does not.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "discovery/schedule.hpp"
#include "simulation/policy/policy.hpp"
#include "simulation/sim/signing.hpp"
#include "supervisor/core/agent.hpp"

namespace fluxpg::simulation {

// A daemon from its start to its end. Whatever is under way for an earlier life reaches nobody.
struct Daemon {
  Daemon(supervisor::AgentConfig config, const Signing& signing, supervisor::Persistent persistent, const Now& now, std::uint64_t seed)
      : agent(std::move(config), signing, std::move(persistent), now), poll(discovery::ScheduleConfig{}, 1, seed) {}
  supervisor::Actions handle(const Now& now, const supervisor::Input& input) {
    return policy ? policy->handle(now, input) : agent.handle(now, input);
  }
  TimePoint next_deadline() const { return policy ? policy->next_deadline() : agent.next_deadline(); }
  supervisor::Agent agent;
  std::unique_ptr<policy::Policy> policy;  // if set, it is asked instead of the agent
  discovery::Schedule poll;
  std::deque<supervisor::Input> inbox;  // while it is stopped
  std::uint64_t poll_generation = 0;
  bool urgent = false;  // the poll is told
  std::uint64_t ticks_this_second = 0;
  TimePoint second_began{};
  bool policy_polled = false;
  bool writes = false;  // it waits for its disk: what follows a Persist is not done yet
};

struct Host {
  std::string address;
  std::string name;
  // clocks: boot = virtual time + boot_offset
  Duration boot_offset{};
  Duration asleep{};  // steady = boot − asleep
  Duration wall_offset{};
  TimePoint leapt_at{};  // the last leap of boot_offset
  // disk
  std::unique_ptr<Signer> signing;  // lies in the etcd volume: a lost disk is another identity
  std::uint64_t identities = 0;
  supervisor::Persistent persistent;
  std::uint32_t moves = 0;     // to another address
  std::string system_id;       // of the PostgreSQL data; empty: none
  std::uint32_t timeline = 0;  // … and how far it goes
  std::uint64_t lsn = 0;
  // processes
  bool there = false;         // the machine answers to packets at all
  bool held = false;          // somebody saw to it that nothing is started on it before he says so
  bool stopped = false;       // SIGSTOP, or a suspended machine: there, and silent
  bool suspended = false;     // … of these, the kind in which the steady clock stands still
  bool daemon_hangs = false;  // SIGSTOP of one process only
  bool etcd_hangs = false;
  TimePoint stopped_at{};
  bool shadow = false;
  std::unique_ptr<Daemon> daemon;
  std::uint64_t life = 0;
  bool patroni = false;
  std::string postgres_role = "unknown";  // what Patroni would say; only some scenarios care
  std::uint64_t patroni_runs = 0;         // how often it was started
  std::optional<std::uint64_t> crash_in;  // the daemon dies before so many more actions are done
  Duration etcd_delay{};                  // of each request on its way to our own etcd
  Duration removal_delay{};               // of calls to remove a member, on top
  std::uint32_t lost_answers_per_mille = 0;
  Duration disk_delay{};          // of each Persist
  bool crash_at_persist = false;  // right after the next one
  TimePoint well_since = kNever;  // see invariants.hpp
};

}  // namespace fluxpg::simulation
