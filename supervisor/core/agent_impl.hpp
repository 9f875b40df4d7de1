// The parts of the agent in one place; agent.cpp lets them work, agent_snapshot.cpp tells about them.
#pragma once

#include "supervisor/core/agent.hpp"
#include "supervisor/core/change.hpp"
#include "supervisor/core/collector.hpp"
#include "supervisor/core/evidence.hpp"
#include "supervisor/core/facts.hpp"
#include "supervisor/core/founding.hpp"
#include "supervisor/core/identity.hpp"
#include "supervisor/core/janitor.hpp"
#include "supervisor/core/lease.hpp"
#include "supervisor/core/leave.hpp"
#include "supervisor/core/one_way.hpp"
#include "supervisor/core/post.hpp"
#include "supervisor/core/restoration.hpp"
#include "supervisor/core/seat.hpp"
#include "supervisor/core/successor.hpp"
#include "supervisor/core/voter.hpp"
#include "supervisor/core/wellbeing.hpp"
#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

// What is known, held and under way of one etcd cluster: it goes with the cluster, all at once.
struct OfOneCluster {
  explicit OfOneCluster(const AgentConfig& config) : view_(config.app, config.rules.history) {}

  EtcdView view_;
  RemoverLease lease_;
  ChangeExecution change_;
  Collector collector_;
  Voter voter_;
  Post post_;
  Vouchers vouchers_;
  Plan plan_;
  LearnerWatch learner_;
  Janitor janitor_;
  RunPatroni patroni_;
  std::map<MemberId, TimePoint> unclaimed_since_;
  bool misses_a_voter_ = false;
  TimePoint majority_heard_since_ = kNever;
  TimePoint chosen_since_ = kNever;
  TimePoint no_leader_since_ = kNever;
  // What was looked at last, by the versions of gossip and of the view: without another one there is nothing new to find.
  using Seen = std::pair<std::uint64_t, std::uint64_t>;
  std::optional<Seen> hosts_for_, patroni_for_, claimed_for_;
  std::optional<std::tuple<std::uint64_t, ClusterId, bool>> remotes_for_;  // gossip's version, our cluster, and whether it is chosen
};

class Agent::Impl : private OfOneCluster {
 public:
  Impl(AgentConfig config, const Signing& signing, Persistent persistent, const Now& now);

  Actions handle(const Now& now, const Input& input);
  TimePoint next_deadline() const;
  TimePoint step_due() const;
  Snapshot snapshot(const Now& now) const;
  bool misses_a_voter() const { return misses_a_voter_; }
  bool stopped() const { return stop_announced_; }

 private:
  // ---- inputs ----
  void take(const Now& now, const Tick&);
  void take(const Now& now, const MessageReceived& input);
  void take(const Now& now, const ConnectionLost& input);
  void take(const Now& now, const ListingAnswered& input);
  void take(const Now& now, const InstancesKnown& input);
  void take(const Now& now, const EtcdReplied& input);
  void take(const Now& now, const ProcessesSeen& input);
  void take(const Now& now, const PostgresSeen& input);
  void take(const Now& now, const PostgresReplied& input);
  void take(const Now& now, const EtcdRestored& input);
  void take(const Now& now, const OperatorSays& input);
  void take(const Now& now, const StopRequested&);
  void take(const Now& now, const SwitchoverAnswered& input);

  // ---- one step of every part, in this order ----
  void step(const Now& now);
  void seed_gossip(const Now& now);
  void remember_peers(const Now& now);
  void read_etcd(const Now& now);
  void note_unclaimed(const Now& now);
  void note_majority(const Now& now);
  void vouch_for_all(const Now& now);
  void ask_the_silent(const Now& now);
  void announce(const Now& now);
  void answer_ballots(const Now& now);
  void decide(const Now& now);
  void follow_ballot(const Now& now, const World& world);
  void start_ballot(const Now& now, const World& world, record::Change change, bool decides);
  void survey(const Now& now, const World& world, const PlanInput& input);
  void watch_learner(const Now& now, const World& world, bool closely);
  void sweep(const Now& now);
  void run_patroni(const Now& now);
  // agent_recovery.cpp
  void run_etcd(const Now& now);
  void recover(const Now& now, const RecoverOrder& order);
  void remember_voters(const Now& now);
  bool majority_lost(const Now& now, const World& world) const;
  void tell_loss(const Now& now, const World& world, Snapshot& out) const;
  // What was known of a cluster that our data is no part of any more.
  void forget_cluster();

  void write_hosts();
  void wish_paused(const Now& now, bool paused);
  void follow_pause_wish(const Now& now);

  void note_life(const Now& now, const etcd::Header& answered);
  void open_ballot(const Now& now, const verdict::Ballot& ballot, std::optional<gossip::Route> route);
  void apply(const Now& now, gossip::Effects effects);
  bool may_found() const;
  bool fresh() const { return may_found() && !seen_.postgres_data; }
  bool is_guest() const;
  Duration heartbeat_period() const;
  World world(const Now& now) const;
  const std::vector<EtcdTarget>& remotes(const Now& now);
  static std::optional<gossip::Statement> statement(void* self, const Now& now, const Nonce& nonce);

  // ---- telling ----
  void tell_members(const Now& now, const World& world, Snapshot& out) const;
  MemberRow row(const Now& now, const World& world, const NodeId& node, const etcd::Member* member) const;
  void tell_links(Snapshot& out) const;
  void tell_seat(const Now& now, const World& world, Snapshot& out) const;
  void tell_doing(const Now& now, const World& world, Snapshot& out) const;
  void tell_problems(const Now& now, const World& world, Snapshot& out) const;
  void tell_remover_key(const Now& now, Snapshot& out) const;
  void tell_counters(Snapshot& out) const;

  AgentConfig config_;
  const Signing& signing_;
  Persistent persistent_;
  TimePoint started_;
  Random random_;
  Wellbeing wellbeing_;
  gossip::Node gossip_;
  discovery::Listing listing_;
  Founding founding_;
  Seat seat_;
  Leave leave_;
  LossEvidence evidence_;
  Restoration restoration_;
  Successor successor_;
  std::string recover_refused_;  // the last order, and why it was not obeyed
  TimePoint recover_refused_at_{};
  TimePoint voters_noted_{};
  Epoch voters_noted_for_;  // the decision record then
  Outbox out_;

  std::uint32_t instances_ = 0;
  ProcessesSeen seen_;
  bool processes_known_ = false;
  PostgresSeen postgres_;
  Identities identities_;
  OneWay one_way_;
  bool stopping_ = false;
  bool stop_announced_ = false;
  bool seeded_ = false;
  TimePoint peers_noted_{};
  std::optional<std::uint64_t> peers_for_;  // gossip's version then
  TimePoint vouch_at_{};
  struct PauseWish {  // of an operator, until etcd shows it
    bool paused = false;
    std::optional<std::int64_t> replaces;  // the create revision of the pause that it ends; 0: there is none yet; nullopt: not read yet
    TimePoint at;
    TimePoint retry_at;
  };
  std::optional<PauseWish> pause_wish_;
  TimePoint ask_silent_at_{};
  TimePoint retry_decision_at_{};
  TimePoint patroni_retry_{};
  std::vector<Host> hosts_;
  Seen seen_versions() const { return {gossip_.version(), view_.version()}; }
  std::optional<gossip::NodeInfo> announced_;
  std::vector<EtcdTarget> remotes_;
  TimePoint promised_deadline_ = kNever;
  TimePoint heartbeat_{};
  bool news_ = true;  // the input in hand said something that step() may depend on
};

}  // namespace fluxpg::supervisor
