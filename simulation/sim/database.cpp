// Patroni and PostgreSQL as far as membership can see them: the database is made once, then cloned; other data than its own is refused.
#include <algorithm>

#include "simulation/sim/simulation.hpp"

namespace fluxpg::simulation {

namespace {
constexpr Duration kStarts = seconds(5);
constexpr Duration kTriesAgain = seconds(5);
}  // namespace

void Simulation::perform(std::size_t index, const supervisor::RunPatroni&) {
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
  if (cluster()->keys.count(config) == 0) etcd_.force_put(now(), cluster()->id, config, "{}");
  if (host.system_id.empty()) trace(index, "the database is cloned");
  host.system_id = cluster()->keys.at(key).value;
}

void Simulation::make_database(std::size_t index) {
  trace(index, "the database is made");
  for (const Host& other : hosts_) {
    if (!other.system_id.empty()) violate("one-database", hosts_[index].name + " makes a database, and " + other.name + " holds one");
  }
  hosts_[index].system_id = std::to_string(7'300'000'000'000'000'000 + ++databases_);
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
