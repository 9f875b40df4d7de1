// What etcd answers, refuses, or never answers.
#include <algorithm>
#include <set>

#include "base/check.hpp"
#include "simulation/etcd-model/model.hpp"

namespace fluxpg::etcd_model {

namespace {

using etcd::Error;
using etcd::ErrorKind;

constexpr Duration kHealthInterval = seconds(5);
constexpr Duration kRenewalRace = milliseconds(50);

etcd::Result error(ErrorKind kind, std::string message) { return unexpected(Error{kind, std::move(message)}); }

bool is_peer_url(const std::string& url) { return url.rfind("http://", 0) == 0 || url.rfind("https://", 0) == 0; }

// A key that is put twice, or put and deleted, in one transaction.
bool puts_twice(const etcd::Txn& txn) {
  std::set<std::string> put;
  for (const etcd::Write& write : txn.writes) {
    if (const auto* each = std::get_if<etcd::Put>(&write); each != nullptr && !put.insert(each->key).second) return true;
  }
  return std::any_of(txn.writes.begin(), txn.writes.end(), [&put](const etcd::Write& write) {
    const auto* each = std::get_if<etcd::Delete>(&write);
    return each != nullptr && put.count(each->key) > 0;
  });
}

bool is_local_read(const etcd::Call& call) {
  const auto* range = std::get_if<etcd::Range>(&call);
  return range != nullptr && range->serializable;
}

bool is_read(const etcd::Call& call) {
  return std::holds_alternative<etcd::Range>(call) || std::holds_alternative<etcd::ListMembers>(call);
}

}  // namespace

etcd::Header Model::header(Host host) const {
  const Data& data = *instances_[host].data;
  const Cluster& cluster = clusters_.at(data.cluster);
  return {data.cluster, data.member, cluster.log[data.applied - 1].revision, cluster.term};
}

// It has applied its own removal, and ends a moment later.
bool Model::is_removed(Host host) const {
  const Data& data = *instances_[host].data;
  const Cluster& cluster = clusters_.at(data.cluster);
  const auto removed = cluster.removed_at.find(data.member);
  return removed != cluster.removed_at.end() && data.applied >= removed->second;
}

const Members& Model::view(Host host) const {
  const Data& data = *instances_[host].data;
  return *clusters_.at(data.cluster).log[data.applied - 1].members;
}

etcd::Status Model::status(TimePoint now, Host host) const {
  const Instance& instance = instances_[host];
  const Cluster& cluster = clusters_.at(instance.data->cluster);
  etcd::Status result;
  result.header = header(host);
  result.version = etcd_version_ == Version::k34 ? "3.4.23" : "3.5.16";
  const bool sees = instance.leader_seen != kNever && now - instance.leader_seen < seconds(1);
  result.leader = sees ? cluster.leader : MemberId{};
  result.raft_index = instance.data->applied;
  result.raft_applied_index = instance.data->applied;
  for (const etcd::Member& member : view(host)) {
    if (member.id == instance.data->member) result.learner = member.learner;
  }
  if (!result.leader) result.errors.push_back("etcdserver: no leader");
  return result;
}

// In the view of the asked member: is the connection up, and has it been for so long?
bool Model::connected_since(TimePoint now, Host host, MemberId member, const Cluster& cluster, Duration at_least) const {
  if (instances_[host].data->member == member) return true;
  const auto peer = host_of(cluster.id, member);
  if (!peer) return false;
  const auto since = instances_[host].active_since.find(*peer);
  return since != instances_[host].active_since.end() && now - since->second >= at_least;
}

std::optional<Error> Model::add_refusal(TimePoint now, Host host, const Cluster& cluster, const etcd::AddLearner& call) const {
  if (!is_peer_url(call.peer_url)) return Error{ErrorKind::kRefused, "etcdserver: given member URLs are invalid"};
  for (const etcd::Member& member : view(host)) {
    if (!member.learner && !connected_since(now, host, member.id, cluster, kHealthInterval)) {
      return Error{ErrorKind::kUnhealthy, "etcdserver: unhealthy cluster"};
    }
  }
  return std::nullopt;
}

// etcd's mayRemoveMember. Whether there is such a member at all is known when the removal is applied.
std::optional<Error> Model::remove_refusal(TimePoint now, Host host, const Cluster& cluster, MemberId victim) const {
  std::size_t voters = 0;
  std::size_t active = 0;
  std::size_t others = 0;
  std::size_t others_started = 0;
  for (const etcd::Member& each : view(host)) {
    if (each.id == victim && each.learner) return std::nullopt;
    if (each.learner) continue;
    ++voters;
    if (connected_since(now, host, each.id, cluster, kHealthInterval)) ++active;
    if (each.id == victim) continue;
    ++others;
    if (!each.name.empty()) ++others_started;
  }
  if (others_started < majority(others)) {
    return Error{ErrorKind::kNotEnoughStarted, "etcdserver: re-configuration failed due to not enough started members"};
  }
  if (!connected_since(now, host, victim, cluster, Duration::zero())) return std::nullopt;
  if (active < 1 + majority(voters - 1)) return Error{ErrorKind::kUnhealthy, "etcdserver: unhealthy cluster"};
  return std::nullopt;
}

// Before anything is proposed.
std::optional<Error> Model::refusal(TimePoint now, Host host, const Cluster& cluster, const etcd::Call& call) const {
  const auto& own = view(host);
  const MemberId self = instances_[host].data->member;
  const bool learner = std::any_of(own.begin(), own.end(), [self](const etcd::Member& m) { return m.id == self && m.learner; });
  if (learner && !std::holds_alternative<etcd::GetStatus>(call) && !is_local_read(call)) {
    return Error{ErrorKind::kLearner, "etcdserver: rpc not supported for learner"};
  }
  if (const auto* txn = std::get_if<etcd::Txn>(&call); txn != nullptr && puts_twice(*txn)) {
    return Error{ErrorKind::kRefused, "etcdserver: duplicate key given in txn request"};
  }
  if (const auto* add = std::get_if<etcd::AddLearner>(&call)) return add_refusal(now, host, cluster, *add);
  if (const auto* remove = std::get_if<etcd::RemoveMember>(&call)) return remove_refusal(now, host, cluster, remove->id);
  if (const auto* transfer = std::get_if<etcd::TransferLeadership>(&call)) {
    if (cluster.leader != self) return Error{ErrorKind::kRefused, "etcdserver: not leader"};
    const etcd::Member* next = cluster.find(transfer->to);
    if (next == nullptr || next->learner) return Error{ErrorKind::kRefused, "etcdserver: bad leader transferee"};
  }
  return std::nullopt;
}

void Model::ask(TimePoint now, Host host, Ticket ticket, const etcd::Call& call) {
  const Instance& instance = instances_[host];
  CHECK(running(host) && instance.data);
  if (!instance.ready) return;  // it accepts the connection and says nothing
  const Cluster& cluster = clusters_.at(instance.data->cluster);
  // It looks for itself in its list and panics: from the removal to the end of the process.
  if (std::holds_alternative<etcd::GetStatus>(call) && is_removed(host)) return stop(host, 2);
  if (auto refused = refusal(now, host, cluster, call)) return answers_.push_back({ticket, unexpected(std::move(*refused))});
  if (std::holds_alternative<etcd::GetStatus>(call)) return answers_.push_back({ticket, etcd::Answer{status(now, host)}});
  if (const auto* list = std::get_if<etcd::ListMembers>(&call); list != nullptr && !list->linearizable) {
    return answers_.push_back({ticket, etcd::Answer{etcd::MemberList{header(host), view(host)}}});
  }
  if (const auto* txn = std::get_if<etcd::Txn>(&call); txn != nullptr && txn->writes.empty()) {
    return answers_.push_back({ticket, transact(now, host, clusters_.at(cluster.id), *txn)});  // etcd takes it for a local read
  }
  if (is_local_read(call)) return answers_.push_back({ticket, read(host, cluster, std::get<etcd::Range>(call))});
  if (!follows_leader(cluster, host)) return;  // no leader: every client gives up before etcd does
  pending_.push_back({ticket, host, cluster.id, cluster.term, call, 0, std::nullopt});
  settle_pending(now);
}

// In the order in which they were proposed: what can be committed is, and whoever has applied it answers.
void Model::settle_pending(TimePoint now) {
  if (pending_.empty()) return;
  std::vector<Pending> rest;
  std::vector<Pending> work = std::exchange(pending_, {});
  for (Pending& pending : work) {
    Cluster& cluster = clusters_.at(pending.cluster);
    if (pending.index == 0) {
      if (cluster.term != pending.term) continue;  // its leader is gone, and the proposal with it
      if (!can_commit(cluster)) {
        rest.push_back(std::move(pending));
        continue;
      }
      if (!is_read(pending.call)) pending.result = execute(now, pending.host, cluster, pending.call);
      pending.index = cluster.log.size();
    }
    if (pending.ticket == 0 || !instances_[pending.host].data || instances_[pending.host].data->cluster != cluster.id) continue;
    const bool removed = cluster.removed_at.count(instances_[pending.host].data->member) > 0;
    if (removed) {
      answers_.push_back({pending.ticket, error(ErrorKind::kStopped, "etcdserver: server stopped")});
    } else if (instances_[pending.host].data->applied < pending.index) {
      rest.push_back(std::move(pending));
    } else {
      if (const auto* range = std::get_if<etcd::Range>(&pending.call)) pending.result = read(pending.host, cluster, *range);
      if (std::holds_alternative<etcd::ListMembers>(pending.call)) {
        pending.result = etcd::Answer{etcd::MemberList{header(pending.host), view(pending.host)}};
      }
      answers_.push_back({pending.ticket, std::move(*pending.result)});
    }
  }
  rest.insert(rest.end(), pending_.begin(), pending_.end());
  pending_ = std::move(rest);
}

etcd::Result Model::read(Host host, const Cluster& cluster, const etcd::Range& range) const {
  etcd::RangeResult result;
  result.header = header(host);
  result.header.revision = cluster.revision;
  for (auto it = cluster.keys.lower_bound(range.key); it != cluster.keys.end(); ++it) {
    if (range.prefix ? it->first.compare(0, range.key.size(), range.key) != 0 : it->first != range.key) break;
    result.kvs.push_back(it->second);
  }
  result.count = static_cast<std::int64_t>(result.kvs.size());
  std::stable_sort(result.kvs.begin(), result.kvs.end(), [&range](const etcd::KeyValue& a, const etcd::KeyValue& b) {
    return range.newest_first ? a.create_revision > b.create_revision : a.create_revision < b.create_revision;
  });
  if (range.limit > 0 && result.kvs.size() > static_cast<std::size_t>(range.limit))
    result.kvs.resize(static_cast<std::size_t>(range.limit));
  return etcd::Answer{std::move(result)};
}

void Model::drop_lease(TimePoint now, Cluster& cluster, etcd::LeaseId lease) {
  std::erase_if(cluster.just_ended, [now](const auto& entry) { return entry.second.expires <= now; });
  cluster.just_ended[lease] = {cluster.leases.at(lease).ttl, now + kRenewalRace};
  cluster.leases.erase(lease);
  const std::size_t before = cluster.keys.size();
  std::erase_if(cluster.keys, [lease](const auto& entry) { return entry.second.lease == lease; });
  if (cluster.keys.size() != before) ++cluster.revision;
}

etcd::Result Model::execute(TimePoint now, Host host, Cluster& cluster, const etcd::Call& call) {
  if (const auto* txn = std::get_if<etcd::Txn>(&call)) return transact(now, host, cluster, *txn);
  if (const auto* add = std::get_if<etcd::AddLearner>(&call)) return this->add(now, host, cluster, *add);
  if (const auto* promote = std::get_if<etcd::Promote>(&call)) return this->promote(now, host, cluster, promote->id);
  if (const auto* remove = std::get_if<etcd::RemoveMember>(&call)) return this->remove(now, host, cluster, remove->id);
  if (const auto* grant = std::get_if<etcd::GrantLease>(&call)) {
    const Duration ttl = std::max<Duration>(grant->ttl, seconds(2));
    const etcd::LeaseId id{++cluster.next_lease};
    cluster.leases[id] = {ttl, now + ttl};
    commit(now, cluster);
    return etcd::Answer{etcd::Lease{id, ttl}};
  }
  if (const auto* alive = std::get_if<etcd::KeepAlive>(&call)) {
    const auto lease = cluster.leases.find(alive->lease);
    // 3.5 before 3.5.23 may renew a lease that is being revoked, and say yes.
    const auto ended = cluster.just_ended.find(alive->lease);
    const bool raced = etcd_version_ == Version::k35 && ended != cluster.just_ended.end() && now < ended->second.expires;
    if (lease == cluster.leases.end() && raced) return etcd::Answer{etcd::Lease{alive->lease, ended->second.ttl}};
    if (lease == cluster.leases.end()) return etcd::Answer{etcd::Lease{alive->lease, Duration::zero()}};
    lease->second.expires = now + lease->second.ttl;
    return etcd::Answer{etcd::Lease{alive->lease, lease->second.ttl}};
  }
  if (const auto* revoke = std::get_if<etcd::RevokeLease>(&call)) {
    if (cluster.leases.count(revoke->lease) == 0) return error(ErrorKind::kNotFound, "etcdserver: requested lease not found");
    drop_lease(now, cluster, revoke->lease);
    commit(now, cluster);
    return etcd::Answer{etcd::Done{}};
  }
  if (const auto* transfer = std::get_if<etcd::TransferLeadership>(&call)) {
    // Whoever cannot lead leaves the leader where it is: etcd gives up after an election time-out.
    if (!leads_majority(cluster, transfer->to)) return error(ErrorKind::kTimeout, "etcdserver: leader transfer took too long");
    if (cluster.leader != transfer->to) lead_anew(now, cluster, transfer->to);
    return etcd::Answer{etcd::Done{}};
  }
  return error(ErrorKind::kRefused, "the model does not know this call");
}

etcd::Result Model::transact(TimePoint now, Host host, Cluster& cluster, const etcd::Txn& txn) {
  bool holds = true;
  for (const etcd::Compare& compare : txn.compares) {
    const auto found = cluster.keys.find(compare.key);
    const bool create = compare.what == etcd::Compare::What::kCreateRevision;
    const std::int64_t is = found == cluster.keys.end() ? 0 : create ? found->second.create_revision : found->second.mod_revision;
    holds = holds && is == compare.equals;
  }
  for (const etcd::Write& write : txn.writes) {
    const auto* put = std::get_if<etcd::Put>(&write);
    if (holds && put != nullptr && put->lease && cluster.leases.count(put->lease) == 0) {
      return error(ErrorKind::kNotFound, "etcdserver: requested lease not found");
    }
  }
  const bool changes = std::any_of(txn.writes.begin(), txn.writes.end(), [&cluster](const etcd::Write& write) {
    const auto* gone = std::get_if<etcd::Delete>(&write);
    return gone == nullptr || cluster.keys.count(gone->key) > 0;
  });
  if (holds && changes) {  // deleting what is not there is no new revision
    ++cluster.revision;
    for (const etcd::Write& write : txn.writes) {
      if (const auto* put = std::get_if<etcd::Put>(&write)) {
        etcd::KeyValue& kv = cluster.keys[put->key];
        kv.key = put->key;
        kv.value = put->value;
        if (kv.create_revision == 0) kv.create_revision = cluster.revision;
        kv.mod_revision = cluster.revision;
        kv.lease = put->lease;
      } else {
        cluster.keys.erase(std::get<etcd::Delete>(write).key);
      }
    }
  }
  if (!txn.writes.empty()) commit(now, cluster);
  etcd::Header answered = header(host);
  if (!txn.writes.empty()) answered.revision = cluster.revision;
  return etcd::Answer{etcd::TxnResult{answered, holds}};
}

// ---- membership ----

etcd::Result Model::add(TimePoint now, Host host, Cluster& cluster, const etcd::AddLearner& call) {
  for (const etcd::Member& member : cluster.members) {
    if (member.peer_urls.front() == call.peer_url) return error(ErrorKind::kExists, "etcdserver: Peer URLs already exists");
  }
  for (const etcd::Member& member : cluster.members) {
    if (member.learner) return error(ErrorKind::kTooManyLearners, "etcdserver: too many learner members in cluster");
  }
  etcd::Member learner{MemberId{random_.next() | 1U}, "", {call.peer_url}, {}, true};
  changes_.push_back({MembershipChange::Kind::kAddLearner, cluster.id, learner, cluster.voters(), host});
  cluster.members.push_back(learner);
  commit(now, cluster);
  return etcd::Answer{etcd::Added{header(host), learner, cluster.members}};
}

etcd::Result Model::promote(TimePoint now, Host host, Cluster& cluster, MemberId member) {
  for (etcd::Member& each : cluster.members) {
    if (each.id != member) continue;
    if (!each.learner) return error(ErrorKind::kNotLearner, "etcdserver: can only promote a learner member");
    const auto where = host_of(cluster.id, member);
    if (each.name.empty() || !where || instances_[*where].data->applied * 10 < cluster.log.size() * 9) {
      return error(ErrorKind::kNotInSync, "etcdserver: can only promote a learner member which is in sync with leader");
    }
    const std::vector<MemberId> before = cluster.voters();
    each.learner = false;
    changes_.push_back({MembershipChange::Kind::kPromote, cluster.id, each, before, host});
    commit(now, cluster);
    return etcd::Answer{etcd::Changed{header(host), cluster.members}};
  }
  return error(ErrorKind::kNotFound, "etcdserver: member not found");
}

etcd::Result Model::remove(TimePoint now, Host host, Cluster& cluster, MemberId member) {
  const etcd::Member* found = cluster.find(member);
  if (found == nullptr) return error(ErrorKind::kNotFound, "etcdserver: member not found");
  changes_.push_back({MembershipChange::Kind::kRemove, cluster.id, *found, cluster.voters(), host});
  std::erase_if(cluster.members, [member](const etcd::Member& each) { return each.id == member; });
  cluster.removed_at[member] = cluster.log.size() + 1;
  commit(now, cluster);
  if (cluster.leader == member) ++version_, cluster.leader = MemberId{}, cluster.elects_at = now + milliseconds(800);
  return etcd::Answer{etcd::Changed{header(host), cluster.members}};
}

}  // namespace fluxpg::etcd_model
