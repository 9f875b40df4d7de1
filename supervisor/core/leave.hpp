// Leaving for good: what this node hands over before it consents to its own removal, and what it stops once it is gone.
//
//   hands over   PostgreSQL's primary role and etcd's leadership, while a majority of the other voters lives
//   consents     announced in gossip; signed anew for each ballot about it, so that no consent can be used a second time
//   left         etcd's list lacks it: Patroni and etcd are stopped, and stay so until an operator takes the leave back
//
// Each stage is durable before it is announced: a daemon that is started again goes on where it was.
#pragma once

#include <optional>
#include <string>

#include "supervisor/core/outbox.hpp"
#include "supervisor/core/snapshot.hpp"
#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

class Leave {
 public:
  // An operator's word.
  void begin(const Now& now, const World& world, Persistent& persistent, Outbox& out);
  void cancel(Persistent& persistent, Outbox& out);
  void answered(const SwitchoverAnswered& answer, Persistent& persistent, Outbox& out);
  void tick(const Now& now, const World& world, const std::string& postgres_role, const ProcessesSeen& seen, Persistent& persistent,
            Outbox& out);
  std::optional<LeaveView> view(const Persistent& persistent) const;

 private:
  void refuse(const std::string& why, Persistent& persistent, Outbox& out);
  void enter(const Now& now, Departure::Stage stage, Persistent& persistent, Outbox& out);
  // What this node still has that others should have first; empty: it can go.
  std::string hand_over(const Now& now, const World& world, const std::string& postgres_role, Outbox& out);
  void stop_processes(const Now& now, const ProcessesSeen& seen, Outbox& out);

  std::string waits_for_;
  std::string refused_;  // the last leave that was asked for, and why it did not begin
  TimePoint next_switchover_{};
  TimePoint next_transfer_{};
  std::size_t transfers_ = 0;
  TimePoint left_at_ = kNever;  // as far as this process knows
  TimePoint next_stop_{};
};

}  // namespace fluxpg::supervisor
