// Whole clusters on virtual time: the daemon's agent unchanged, everything around it made up. One seed, one run, bit for bit.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "simulation/etcd-model/model.hpp"
#include "simulation/sim/flux.hpp"
#include "simulation/sim/host.hpp"
#include "simulation/sim/network.hpp"
#include "simulation/sim/queue.hpp"
#include "simulation/sim/scores.hpp"
#include "simulation/sim/states.hpp"

namespace fluxpg::simulation {

struct Options {
  std::uint64_t seed = 1;
  std::size_t hosts = 3;        // machines, running or spare
  std::uint32_t instances = 3;  // what the specification wants
  std::size_t backends = 3;     // of the Flux API
  bool runs_patroni = true;
  std::string policy = "ours";  // or another of policy::kPolicies: then the invariants are not judged, only the scores are kept
  supervisor::Rules rules = {};
  std::function<void(const std::string&)> trace = {};  // one line an event; empty: none
};

struct Violation {
  TimePoint at;
  std::string invariant;
  std::string what;
};

class Invariants;

class Simulation : private etcd_model::Surroundings {
 public:
  explicit Simulation(Options options);
  ~Simulation() override;

  // ---- time ----
  TimePoint now() const { return queue_.now(); }
  void run_for(Duration time);
  // True as soon as it holds (looked at ten times a second); false if it does not within `limit`.
  bool run_until(const std::function<bool()>& holds, Duration limit);
  template <class Event>
  void at(Duration wait, Event&& event) {
    queue_.in(wait, std::forward<Event>(event));
  }

  // ---- machines and processes ----
  void start(std::size_t host);  // the container starts, with the disk it has; listed from now on
  void start_unlisted(std::size_t host);
  void vanish(std::size_t host);          // power, network: silence
  void stop_container(std::size_t host);  // its processes are killed, the machine refuses connections
  void kill_daemon(std::size_t host);     // etcd runs on
  void start_daemon(std::size_t host);
  void kill_etcd(std::size_t host);     // exit code 137, as supervisord reports a killed process
  void lose_disk(std::size_t host);     // of a stopped container: a new identity, no data
  void lose_etcd(std::size_t host);     // the same, but PostgreSQL's data is kept
  void pause(std::size_t host);         // SIGSTOP of all processes
  void suspend(std::size_t host);       // of the whole machine
  void pause_daemon(std::size_t host);  // SIGSTOP of one process, the other one runs on
  void pause_etcd(std::size_t host);
  void resume(std::size_t host);  // whatever of it is stopped
  void jump_wall_clock(std::size_t host, Duration by) { hosts_[host].wall_offset += by; }
  // Its boot and steady clocks leap ahead, as after a migration of the machine; nobody slept.
  void leap_clock(std::size_t host, Duration by) { hosts_[host].boot_offset += by, hosts_[host].leapt_at = now(); }
  void isolate(std::size_t host);
  // A stopped container is made anew elsewhere, with its disk. Its old row stays listed until somebody removes it.
  void change_address(std::size_t host);
  // The disk as it is now, to be put back later; false if it has changed hands since.
  struct DiskCopy {
    std::uint64_t identities = 0;
    supervisor::Persistent persistent;
    std::optional<etcd_model::Model::DiskCopy> etcd;
  };
  DiskCopy copy_disk(std::size_t host) const;
  bool restore_disk(std::size_t host, const DiskCopy& copy);
  // Once, when an agent says something that begins so within that time: `then` with its host, right after what it says it along with.
  void when_said(std::string prefix, Duration within, std::function<void(std::size_t)> then);
  void forget_traps() { traps_.clear(); }
  void input(std::size_t host, const supervisor::Input& input) { feed(host, hosts_[host].life, input); }

  // Whoever may change something is taken to have changed it.
  Network& network() { return ++version_, network_; }
  const Network& network() const { return network_; }
  Flux& flux() { return flux_; }
  const Flux& flux() const { return flux_; }
  Host& host(std::size_t index) { return ++version_, hosts_[index]; }
  const Host& host(std::size_t index) const { return hosts_[index]; }
  std::size_t hosts() const { return hosts_.size(); }
  etcd_model::Model& etcd() { return ++version_, etcd_; }
  const etcd_model::Model& etcd() const { return etcd_; }
  Random& random() { return random_; }
  // What faults draw from. Begun anew for each, so that another policy under the same seed meets the same faults.
  Random& fault_random() { return fault_random_; }
  void begin_fault_random(std::uint64_t seed) { fault_random_ = Random(seed); }
  const Options& options() const { return options_; }

  // ---- what is so, not what anybody believes ----
  // The founded cluster; nullptr if there is none.
  const etcd_model::Cluster* cluster() const;
  std::size_t voters() const { return cluster() == nullptr ? 0 : cluster()->voters().size(); }
  // Clusters that an operator gave up, or whose data is lost everywhere, with the length of their logs then: the cluster is what came
  // after.
  const std::map<ClusterId, std::size_t>& given_up() const { return given_up_; }
  std::optional<std::size_t> postgres_leader() const { return postgres_leader_; }  // who led first since etcd's data was made
  bool is_voter(std::size_t host) const;
  bool is_member(std::size_t host) const;
  std::size_t leader_host() const;  // hosts() if there is none
  std::vector<record::Record> history() const;
  std::size_t evictions() const;  // closed as done, of voters
  bool writable() const { return cluster() != nullptr && etcd_.can_commit(*cluster()); }
  // Until when anybody waits for the answer to a call to remove it; a call that is carried out later was given up by its sender.
  TimePoint removal_awaited_until(MemberId member) const {
    const auto found = removals_awaited_.find(member);
    return found == removals_awaited_.end() ? TimePoint{} : found->second;
  }
  // Up, unstopped, both its processes running and its etcd following a leader.
  bool works(std::size_t host) const;
  bool linked(std::size_t a, std::size_t b) const override;
  // Grows whenever a host, a process, or what lies between them may have become another: what depends on nothing else is looked at only
  // then.
  std::optional<std::uint64_t> version() const override { return version_ + etcd_.version(); }

  // ---- what the nodes say ----
  supervisor::Snapshot snapshot(std::size_t host) const;
  bool has_problem(std::size_t host, const std::string& part) const;

  const std::vector<Violation>& violations() const { return violations_; }
  bool over() const;  // what happened is allowed by the rules and leaves nothing to judge (Invariants::over)
  void violate(const std::string& invariant, const std::string& what);
  std::uint64_t trace_hash() const { return hash_; }
  std::uint64_t events() const { return events_; }
  // How often each kind of thing happened: faults, and what the agents said about their work.
  const std::map<std::string, std::uint64_t>& counts() const { return counts_; }
  void count(const std::string& what) { ++counts_[what]; }
  Scores& scores() { return scores_; }
  const Scores& scores() const { return scores_; }
  States& states() { return states_; }
  const States& states() const { return states_; }
  void trace(std::size_t host, const std::string& text);

 private:
  bool answers(std::size_t host) const override { return hosts_[host].there && !hosts_[host].stopped && !hosts_[host].etcd_hangs; }
  bool daemon_stands_still(std::size_t index) const {
    const Host& host = hosts_[index];
    return host.stopped || host.daemon_hangs || (host.daemon && host.daemon->writes);
  }
  void read_inbox(std::size_t host);
  Now clocks(std::size_t host) const;
  supervisor::AgentConfig config(std::size_t host) const;
  void new_identity(std::size_t host);
  void boot_daemon(std::size_t host);
  void halt_processes(std::size_t host);
  void stop_clock(std::size_t host, bool suspended);
  void advance_etcd();

  // daemon.cpp
  void feed(std::size_t host, std::uint64_t life, const supervisor::Input& input);
  void handle(std::size_t host, const supervisor::Input& input);
  void plan_tick(std::size_t host);
  void tick(std::size_t host);
  void see_processes(std::size_t host, std::uint64_t life);
  void plan_poll(std::size_t host, std::uint64_t life);
  void poll(std::size_t host, std::uint64_t life);
  bool lives(std::size_t host, std::uint64_t life) const { return hosts_[host].daemon != nullptr && hosts_[host].life == life; }

  // actions.cpp
  void perform(std::size_t host, supervisor::Actions actions);
  void perform(std::size_t host, supervisor::Send& action);
  void finish_writing(std::size_t host, supervisor::Actions rest);
  void perform(std::size_t host, const supervisor::AskEtcd& action);
  void perform(std::size_t host, const supervisor::Persist& action);
  void perform(std::size_t host, const supervisor::RunEtcd& action);
  void perform(std::size_t host, const supervisor::StopEtcd& action);
  void perform(std::size_t host, const supervisor::SetAsideEtcdData& action);
  void perform(std::size_t host, const supervisor::RestoreEtcd& action);
  void perform(std::size_t host, const supervisor::AskPostgres& action);
  void perform(std::size_t host, const supervisor::RunPatroni& action);
  void perform(std::size_t host, const supervisor::StopPatroni& action);
  void perform(std::size_t host, const supervisor::WriteHosts&) { (void)host; }
  void perform(std::size_t host, const supervisor::Say& action);
  void perform(std::size_t host, const supervisor::SwitchOver& action);
  // database.cpp
  void open_database(std::size_t host, std::uint64_t run);
  void make_database(std::size_t host);
  void lead(std::size_t host);
  void follow(std::size_t host, const std::string& system_id);

  void send(std::size_t from, std::size_t to, std::uint64_t to_life, Endpoint endpoint, gossip::Message message);
  void refuse(std::size_t host, const Endpoint& endpoint, Duration after);
  void ask(std::size_t host, std::size_t target, etcd_model::Ticket ticket, const etcd::Call& call);
  void answer(etcd_model::Ticket ticket, etcd::Result result, Duration after);
  void take_etcd_answers();
  void plan_time_out(TimePoint at);
  void time_out_requests();
  std::size_t host_at(const std::string& address) const;

  struct Trap {
    std::string prefix;
    TimePoint until;
    std::function<void(std::size_t)> then;
  };
  void spring_traps(std::size_t host, const std::string& said);
  struct Asked {
    std::size_t host = 0;
    std::uint64_t life = 0;
    supervisor::RequestId request;
    std::size_t target = 0;
    TimePoint deadline;
  };

  Options options_;
  Random random_;
  Random fault_random_{0};
  Queue queue_;
  Network network_;
  Flux flux_;
  std::vector<Host> hosts_;
  etcd_model::Model etcd_;
  std::map<etcd_model::Ticket, Asked> asked_;
  std::map<MemberId, TimePoint> removals_awaited_;
  etcd_model::Ticket last_ticket_ = 0;
  TimePoint first_time_out_ = kNever;  // not after the deadline of anything asked
  std::vector<Violation> violations_;
  std::unique_ptr<Invariants> invariants_;
  std::map<std::string, std::uint64_t> counts_;
  mutable const etcd_model::Cluster* founded_ = nullptr;
  std::map<ClusterId, std::size_t> given_up_;
  mutable std::uint64_t looked_at_ = 0;
  std::vector<Trap> traps_;
  States states_;
  Scores scores_;
  std::uint64_t hash_ = 14695981039346656037ULL;
  std::uint64_t events_ = 0;
  std::uint64_t databases_ = 0;  // ever made
  std::optional<std::size_t> postgres_leader_;
  std::uint64_t version_ = 0;
};

}  // namespace fluxpg::simulation
