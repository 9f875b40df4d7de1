// Keeps etcd's database below its quota: beyond it etcd takes no write any more (NOSPACE), and so neither does Patroni.
#pragma once

#include <map>
#include <string>

#include "supervisor/core/outbox.hpp"
#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

// One member after the other, and one call at a time: a member that is being defragmented answers nobody meanwhile.
class Janitor {
 public:
  // `acts`: this is the node that sweeps, for all members. The others only tell.
  void tick(const Now& now, const World& world, bool acts, Outbox& out);
  void handle(const Now& now, const World& world, const Purpose& purpose, const etcd::Result& result, Outbox& out);
  TimePoint next_deadline() const { return next_; }

  // Without a remover (nobody gets its lease while etcd is full) the living voter with the lowest member id sweeps: to do it twice is
  // harmless.
  static bool is_sweeper(const World& world, bool holds_remover_key);
  // What this node's own etcd says about its space, for status; empty if there is enough.
  static std::string doing(const World& world);
  static std::string problem(const World& world);

 private:
  enum class Step : std::uint32_t { kStatus, kCompact, kDefragment, kAlarms, kDisarm };
  void ask(const Now& now, const World& world, Step step, etcd::Call call, Duration deadline, Outbox& out);
  void took_status(const Now& now, const World& world, const etcd::Status& status, Outbox& out);
  void took_alarms(const Now& now, const World& world, const etcd::Alarms& alarms, Outbox& out);

  TimePoint next_{};
  bool busy_ = false;
  std::size_t turn_ = 0;       // the next member's place in the list
  MemberId member_;            // whom the calls are about
  std::int64_t revision_ = 0;  // of the store, one round ago: who watches from there on loses nothing; compacted to while there is space
  std::map<MemberId, TimePoint> swept_;
  std::map<MemberId, std::int64_t> sizes_;
};

}  // namespace fluxpg::supervisor
