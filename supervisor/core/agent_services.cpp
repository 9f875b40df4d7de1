// What follows from membership: Patroni's configuration and the names of the nodes.
#include "supervisor/core/agent_impl.hpp"

namespace fluxpg::supervisor {

namespace {
constexpr Duration kDatabaseWait = seconds(20);  // for the first founder to make the database, before anybody may
}  // namespace

void Agent::Impl::run_patroni(const Now& now) {
  const auto state = seen_.patroni.state;
  const bool down = state == Process::State::kStopped || state == Process::State::kExited;
  if (!down && patroni_for_ == seen_versions()) return;
  if (!config_.runs_patroni || !processes_known_ || stopping_ || persistent_.left() || !persistent_.chosen || !view_.list_is_current(now)) return;
  if (chosen_since_ == kNever) chosen_since_ = now.boot;
  const bool first = view_.patroni_initialized() || makes_database(world(now));
  if (!first && now.boot - chosen_since_ < kDatabaseWait) return;
  RunPatroni wanted{patroni_hosts(world(now)), ""};
  if (wanted.etcd_hosts.empty()) return;
  patroni_for_ = seen_versions();
  if (wanted == patroni_ && (!down || now.boot < patroni_retry_)) return;
  patroni_ = wanted;
  patroni_retry_ = now.boot + seconds(5);
  out_.push(std::move(wanted));
}

void Agent::Impl::write_hosts() {
  if (hosts_for_ == seen_versions()) return;
  hosts_for_ = seen_versions();
  std::vector<Host> hosts{{host_name(signing_.id()), config_.local_address}};
  for (const auto& [id, member] : gossip_.members()) hosts.push_back({host_name(id), member.info.address});
  for (const Peer& peer : persistent_.peers) {
    if (gossip_.members().count(peer.id) == 0) hosts.push_back({host_name(peer.id), peer.address});
  }
  if (hosts == hosts_) return;
  hosts_ = hosts;
  out_.push(WriteHosts{std::move(hosts)});
}

}  // namespace fluxpg::supervisor
