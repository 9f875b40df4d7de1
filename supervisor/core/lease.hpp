// The elected remover: who holds the lease-bound key. It buys quiet, not safety; the record's revision decides (HOLES §2).
#pragma once

#include <string>

#include "supervisor/core/outbox.hpp"
#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

class RemoverLease {
 public:
  void tick(const Now& now, const World& world, bool under_ballot, Outbox& out);
  void handle(const Now& now, const World& world, const Purpose& purpose, const etcd::Result& result, Outbox& out);
  TimePoint next_deadline() const;

  bool held() const { return phase_ == Phase::kHeld; }
  std::int64_t revision() const { return revision_; }  // of the key that is ours, as revision_of_remover_key() tells it
  // What every transaction of the remover compares: the key is as it wrote it.
  etcd::Compare is_ours(const std::string& app) const;
  etcd::LeaseId id() const { return lease_; }  // while it is held
  TimePoint held_since() const { return held_since_; }
  // Another look at the key showed that it is not ours any more.
  void lost(const Now& now, const std::string& why, Outbox& out);

  // Why this node may not be remover; empty if it may. Only a current voter whose own etcd answers, not under ballot, not in shadow, well.
  static std::string ineligible(const Now& now, const World& world, bool under_ballot);

 private:
  enum class Phase { kIdle, kGranting, kClaiming, kHeld };
  enum class Step : std::uint32_t { kGrant, kClaim, kKeepAlive, kRevoke };
  void campaign(const Now& now, const World& world, Outbox& out);
  static std::size_t rank(const World& world);

  Phase phase_ = Phase::kIdle;
  etcd::LeaseId lease_;
  std::int64_t revision_ = 0;
  TimePoint held_since_{};
  TimePoint renewed_{};  // when the request that was last answered well was *sent*: the lease lives at least until renewed_ + ttl
  TimePoint renew_sent_{};
  bool renewing_ = false;
  TimePoint next_renewal_ = kNever;
  TimePoint vacant_since_ = kNever;
  Duration ttl_{};
};

}  // namespace fluxpg::supervisor
