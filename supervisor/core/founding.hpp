// Making a cluster where none was: the one decision that cannot be undone, so everything doubtful blocks it (DESIGN §6, HOLES H28–H33).
//
// A plan { token, founders } is promised durably by each fresh node, then started by all founders with one member list. It is chosen when
// its own etcd has committed /fluxpg/{app}/founded; until then its data directory is disposable and a higher round may replace it.
//
// Nodes whose etcd data is gone everywhere but whose PostgreSQL data is not found a cluster that keeps it (HOLES H31): the plan names the
// database, and the node whose copy goes furthest. That node alone proposes, and its PostgreSQL is the first to start.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "supervisor/core/outbox.hpp"
#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

class Founding {
 public:
  // `may_found`: no etcd data on our disk, or only that of a plan that was never chosen. Our PostgreSQL data is as we announce it.
  void tick(const Now& now, const World& world, const ProcessesSeen& seen, bool may_found, Persistent& persistent, Random& random,
            Outbox& out);
  void take(const Now& now, const World& world, bool may_found, const verdict::FoundingPlan& plan, gossip::Route route,
            Persistent& persistent, Outbox& out);
  void take(const verdict::FoundingPromise& promise, const Persistent& persistent);
  void take(const Now& now, const World& world, bool may_found, const verdict::FoundingStart& start, Persistent& persistent, Outbox& out);
  // An operator vouches that this listed address does not hold the only copy.
  void without(const std::string& address) { without_.insert(address); }
  // The start of a plan's etcd was committed: nothing may replace it any more.
  void commit(const Now& now, const World& world, const Persistent& persistent, Outbox& out);
  // What the etcd of a living cluster says of its own founding, asked while ours is not chosen.
  void handle(const Purpose& purpose, const etcd::Result& result, const Persistent& persistent);
  const std::vector<Doing>& doing() const { return doing_; }

  // How many nodes there are, as far as we can know: whoever counts more than a plan does refuses it.
  static std::uint32_t count(const Now& now, const World& world, const std::set<std::string>& without);
  // Why no cluster may be founded now; empty if one may.
  static std::vector<Doing> obstacles(const Now& now, const World& world, const std::set<std::string>& without);

 private:
  static constexpr Duration kSlept = seconds(5);  // between two ticks: this process stood still, and its etcd perhaps with it
  static bool promised(const Persistent& persistent, std::uint64_t round, const std::string& token);
  void propose(const Now& now, const World& world, Persistent& persistent, Random& random, Outbox& out);
  static std::vector<Doing> absences(const Now& now, const World& world, const std::set<std::string>& without);
  void stop_postgres(const Now& now, const World& world, const ProcessesSeen& seen, Outbox& out);
  bool enough_promises(const World& world) const;
  void send_plan(const World& world, Outbox& out) const;
  static std::string refusal(const Now& now, const World& world, bool may_found, const verdict::FoundingPlan& plan,
                             const Persistent& persistent, const std::set<std::string>& without);
  static bool founder_is_back(const Now& now, const World& world);
  bool may_abandon(const Now& now, const World& world) const;
  void give_up(const Now& now, const std::string& why, Persistent& persistent, Outbox& out);
  bool takes_back(const ProcessesSeen& seen, Persistent& persistent, Outbox& out);
  void set_aside(const Now& now, const World& world, const ProcessesSeen& seen, Persistent& persistent, Outbox& out);
  void look_elsewhere(const Now& now, const World& world, Outbox& out);

  std::set<std::string> without_;
  std::vector<Doing> doing_;
  std::optional<std::uint64_t> joins_as_of_;  // gossip's version in which somebody knows a cluster
  TimePoint look_again_at_{};
  TimePoint ready_since_ = kNever;
  TimePoint promised_at_{};
  TimePoint resend_at_{};
  ClusterId another_;  // lives, and was founded by another plan than the one that was started here
  TimePoint look_elsewhere_at_{};
  std::size_t turn_ = 0;
  bool own_plan_lives_ = false;  // while it is being given up
  TimePoint giving_up_since_ = kNever;
  TimePoint set_aside_at_{};
  TimePoint last_tick_{};
  bool proposing_ = false;     // the promised plan is our own proposal …
  std::set<NodeId> promises_;  // … and these have promised it
  std::map<NodeId, std::string> refusals_;
  std::uint64_t highest_round_ = 0;  // ever heard of
  TimePoint commit_at_{};
  TimePoint stop_at_{};  // not before then is PostgreSQL asked to stop again
};

}  // namespace fluxpg::supervisor
