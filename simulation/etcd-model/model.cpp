#include "simulation/etcd-model/model.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace fluxpg::etcd_model {

std::vector<MemberId> Cluster::voters() const {
  std::vector<MemberId> result;
  for (const etcd::Member& member : members) {
    if (!member.learner) result.push_back(member.id);
  }
  std::sort(result.begin(), result.end());
  return result;
}

const etcd::Member* Cluster::find(MemberId member) const {
  const auto found = std::find_if(members.begin(), members.end(), [member](const etcd::Member& m) { return m.id == member; });
  return found == members.end() ? nullptr : &*found;
}

Model::Model(std::size_t hosts, const Surroundings& surroundings, std::uint64_t seed, Version version)
    : surroundings_(surroundings), random_(seed), etcd_version_(version), instances_(hosts), identities_(hosts) {}

void Model::start(TimePoint now, Host host, const Launch& launch) {
  Instance& instance = instances_[host];
  using State = ProcessState::State;
  if (instance.process.state == State::kStarting || instance.process.state == State::kRunning) return;
  ++version_;
  instance.process = {State::kStarting, 0};
  instance.launch = launch;
  instance.running_at = now + milliseconds(150) + random_.below(milliseconds(1200));
  instance.ready = false;
  instance.ends_at = kNever;
  instance.leader_seen = kNever;
  instance.active_since.clear();
  instance.silent_since.clear();
}

void Model::stop(Host host, int exit_code) {
  Instance& instance = instances_[host];
  using State = ProcessState::State;
  if (instance.process.state != State::kStarting && instance.process.state != State::kRunning) return;
  ++version_;
  instance.process = {exit_code < 0 ? State::kStopped : State::kExited, std::max(exit_code, 0)};
  instance.ready = false;
  for (Pending& pending : pending_) {
    if (pending.host == host) pending.ticket = 0;  // proposed is proposed, but nobody will hear of it
  }
}

std::optional<Model::DiskCopy> Model::copy_disk(Host host) const {
  const auto& data = instances_[host].data;
  if (!data) return std::nullopt;
  return DiskCopy{data->cluster, data->member, data->applied};
}

void Model::restore_disk(Host host, const DiskCopy& copy) {
  CHECK(!running(host));
  set_data(host, Data{copy.cluster, copy.member, copy.applied});
}

void Model::depose_leaders(TimePoint now) {
  for (auto& [id, cluster] : clusters_) {
    if (!cluster.leader) continue;
    ++version_;
    cluster.leader = MemberId{};
    cluster.elects_at = now + milliseconds(300) + random_.below(milliseconds(1500));
  }
}

void Model::lose_disk(Host host) {
  CHECK(!running(host));
  set_data(host, std::nullopt);
}

void Model::set_data(Host host, std::optional<Data> data) {
  ++version_;
  instances_[host].data = data;
  identities_[host] = data ? std::pair{data->cluster, data->member} : std::pair{ClusterId{}, MemberId{}};
}

std::optional<std::pair<ClusterId, MemberId>> Model::identity(Host host) const {
  const auto& data = instances_[host].data;
  if (!data) return std::nullopt;
  return std::pair{data->cluster, data->member};
}

std::optional<Host> Model::host_of(ClusterId cluster, MemberId member) const {
  const auto found = std::find(identities_.begin(), identities_.end(), std::pair{cluster, member});
  if (found == identities_.end()) return std::nullopt;
  return static_cast<Host>(found - identities_.begin());
}

bool Model::serves(Host host) const {
  if (!running(host) || !instances_[host].data) return false;
  const Cluster& cluster = clusters_.at(instances_[host].data->cluster);
  return can_commit(cluster) && follows_leader(cluster, host);
}

void Model::force_put(TimePoint now, ClusterId cluster, const std::string& key, const std::string& value) {
  Cluster& target = clusters_.at(cluster);
  ++target.revision;
  etcd::KeyValue& kv = target.keys[key];
  if (kv.key.empty()) kv.create_revision = target.revision;
  kv.key = key;
  kv.value = value;
  kv.mod_revision = target.revision;
  kv.lease = {};
  commit(now, target);
}

void Model::advance(TimePoint now) {
  for (Host host = 0; host < instances_.size(); ++host) {
    if (instances_[host].process.state == ProcessState::State::kStarting && now >= instances_[host].running_at) boot(now, host);
  }
  note_all_links(now);
  for (auto& [id, cluster] : clusters_) {
    lead(now, cluster);
    apply(now, cluster);
    if (!can_commit(cluster)) continue;
    publish(now, cluster);
    expire_leases(now, cluster);
  }
  settle_pending(now);
  exit_evicted(now);
}

std::vector<MemberId> Model::voters_shown_by(Host host) const {
  std::vector<MemberId> result;
  for (const etcd::Member& member : view(host)) {
    if (!member.learner) result.push_back(member.id);
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace fluxpg::etcd_model
