// What follows from membership: Patroni's configuration and the names of the nodes.
#include <algorithm>

#include "base/guard.hpp"
#include "supervisor/core/agent_impl.hpp"

namespace fluxpg::supervisor {

namespace {
constexpr Duration kDatabaseWait = seconds(20);  // for the first founder to make the database, before anybody may
}  // namespace

// A node without a seat is a guest: its database needs the voters' etcd only. It never makes the database.
bool Agent::Impl::is_guest() const {
  return processes_known_ && !persistent_.chosen && persistent_.started_token.empty() && !seen_.etcd_data && view_.founded() &&
         holds(Guard::kGuests);
}

void Agent::Impl::run_patroni(const Now& now) {
  const auto state = seen_.patroni.state;
  const bool down = state == Process::State::kStopped || state == Process::State::kExited;
  if (!down && patroni_for_ == seen_versions()) return;
  const bool guest = is_guest();
  if (!config_.runs_patroni || !processes_known_ || stopping_ || persistent_.left() || !seen_.unreadable.empty()) return;
  if (!(persistent_.chosen || guest) || !view_.list_is_current(now)) return;
  if (chosen_since_ == kNever && !guest) chosen_since_ = now.boot;
  // Patroni writes its configuration when it holds the leader's key for the first time.
  const bool kept = view_.founded() && view_.founded()->database;
  const bool first = view_.patroni_initialized() || (leads_or_makes_database(world(now)) && (kept || !guest));
  if (!first && (kept || guest || now.boot - chosen_since_ < kDatabaseWait)) return;
  RunPatroni wanted{patroni_hosts(world(now)), kept && view_.database().empty() ? view_.founded()->database->system_id : view_.database()};
  if (wanted.etcd_hosts.empty()) return;
  patroni_for_ = seen_versions();
  if (wanted == patroni_ && (!down || now.boot < patroni_retry_)) return;
  patroni_ = wanted;
  patroni_retry_ = now.boot + seconds(5);
  out_.push(std::move(wanted));
}

void Agent::Impl::sweep(const Now& now) {
  if (now.boot < janitor_.next_deadline()) return;
  const World facts = world(now);
  janitor_.tick(now, facts, !config_.shadow && Janitor::is_sweeper(facts, lease_.held()), out_);
}

void Agent::Impl::write_hosts() {
  if (hosts_for_ == seen_versions()) return;
  hosts_for_ = seen_versions();
  std::vector<Host> hosts{{host_name(signing_.id()), config_.local_address}};
  for (const auto& [id, member] : gossip_.members()) hosts.push_back({host_name(id), member.info.address});
  for (const Peer& peer : persistent_.peers) {
    if (gossip_.members().count(peer.id) == 0) hosts.push_back({host_name(peer.id), peer.address});
  }
  // Somebody who joined while no gossip comes here: our etcd has to find it all the same.
  for (const auto& [member, binding] : view_.bindings()) {
    const auto named = [host = host_name(binding.node)](const Host& known) { return known.name == host; };
    if (!binding.address.empty() && std::none_of(hosts.begin(), hosts.end(), named))
      hosts.push_back({host_name(binding.node), binding.address});
  }
  if (hosts == hosts_) return;
  hosts_ = hosts;
  out_.push(WriteHosts{std::move(hosts)});
}

}  // namespace fluxpg::supervisor
