#include "supervisor/core/lease.hpp"

#include <algorithm>

#include "base/guard.hpp"

namespace fluxpg::supervisor {

std::string RemoverLease::ineligible(const Now& now, const World& world, bool under_ballot) {
  if (holds(Guard::kShadowHoldsNoKey) && world.config.shadow) return "it runs in shadow mode";
  if (world.stopping) return "it is stopping";
  if (world.persistent.leave) return "it leaves the cluster";
  if (under_ballot) return "it is under ballot itself";
  if (!world.unwell.empty()) return world.unwell;
  if (!world.view.own_has_leader(now)) return "its own etcd does not answer or has no leader";
  const etcd::Member* own = world.view.find(world.own_member());
  if (own == nullptr || own->learner) return "it is not a voter";
  if (world.node_of(own->id) != world.self()) return "its key is not bound to its member id";
  const auto& record = world.view.record();
  const bool victim = record && record->open() && record->change.kind == record::Kind::kRemove && record->change.member == own->id;
  if (victim && holds(Guard::kVictimHoldsNoKey)) return "its own removal is decided";
  return "";
}

// Place among the living voters, by member id: who campaigns first, so that nobody stampedes.
std::size_t RemoverLease::rank(const World& world) {
  const verdict::Electorate electorate = world.view.electorate();
  const MemberId own = world.own_member();
  return static_cast<std::size_t>(std::count_if(electorate.voters.begin(), electorate.voters.end(),
                                                [&](MemberId voter) { return voter < own && world.alive(world.node_of(voter)); }));
}

void RemoverLease::tick(const Now& now, const World& world, bool under_ballot, Outbox& out) {
  ttl_ = world.config.rules.lease_ttl;
  const std::string bar = ineligible(now, world, under_ballot);
  if (phase_ == Phase::kHeld) {
    if (!bar.empty()) {
      out.ask_own({Purpose::Part::kLease, static_cast<std::uint32_t>(Step::kRevoke), {}}, etcd::RevokeLease{lease_}, seconds(2));
      return lost(now, "gave up the remover key: " + bar, out);
    }
    if (now.boot - renewed_ >= ttl_) return lost(now, "lost the remover key: its lease could not be renewed in time", out);
    const bool other = world.view.decision_as_of() > held_since_ && world.view.remover_revision() != revision_;
    if (other) return lost(now, "lost the remover key: etcd shows another one or none", out);
    if (!renewing_ && now.boot >= next_renewal_) {
      renewing_ = true;
      renew_sent_ = now.boot;
      next_renewal_ = now.boot + ttl_ / 3;
      out.ask_own({Purpose::Part::kLease, static_cast<std::uint32_t>(Step::kKeepAlive), {}}, etcd::KeepAlive{lease_}, ttl_ / 2);
    }
    return;
  }
  if (phase_ != Phase::kIdle) return;
  if (!bar.empty() || !world.view.keys_are_current(now) || world.view.remover()) {
    vacant_since_ = kNever;
    return;
  }
  campaign(now, world, out);
}

void RemoverLease::campaign(const Now& now, const World& world, Outbox& out) {
  if (vacant_since_ == kNever) vacant_since_ = now.boot;
  const Duration step = world.config.rules.campaign_step;
  if (now.boot < vacant_since_ + step * static_cast<std::int64_t>(rank(world))) return;
  vacant_since_ = kNever;
  phase_ = Phase::kGranting;
  renew_sent_ = now.boot;
  out.ask_own({Purpose::Part::kLease, static_cast<std::uint32_t>(Step::kGrant), {}}, etcd::GrantLease{ttl_}, seconds(3));
}

void RemoverLease::handle(const Now& now, const World& world, const Purpose& purpose, const etcd::Result& result, Outbox& out) {
  const Step step = static_cast<Step>(purpose.step);
  if (step == Step::kRevoke) return;
  if (step == Step::kGrant) {
    const auto* lease = result ? std::get_if<etcd::Lease>(&*result) : nullptr;
    if (lease == nullptr) {
      phase_ = Phase::kIdle;
      return;
    }
    lease_ = lease->id;
    phase_ = Phase::kClaiming;
    const std::string key = record::remover_key(world.config.app);
    const record::RemoverKey mine{world.self(), world.own_member()};
    etcd::Txn claim{{{etcd::Compare::What::kCreateRevision, key, 0}}, {etcd::Put{key, record::to_json(mine), lease_}}};
    out.ask_own({Purpose::Part::kLease, static_cast<std::uint32_t>(Step::kClaim), {}}, std::move(claim), seconds(2));
    return;
  }
  if (step == Step::kClaim) {
    const auto* txn = result ? std::get_if<etcd::TxnResult>(&*result) : nullptr;
    if (txn == nullptr || !txn->succeeded) {  // an unknown outcome leaves a key that dies with its lease
      phase_ = Phase::kIdle;
      return;
    }
    phase_ = Phase::kHeld;
    revision_ = txn->header.revision;
    held_since_ = now.boot;
    renewed_ = renew_sent_;
    next_renewal_ = now.boot + ttl_ / 3;
    renewing_ = false;
    out.info("this node is the remover now");
    return;
  }
  renewing_ = false;
  if (phase_ != Phase::kHeld || !result) return;
  const auto* lease = std::get_if<etcd::Lease>(&*result);
  if (lease == nullptr || lease->id != lease_) return;
  if (lease->ttl == Duration::zero()) return lost(now, "lost the remover key: its lease has expired", out);
  renewed_ = renew_sent_;
}

etcd::Compare RemoverLease::is_ours(const std::string& app) const {
  using What = etcd::Compare::What;
  return {holds(Guard::kKeyUntouched) ? What::kModRevision : What::kCreateRevision, record::remover_key(app), revision_};
}

void RemoverLease::lost(const Now& now, const std::string& why, Outbox& out) {
  (void)now;
  if (phase_ == Phase::kHeld) out.warn(why);
  phase_ = Phase::kIdle;
  revision_ = 0;
  next_renewal_ = kNever;
  renewing_ = false;
  vacant_since_ = kNever;
}

// While a renewal is unanswered only the end of the lease is waited for: a deadline in the past would be asked for over and over.
TimePoint RemoverLease::next_deadline() const {
  if (phase_ != Phase::kHeld) return kNever;
  return renewing_ ? renewed_ + ttl_ : std::min(next_renewal_, renewed_ + ttl_);
}

}  // namespace fluxpg::supervisor
