// Processes that start and end, who leads, and who has applied what.
#include <algorithm>

#include "simulation/etcd-model/model.hpp"

namespace fluxpg::etcd_model {

namespace {

constexpr Duration kElectionTimeout = seconds(1);
constexpr Duration kEndsAfter = milliseconds(100);  // from the removal of a member to the end of its process
constexpr Duration kReadTimeout = seconds(5);       // a silent connection looks alive for so long

std::uint64_t hash(const std::string& text) {
  std::uint64_t result = 14695981039346656037ULL;
  for (const char c : text) result = (result ^ static_cast<std::uint8_t>(c)) * 1099511628211ULL;
  return result == 0 ? 1 : result;
}

}  // namespace

// ---- starting ----

void Model::boot(TimePoint now, Host host) {
  Instance& instance = instances_[host];
  if (!surroundings_.answers(host)) return;
  ++version_;
  if (instance.data) {  // with a log on disk etcd ignores all that it is told
    if (is_removed(host)) return void(exits(host, 0));
    instance.process.state = ProcessState::State::kRunning;
  } else if (instance.launch.new_cluster) {
    found(now, host);
  } else {
    join(now, host);
  }
}

bool Model::exits(Host host, int code) {
  ++version_;
  instances_[host].process = {ProcessState::State::kExited, code};
  return false;
}

void Model::found(TimePoint now, Host host) {
  Instance& instance = instances_[host];
  const Launch& launch = instance.launch;
  std::vector<std::string> urls;
  for (const auto& [name, url] : launch.initial_cluster) urls.push_back(url);
  std::sort(urls.begin(), urls.end());
  std::string all = launch.token;
  for (const std::string& url : urls) all += " " + url;
  const ClusterId id{hash("cluster " + all)};
  const MemberId own{hash("member " + launch.peer_url + " " + launch.token)};
  if (std::find(urls.begin(), urls.end(), launch.peer_url) == urls.end()) return void(exits(host, 1));
  auto [slot, made] = clusters_.try_emplace(id);
  Cluster& cluster = slot->second;
  if (made) {
    cluster.id = id;
    cluster.token = launch.token;
    for (const auto& [name, url] : launch.initial_cluster) {
      cluster.members.push_back({MemberId{hash("member " + url + " " + launch.token)}, name, {url}, {}, false});
    }
    cluster.elects_at = now;
    cluster.log.push_back({now, cluster.revision, std::make_shared<const Members>(cluster.members)});
  }
  // "member … has already been bootstrapped", or "permanently removed": etcd asks its peers before it makes a log.
  if (cluster.removed_at.count(own) > 0) return void(exits(host, 0));
  if (!cluster.started.insert(own).second) return void(exits(host, 1));
  set_data(host, Data{id, own, 1});
  instance.process.state = ProcessState::State::kRunning;
}

ClusterId Model::restore_snapshot(TimePoint now, Host host, const Launch& launch) {
  CHECK(!running(host) && instances_[host].data);
  const Cluster& from = clusters_.at(instances_[host].data->cluster);
  const ClusterId id{hash("cluster " + launch.token + " " + launch.peer_url)};
  const MemberId own{hash("member " + launch.peer_url + " " + launch.token)};
  Cluster made;
  made.id = id;
  made.token = launch.token;
  made.members.push_back({own, launch.name, {launch.peer_url}, {}, false});
  made.keys = from.keys;
  made.leases = from.leases;
  made.next_lease = from.next_lease;
  made.revision = from.revision;
  made.started.insert(own);
  made.elects_at = now;
  made.log.push_back({now, made.revision, std::make_shared<const Members>(made.members)});
  clusters_.insert_or_assign(id, std::move(made));
  set_data(host, Data{id, own, 1});
  return id;
}

void Model::join(TimePoint now, Host host) {
  Instance& instance = instances_[host];
  for (Host peer = 0; peer < instances_.size(); ++peer) {
    const auto named = [&](const auto& entry) { return entry.second == instances_[peer].launch.peer_url; };
    const auto& initial = instance.launch.initial_cluster;
    if (peer == host || !running(peer) || !surroundings_.linked(host, peer) || std::none_of(initial.begin(), initial.end(), named))
      continue;
    const Members& members = view(peer);
    Cluster& cluster = clusters_.at(instances_[peer].data->cluster);
    const etcd::Member* seat = nullptr;
    for (const etcd::Member& member : members) {
      const auto same = [&](const auto& entry) { return entry.second == member.peer_urls.front(); };
      if (std::none_of(initial.begin(), initial.end(), same)) return void(exits(host, 1));
      if (member.peer_urls.front() == instance.launch.peer_url) seat = &member;
    }
    if (members.size() != initial.size() || seat == nullptr) return void(exits(host, 1));
    if (!cluster.started.insert(seat->id).second) return void(exits(host, 2));  // tocommit(…) is out of range: an amnesiac
    set_data(host, Data{cluster.id, seat->id, 1});
    instance.catches_up_at = now + milliseconds(300) + random_.below(seconds(2));
    instance.process.state = ProcessState::State::kRunning;
    return;
  }
  exits(host, 1);  // cannot fetch cluster info from peer urls
}

// ---- connections ----

// Without a change and without a silence that is being timed every connection is as it was.
void Model::note_all_links(TimePoint now) {
  const auto version = surroundings_.version();
  if (version && links_noted_ == version) return;
  bool timing = false;
  for (Host host = 0; host < instances_.size(); ++host) timing = note_links(now, host) || timing;
  links_noted_ = timing ? std::nullopt : version;
}

bool Model::note_links(TimePoint now, Host host) {
  Instance& own = instances_[host];
  bool timing = false;
  if (!running(host) || !surroundings_.answers(host)) {
    own.active_since.clear();  // a stopped process finds all its connections broken when it goes on
    return false;
  }
  for (Host peer = 0; peer < instances_.size(); ++peer) {
    if (peer == host) continue;
    const auto& other = instances_[peer].data;
    if (running(peer) && other && other->cluster == own.data->cluster && surroundings_.linked(host, peer)) {
      own.active_since.try_emplace(peer, now);
      own.silent_since.erase(peer);
    } else if (own.active_since.count(peer) > 0) {
      const TimePoint since = own.silent_since.try_emplace(peer, now).first->second;
      const bool refused = !running(peer) && surroundings_.answers(peer);
      if (refused || now - since >= kReadTimeout) {
        own.active_since.erase(peer);
      } else {
        timing = true;
      }
    }
  }
  return timing;
}

bool Model::leads_majority(const Cluster& cluster, MemberId candidate) const {
  const auto own = host_of(cluster.id, candidate);
  const etcd::Member* member = cluster.find(candidate);
  if (!own || member == nullptr || member->learner || !running(*own) || !surroundings_.answers(*own)) return false;
  std::size_t voters = 0;
  std::size_t reached = 0;
  for (const etcd::Member& voter : cluster.members) {
    if (voter.learner) continue;
    ++voters;
    const auto host = host_of(cluster.id, voter.id);
    if (host && running(*host) && (*host == *own || surroundings_.linked(*own, *host))) ++reached;
  }
  return reached >= majority(voters);
}

// Asked for with every request and every look at the hosts: found anew only when something has changed.
void Model::judge(const Cluster& cluster) const {
  const auto version = surroundings_.version();
  if (version && cluster.judged_at == version) return;
  cluster.judged_at = version;
  cluster.leader_host = cluster.leader ? host_of(cluster.id, cluster.leader) : std::nullopt;
  cluster.commits = cluster.leader && leads_majority(cluster, cluster.leader);
}

bool Model::can_commit(const Cluster& cluster) const {
  judge(cluster);
  return cluster.commits;
}

bool Model::follows_leader(const Cluster& cluster, Host host) const {
  judge(cluster);
  const auto leader = cluster.leader_host;
  return leader && running(*leader) && (*leader == host ? surroundings_.answers(host) : surroundings_.linked(host, *leader));
}

// A leader without its majority steps down after an election time-out; the next one needs a majority and its time.
void Model::lead(TimePoint now, Cluster& cluster) {
  if (cluster.leader) {
    const auto host = host_of(cluster.id, cluster.leader);
    const bool there = host && running(*host) && cluster.find(cluster.leader) != nullptr;
    if (can_commit(cluster)) {
      cluster.quorum_lost_since = kNever;
    } else if (cluster.quorum_lost_since == kNever) {
      cluster.quorum_lost_since = now;
    }
    if (!there || (cluster.quorum_lost_since != kNever && now - cluster.quorum_lost_since >= kElectionTimeout)) {
      ++version_;
      cluster.leader = MemberId{};
      cluster.elects_at = now + kElectionTimeout + random_.below(milliseconds(2500));
    }
  }
  if (!cluster.leader && now >= cluster.elects_at) {
    std::vector<MemberId> able;
    for (const MemberId voter : cluster.voters()) {
      if (leads_majority(cluster, voter)) able.push_back(voter);
    }
    cluster.elects_at = now + milliseconds(500);
    if (able.empty()) return;
    lead_anew(now, cluster, able[random_.below(able.size())]);
  }
  for (Host host = 0; host < instances_.size(); ++host) {
    Instance& instance = instances_[host];
    if (!running(host) || !instance.data || instance.data->cluster != cluster.id || !follows_leader(cluster, host)) continue;
    instance.leader_seen = now;
    instance.ready = true;
  }
}

void Model::lead_anew(TimePoint now, Cluster& cluster, MemberId leader) {
  ++version_;
  cluster.leader = leader;
  cluster.quorum_lost_since = kNever;
  cluster.ever_led = true;
  ++cluster.term;
  for (auto& [id, lease] : cluster.leases) lease.expires = now + lease.ttl;  // the lessor is promoted: every time-to-live begins anew
  commit(now, cluster);
}

void Model::commit(TimePoint now, Cluster& cluster) {
  ++commits_;
  ++version_;
  const bool changed = cluster.log.empty() || *cluster.log.back().members != cluster.members;
  auto members = changed ? std::make_shared<const Members>(cluster.members) : cluster.log.back().members;
  cluster.log.push_back({now, cluster.revision, std::move(members)});
  apply(now, cluster);
}

// What is committed reaches a member from the leader, or from another that has it.
void Model::apply(TimePoint now, const Cluster& cluster) {
  for (Host host = 0; host < instances_.size(); ++host) {
    Instance& own = instances_[host];
    if (!running(host) || !own.data || own.data->cluster != cluster.id || now < own.catches_up_at || !follows_leader(cluster, host))
      continue;
    while (own.data->applied < cluster.log.size() && cluster.log[own.data->applied].at + own.apply_delay <= now) ++own.data->applied;
  }
}

void Model::exit_evicted(TimePoint now) {
  for (Host host = 0; host < instances_.size(); ++host) {
    if (!running(host) || !surroundings_.answers(host)) continue;
    const Data& data = *instances_[host].data;
    const Cluster& cluster = clusters_.at(data.cluster);
    const auto removed = cluster.removed_at.find(data.member);
    if (removed == cluster.removed_at.end()) continue;
    bool knows = data.applied >= removed->second;
    for (Host peer = 0; peer < instances_.size() && !knows; ++peer) {
      const auto& other = instances_[peer].data;
      knows = peer != host && running(peer) && other && other->cluster == data.cluster && other->applied >= removed->second &&
              surroundings_.linked(host, peer);
    }
    if (knows && instances_[host].ends_at == kNever) instances_[host].ends_at = now + kEndsAfter;
    if (now >= instances_[host].ends_at) stop(host, 0);
  }
}

// A started member tells its name and client URL; until then the list shows it without.
void Model::publish(TimePoint now, Cluster& cluster) {
  bool news = false;
  for (etcd::Member& member : cluster.members) {
    const auto host = host_of(cluster.id, member.id);
    if (!host || !running(*host) || now < instances_[*host].catches_up_at || !follows_leader(cluster, *host)) continue;
    const Launch& launch = instances_[*host].launch;
    if (member.name == launch.name && member.client_urls.size() == 1 && member.client_urls.front() == launch.client_url) continue;
    member.name = launch.name;
    member.client_urls = {launch.client_url};
    news = true;
  }
  if (news) commit(now, cluster);
}

void Model::expire_leases(TimePoint now, Cluster& cluster) {
  std::vector<etcd::LeaseId> expired;
  for (const auto& [id, lease] : cluster.leases) {
    if (now >= lease.expires) expired.push_back(id);
  }
  for (const etcd::LeaseId id : expired) {
    drop_lease(now, cluster, id);
    commit(now, cluster);
  }
}

}  // namespace fluxpg::etcd_model
