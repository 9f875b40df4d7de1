// Patroni and PostgreSQL as far as membership can see them: the database is made once, then cloned; other data than its own is refused.
// Who leads first in a cluster (Patroni's configuration is not there yet) takes the lead with what it has; whoever comes later follows.
#include <algorithm>
#include <tuple>

#include "simulation/sim/simulation.hpp"

namespace fluxpg::simulation {

namespace {
constexpr Duration kStarts = seconds(5);
constexpr Duration kTriesAgain = seconds(5);
constexpr std::uint64_t kWrites = 1000;  // bytes of log that a new leader adds

auto place(const Host& host) { return std::tuple(host.timeline, host.lsn); }
}  // namespace

void Simulation::perform(std::size_t index, const supervisor::RunPatroni& action) {
  const std::string& on_disk = hosts_[index].system_id;
  if (!action.system_id_expected.empty() && !on_disk.empty() && on_disk != action.system_id_expected) {
    return trace(index, "does not start Patroni: the data is another database's");
  }
  if (std::exchange(hosts_[index].patroni, true)) return;
  const std::uint64_t run = ++hosts_[index].patroni_runs;
  queue_.in(kStarts, [this, index, run] { open_database(index, run); });
}

void Simulation::perform(std::size_t index, const supervisor::StopPatroni&) { hosts_[index].patroni = false; }

void Simulation::open_database(std::size_t index, std::uint64_t run) {
  Host& host = hosts_[index];
  if (!host.patroni || host.patroni_runs != run) return;
  const std::string& app = host.persistent.app;
  const std::string key = record::patroni_initialize_key(app);
  if (cluster() == nullptr || !etcd_.can_commit(*cluster()) || !host.there || host.stopped) {
    return queue_.in(kTriesAgain, [this, index, run] { open_database(index, run); });
  }
  const auto made = cluster()->keys.find(key);
  if (made == cluster()->keys.end()) {
    if (host.system_id.empty()) make_database(index);
    etcd_.force_put(now(), cluster()->id, key, host.system_id);
  } else if (!host.system_id.empty() && host.system_id != made->second.value) {
    trace(index, "Patroni ends: the data is another database's");
    host.patroni = false;
    return;
  }
  const std::string config = record::patroni_config_key(app);
  if (cluster()->keys.count(config) > 0) return follow(index, cluster()->keys.at(key).value);
  if (host.system_id.empty()) {  // whom it could clone is not there yet
    return queue_.in(kTriesAgain, [this, index, run] { open_database(index, run); });
  }
  lead(index);
  etcd_.force_put(now(), cluster()->id, config, "{}");
}

void Simulation::lead(std::size_t index) {
  Host& host = hosts_[index];
  for (const Host& other : hosts_) {
    if (other.system_id != host.system_id || place(other) <= place(host)) continue;
    violate("furthest-copy-leads", host.name + " leads the database, and the copy of " + other.name + " goes further");
  }
  trace(index, "leads the database");
  postgres_leader_ = index;
  ++host.timeline;
  host.lsn += kWrites;
}

// All that the leader has, at once: the model knows of no lag but that of a fault.
void Simulation::follow(std::size_t index, const std::string& system_id) {
  Host& host = hosts_[index];
  if (host.system_id.empty()) trace(index, "the database is cloned");
  host.system_id = system_id;
  for (const Host& other : hosts_) {
    if (other.system_id == system_id && place(other) > place(host)) host.timeline = other.timeline, host.lsn = other.lsn;
  }
}

void Simulation::make_database(std::size_t index) {
  trace(index, "the database is made");
  for (const Host& other : hosts_) {
    if (!other.system_id.empty()) violate("one-database", hosts_[index].name + " makes a database, and " + other.name + " holds one");
  }
  hosts_[index].system_id = std::to_string(7'300'000'000'000'000'000 + ++databases_);
  hosts_[index].timeline = 0;  // 1 as soon as it leads
  hosts_[index].lsn = kWrites;
}

// As far as a leave sees it: any other PostgreSQL that runs takes over, after a moment.
void Simulation::perform(std::size_t index, const supervisor::SwitchOver&) {
  queue_.in(seconds(2), [this, index, life = hosts_[index].life] {
    using Answer = supervisor::SwitchoverAnswered;
    const auto able = [](const Host& host) {
      return host.there && !host.stopped && host.patroni && !host.system_id.empty() && host.postgres_role != "primary";
    };
    const auto next = std::find_if(hosts_.begin(), hosts_.end(), able);
    if (next == hosts_.end()) return feed(index, life, Answer{Answer::Outcome::kNobody, "no other PostgreSQL could take over"});
    hosts_[index].postgres_role = "replica";
    next->postgres_role = "primary";
    trace(index, "hands PostgreSQL over to " + next->name);
    feed(index, life, Answer{Answer::Outcome::kAgreed, "PostgreSQL is handed over to " + next->name});
  });
}

}  // namespace fluxpg::simulation
