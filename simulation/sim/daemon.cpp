// The daemon's event loop on virtual time: inputs in, ticks when they are due, polls and process states as the runtime would bring them.
#include "simulation/sim/invariants.hpp"

namespace fluxpg::simulation {

namespace {
constexpr std::size_t kInboxBound = 2000;
constexpr std::uint64_t kTicksASecond = 500;  // more is a loop that spins
}  // namespace

supervisor::AgentConfig Simulation::config(std::size_t index) const {
  const Host& host = hosts_[index];
  supervisor::AgentConfig config;
  config.app = host.persistent.app;
  config.version = "simulated";
  config.name = host.name;
  config.address = host.address;
  config.local_address = host.address;
  config.shadow = host.shadow;
  config.runs_patroni = options_.runs_patroni;
  config.rules = options_.rules;
  return config;
}

void Simulation::boot_daemon(std::size_t index) {
  ++version_;
  Host& host = hosts_[index];
  supervisor::AgentConfig wanted = config(index);
  wanted.seed = random_.next();
  host.daemon = std::make_unique<Daemon>(std::move(wanted), *host.signing, host.persistent, clocks(index), random_.next());
  if (options_.policy != "ours") host.daemon->policy = policy::make_policy(options_.policy, {host.name, host.address});
  const std::uint64_t life = ++host.life;
  queue_.in(random_.below(milliseconds(50)), [this, index, life] { feed(index, life, supervisor::Tick{}); });
  queue_.in(random_.below(seconds(1)), [this, index, life] { see_processes(index, life); });
  plan_poll(index, life);
}

void Simulation::feed(std::size_t index, std::uint64_t life, const supervisor::Input& input) {
  Host& host = hosts_[index];
  if (!lives(index, life)) return;
  if (daemon_stands_still(index)) {
    if (host.daemon->inbox.size() < kInboxBound) host.daemon->inbox.push_back(input);
    return;
  }
  handle(index, input);
}

void Simulation::handle(std::size_t index, const supervisor::Input& input) {
  Daemon& daemon = *hosts_[index].daemon;
  hash_ = (hash_ ^ (index * 16 + input.index())) * 1099511628211ULL;
  hash_ = (hash_ ^ static_cast<std::uint64_t>(now().time_since_epoch().count())) * 1099511628211ULL;
  if (std::holds_alternative<supervisor::Tick>(input)) {
    if (now() - daemon.second_began >= seconds(1)) {
      daemon.second_began = now();
      daemon.ticks_this_second = 0;
    }
    if (++daemon.ticks_this_second == kTicksASecond) violate("no-spinning", hosts_[index].name + " asks to be called all the time");
  }
  const std::uint64_t life = hosts_[index].life;
  invariants_->saw(index, input);
  perform(index, daemon.handle(clocks(index), input));
  if (!lives(index, life)) return;
  plan_tick(index);
  if (daemon.policy || daemon.urgent == daemon.agent.misses_a_voter()) return;
  daemon.urgent = !daemon.urgent;
  daemon.poll.set_urgent(daemon.urgent);
  if (daemon.poll.next() != kNever) plan_poll(index, life);
}

void Simulation::plan_tick(std::size_t index) {
  const TimePoint due = hosts_[index].daemon->next_deadline();
  // The event loop waits in whole milliseconds.
  queue_.set_timer(index, due == kNever ? kNever : std::max(due - hosts_[index].boot_offset, now() + milliseconds(1)));
}

void Simulation::tick(std::size_t index) {
  if (hosts_[index].daemon && !daemon_stands_still(index)) handle(index, supervisor::Tick{});
}

void Simulation::see_processes(std::size_t index, std::uint64_t life) {
  if (!lives(index, life)) return;
  using From = etcd_model::ProcessState::State;
  using To = supervisor::Process::State;
  if (!hosts_[index].stopped) {
    const etcd_model::ProcessState& etcd = etcd_.process(index);
    supervisor::ProcessesSeen seen;
    switch (etcd.state) {
      case From::kStopped:
        seen.etcd.state = To::kStopped;
        break;
      case From::kStarting:
        seen.etcd.state = To::kStarting;
        break;
      case From::kRunning:
        seen.etcd.state = To::kRunning;
        break;
      case From::kExited:
        seen.etcd = {To::kExited, etcd.exit_code};
        break;
    }
    seen.patroni.state = hosts_[index].patroni ? To::kRunning : To::kStopped;
    seen.etcd_data = etcd_.has_data(index);
    seen.postgres_data = !hosts_[index].system_id.empty();
    feed(index, life, seen);
    supervisor::PostgresSeen postgres{hosts_[index].postgres_role, hosts_[index].system_id};
    if (!hosts_[index].patroni) postgres.timeline = hosts_[index].timeline, postgres.lsn = hosts_[index].lsn;
    if (lives(index, life)) feed(index, life, postgres);
  }
  queue_.in(seconds(1), [this, index, life] { see_processes(index, life); });
}

void Simulation::plan_poll(std::size_t index, std::uint64_t life) {
  if (hosts_[index].daemon->policy) {  // every 60 seconds, as the shell updater's README says, and at the start
    const bool first = !std::exchange(hosts_[index].daemon->policy_polled, true);
    return queue_.in(first ? random_.below(seconds(2)) : seconds(60), [this, index, life] {
      if (lives(index, life)) poll(index, life);
    });
  }
  const TimePoint due = hosts_[index].daemon->poll.next();
  const TimePoint soonest = now() + milliseconds(100);
  const bool at_once = due < TimePoint(now().time_since_epoch() + hosts_[index].boot_offset);
  const std::uint64_t generation = ++hosts_[index].daemon->poll_generation;
  queue_.at(at_once ? soonest : std::max(due - hosts_[index].boot_offset, soonest), [this, index, life, generation] {
    if (lives(index, life) && hosts_[index].daemon->poll_generation == generation) poll(index, life);
  });
}

void Simulation::poll(std::size_t index, std::uint64_t life) {
  if (daemon_stands_still(index)) {
    const std::uint64_t generation = hosts_[index].daemon->poll_generation;
    queue_.in(seconds(1), [this, index, life, generation] {
      if (lives(index, life) && hosts_[index].daemon->poll_generation == generation) poll(index, life);
    });
    return;
  }
  if (!hosts_[index].daemon->policy) hosts_[index].daemon->poll.start(clocks(index).boot);
  const Duration wait = milliseconds(50) + random_.below(milliseconds(500)) + flux_.slowness();
  queue_.in(wait, [this, index, life, answer = flux_.ask(random_)] {
    if (!lives(index, life)) return;
    if (!hosts_[index].daemon->policy) hosts_[index].daemon->poll.answered(answer);
    plan_poll(index, life);
    feed(index, life, supervisor::ListingAnswered{answer});
    if (const auto instances = flux_.instances(options_.instances)) feed(index, life, supervisor::InstancesKnown{*instances});
  });
}

}  // namespace fluxpg::simulation
