// etcd as the daemon meets it: processes on hosts, membership, keys and leases, refusals and silences, on somebody else's clock. Pure.
//
// One authoritative log per cluster; every member has applied a prefix of it. A proposal commits if a majority of the voters is up and
// mutually connected to the leader. What etcd checks before it proposes, it checks in the asked member's own view of its connections.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "simulation/etcd-model/cluster.hpp"

namespace fluxpg::etcd_model {

using Host = std::size_t;
using Ticket = std::uint64_t;

// What lies between the processes: the simulator's business.
class Surroundings {
 public:
  virtual ~Surroundings() = default;
  virtual bool linked(Host a, Host b) const = 0;  // both are there, neither is stopped, and packets pass both ways
  virtual bool answers(Host host) const = 0;      // the machine is there and its processes are not stopped
  // A number that grows whenever one of these answers, or Model::version(), may have become another; nullopt: not known.
  virtual std::optional<std::uint64_t> version() const { return std::nullopt; }
};

struct Launch {
  std::string name;
  std::string peer_url;
  std::string client_url;
  std::vector<std::pair<std::string, std::string>> initial_cluster;  // name, peer URL
  bool new_cluster = false;
  std::string token;
};

struct ProcessState {
  enum class State : std::uint8_t { kStopped, kStarting, kRunning, kExited } state = State::kStopped;
  int exit_code = 0;
};

struct Answered {
  Ticket ticket = 0;
  etcd::Result result;
};

// Debian 12's and 13's.
enum class Version : std::uint8_t { k34, k35 };

class Model {
 public:
  Model(std::size_t hosts, const Surroundings& surroundings, std::uint64_t seed, Version version = Version::k35);

  // ---- processes and disks ----
  void start(TimePoint now, Host host, const Launch& launch);
  void stop(Host host, int exit_code);  // killed, or told to end
  void lose_disk(Host host);            // lost, or set aside: the process must not run
  bool has_data(Host host) const { return instances_[host].data.has_value(); }
  // An older copy of a disk: what was applied since is fetched from the others again. (Logs never diverge here, so it is safe; see README.)
  struct DiskCopy {
    ClusterId cluster;
    MemberId member;
    std::size_t applied = 0;
  };
  std::optional<DiskCopy> copy_disk(Host host) const;
  void restore_disk(Host host, const DiskCopy& copy);  // the process must not run
  // `etcdctl snapshot save` and `restore` under another token: a cluster of its own with this one member. (It gets the keys as they are
  // now; a member that had not applied the last of them would have older ones.)
  ClusterId restore_snapshot(TimePoint now, Host host, const Launch& launch);  // the process must not run
  void depose_leaders(TimePoint now);                                          // every cluster elects again, somebody
  const ProcessState& process(Host host) const { return instances_[host].process; }
  void set_apply_delay(Host host, Duration delay) { instances_[host].apply_delay = delay; }

  // ---- requests ----
  // A request has reached the running etcd of `host`. Answers come out of take_answers, some at once, some later, some never.
  void ask(TimePoint now, Host host, Ticket ticket, const etcd::Call& call);
  std::vector<Answered> take_answers() { return std::exchange(answers_, {}); }
  // To be called a few times a second: elections, applying, expiry, evicted processes.
  void advance(TimePoint now);

  // ---- for whoever watches from outside ----
  const std::map<ClusterId, Cluster>& clusters() const { return clusters_; }
  std::optional<std::pair<ClusterId, MemberId>> identity(Host host) const;  // of the data on its disk
  std::optional<Host> host_of(ClusterId cluster, MemberId member) const;
  bool running(Host host) const { return instances_[host].process.state == ProcessState::State::kRunning; }
  bool can_commit(const Cluster& cluster) const;
  // What the member on this disk has applied, whether it runs or not.
  std::vector<MemberId> voters_shown_by(Host host) const;
  // Grows with every committed entry of any cluster.
  std::uint64_t commits() const { return commits_; }
  // Grows whenever a process, a disk, a leader or a member list may have become another.
  std::uint64_t version() const { return version_; }
  // The member runs, and is mutually connected to a leader that can commit.
  bool serves(Host host) const;
  std::vector<MembershipChange> take_changes() { return std::exchange(changes_, {}); }
  // Behind everybody's back, as an operator with etcdctl: no check is made.
  void force_put(TimePoint now, ClusterId cluster, const std::string& key, const std::string& value);

 private:
  struct Data {
    ClusterId cluster;
    MemberId member;
    std::size_t applied = 0;
  };
  struct Instance {
    ProcessState process;
    TimePoint running_at = kNever;  // kStarting: when it will run
    TimePoint ends_at = kNever;     // it has learnt that it was removed
    TimePoint catches_up_at{};      // a new learner shows nothing before
    Launch launch;
    std::optional<Data> data;
    bool ready = false;              // has had a leader since it started; before that its client port never answers
    TimePoint leader_seen = kNever;  // kNever: not since it started
    Duration apply_delay{};
    std::map<Host, TimePoint> active_since;  // connections as this member sees them
    std::map<Host, TimePoint> silent_since;
  };
  struct Pending {
    Ticket ticket = 0;
    Host host = 0;
    ClusterId cluster;
    std::uint64_t term = 0;
    etcd::Call call;
    std::size_t index = 0;  // committed there; 0: not yet
    std::optional<etcd::Result> result;
  };

  // raft.cpp
  void boot(TimePoint now, Host host);
  void note_all_links(TimePoint now);
  bool note_links(TimePoint now, Host host);  // true: a silence is being timed
  void lead_anew(TimePoint now, Cluster& cluster, MemberId leader);
  void lead(TimePoint now, Cluster& cluster);
  void apply(TimePoint now, const Cluster& cluster);
  void exit_evicted(TimePoint now);
  void publish(TimePoint now, Cluster& cluster);
  void expire_leases(TimePoint now, Cluster& cluster);
  void commit(TimePoint now, Cluster& cluster);
  bool leads_majority(const Cluster& cluster, MemberId candidate) const;
  void judge(const Cluster& cluster) const;
  void set_data(Host host, std::optional<Data> data);
  bool follows_leader(const Cluster& cluster, Host host) const;
  bool exits(Host host, int code);
  void found(TimePoint now, Host host);
  void join(TimePoint now, Host host);

  // answers.cpp
  etcd::Header header(Host host) const;
  const Members& view(Host host) const;
  bool is_removed(Host host) const;
  etcd::Status status(TimePoint now, Host host) const;
  std::optional<etcd::Error> refusal(TimePoint now, Host host, const Cluster& cluster, const etcd::Call& call) const;
  std::optional<etcd::Error> add_refusal(TimePoint now, Host host, const Cluster& cluster, const etcd::AddLearner& call) const;
  std::optional<etcd::Error> remove_refusal(TimePoint now, Host host, const Cluster& cluster, MemberId victim) const;
  bool connected_since(TimePoint now, Host host, MemberId member, const Cluster& cluster, Duration at_least) const;
  void settle_pending(TimePoint now);
  etcd::Result execute(TimePoint now, Host host, Cluster& cluster, const etcd::Call& call);
  etcd::Result read(Host host, const Cluster& cluster, const etcd::Range& range) const;
  etcd::Result transact(TimePoint now, Host host, Cluster& cluster, const etcd::Txn& txn);
  etcd::Result add(TimePoint now, Host host, Cluster& cluster, const etcd::AddLearner& call);
  etcd::Result promote(TimePoint now, Host host, Cluster& cluster, MemberId member);
  etcd::Result remove(TimePoint now, Host host, Cluster& cluster, MemberId member);
  static void drop_lease(TimePoint now, Cluster& cluster, etcd::LeaseId lease);

  const Surroundings& surroundings_;
  Random random_;
  Version etcd_version_;
  std::vector<Instance> instances_;
  std::vector<std::pair<ClusterId, MemberId>> identities_;  // of each host's data; zeros: none
  std::map<ClusterId, Cluster> clusters_;
  std::uint64_t commits_ = 0;
  std::uint64_t version_ = 0;
  std::optional<std::uint64_t> links_noted_;  // at this version, and nothing was being timed
  std::vector<Pending> pending_;
  std::vector<Answered> answers_;
  std::vector<MembershipChange> changes_;
};

}  // namespace fluxpg::etcd_model
