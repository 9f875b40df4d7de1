// A founding plan from the start of its etcd to its end: chosen, or given up.
#include <algorithm>

#include "base/guard.hpp"
#include "supervisor/core/copies.hpp"
#include "supervisor/core/founding.hpp"

namespace fluxpg::supervisor {

using verdict::Founder;
using verdict::FoundingPlan;
using verdict::FoundingStart;

namespace {
enum class Step : std::uint32_t { kCommit, kLookElsewhere };
constexpr Duration kLookEvery = seconds(2);
constexpr Duration kOthersHeardWithin = seconds(6);  // after our own start
constexpr Duration kAnswerPatience = seconds(20);    // before data is set aside next to a living cluster whose etcd does not answer
}  // namespace

void Founding::take(const Now& now, const World& world, bool may_found, const FoundingStart& start, Persistent& persistent, Outbox& out) {
  if (!may_found || persistent.chosen || persistent.abandons() || !promised(persistent, start.plan.round, start.plan.token)) return;
  if (start.plan.token == persistent.given_up_token && holds(Guard::kGivenUpForGood)) return;
  if (persistent.started_token == start.plan.token) return;
  const auto mine = [&world](const Founder& founder) { return founder.node == world.self(); };
  if (std::none_of(start.plan.founders.begin(), start.plan.founders.end(), mine)) return;
  if (!agrees(world.gossip.self(), *persistent.promised) && holds(Guard::kUnchangedSincePromise)) {
    return out.warn("founding round " + std::to_string(start.plan.round) +
                    " is not started here: the PostgreSQL data on this node's disk is not as it was promised");
  }
  persistent.started_token = start.plan.token;
  another_ = ClusterId{};
  promised_at_ = now.boot;
  out.push(Persist{persistent});
  out.info("starting etcd as a founder of round " + std::to_string(start.plan.round));
}

void Founding::commit(const Now& now, const World& world, const Persistent& persistent, Outbox& out) {
  const EtcdView& view = world.view;
  if (persistent.chosen || persistent.started_token.empty() || persistent.abandons() || now.boot < commit_at_) return;
  if (!view.own_has_leader(now) || view.own()->leader != view.own()->header.member) return;
  if (!view.list_is_current(now) || !view.founded_read() || view.founded()) return;
  const FoundingPlan& plan = *persistent.promised;
  const std::string& app = world.config.app;
  const record::Founded founded{plan.token, view.list().header.cluster, plan.round, plan.founders, unix_ms(now.wall), plan.database};
  etcd::Txn txn{{{etcd::Compare::What::kCreateRevision, record::founded_key(app), 0}},
                {etcd::Put{record::founded_key(app), record::to_json(founded), {}}}};
  for (const Founder& founder : plan.founders) {
    const etcd::Member* member = view.find_by_peer_url(founder.peer_url);
    if (member == nullptr) return;
    const gossip::NodeInfo* info = world.info(founder.node);
    const record::Binding binding{member->id, founder.node, founder.name, info == nullptr ? "" : info->address};
    txn.writes.push_back(etcd::Put{record::node_key(app, member->id), record::to_json(binding), {}});
  }
  // Before any Patroni starts: one that found no identifier would write its own, or make a database.
  if (plan.database && holds(Guard::kDatabaseIsNamed)) {
    txn.writes.push_back(etcd::Put{record::patroni_initialize_key(app), plan.database->system_id, {}});
  }
  commit_at_ = now.boot + seconds(3);
  out.ask_own({Purpose::Part::kFounding, static_cast<std::uint32_t>(Step::kCommit), {}}, std::move(txn), seconds(3));
}

// Whoever is back starts its etcd again, and then the plan may be chosen any moment.
bool Founding::founder_is_back(const Now& now, const World& world) {
  if (!world.persistent.promised || !holds(Guard::kReturningFounders)) return false;
  const auto& founders = world.persistent.promised->founders;
  return std::any_of(founders.begin(), founders.end(), [&](const Founder& founder) {
    const gossip::MemberView* heard = world.heard(founder.node);
    return heard != nullptr && world.alive(founder.node) && now.boot - heard->since < world.config.rules.founding_patience;
  });
}

// A started plan may be given up only if its etcd has had its time and has no leader: with one, the founding is committed any moment.
bool Founding::may_abandon(const Now& now, const World& world) const {
  const bool awake = now.boot - last_tick_ <= kSlept;
  return awake && promised_at_ != TimePoint{} && now.boot - promised_at_ >= world.config.rules.founding_patience &&
         !world.view.own_has_leader(now) && !founder_is_back(now, world);
}

// On disk first: an etcd of that plan that started again with an empty disk would have forgotten its votes.
void Founding::give_up(const Now& now, const std::string& why, Persistent& persistent, Outbox& out) {
  persistent.given_up_token = persistent.started_token;
  another_ = ClusterId{};
  own_plan_lives_ = false;
  giving_up_since_ = now.boot;
  set_aside_at_ = now.boot + kSetAsideTakes;
  out.push(Persist{persistent});
  out.push(StopEtcd{why});
}

// Its etcd has stopped, or we have: meanwhile the others may have chosen the plan, and then our part of it is needed.
bool Founding::takes_back(const ProcessesSeen& seen, Persistent& persistent, Outbox& out) {
  if (!seen.etcd_data || !own_plan_lives_) return false;
  own_plan_lives_ = false;
  persistent.given_up_token.clear();
  out.push(Persist{persistent});
  out.info("founding round " + std::to_string(persistent.promised->round) + " was chosen after all: this node keeps its part of it");
  return true;
}

void Founding::set_aside(const Now& now, const World& world, const ProcessesSeen& seen, Persistent& persistent, Outbox& out) {
  doing_.push_back({"giving up founding round " + std::to_string(persistent.promised->round), "its etcd to stop"});
  if (takes_back(seen, persistent, out)) return;
  if (giving_up_since_ == kNever) giving_up_since_ = now.boot;
  look_elsewhere(now, world, out);
  const bool may_hear = now.boot - world.started < kOthersHeardWithin;
  const bool asks = !world.with_etcd().empty() && !another_ && now.boot - giving_up_since_ < kAnswerPatience;
  const bool down = seen.etcd.state == Process::State::kStopped || seen.etcd.state == Process::State::kExited;
  if (now.boot < set_aside_at_ || (down && seen.etcd_data && (may_hear || asks))) return;
  set_aside_at_ = now.boot + kSetAsideTakes;
  if (!down) {
    out.push(StopEtcd{"its founding plan was given up"});
  } else if (seen.etcd_data) {
    out.push(SetAsideEtcdData{"founding-plan-given-up"});
  } else {
    persistent.started_token.clear();
    out.push(Persist{persistent});
  }
}

// Whoever was cut off at the very founding may find another cluster in place of its own: its plan was replaced, or an operator recovered
// one of the other founders. The cluster itself tells by which plan it was founded; that of our own plan is waited for.
void Founding::look_elsewhere(const Now& now, const World& world, Outbox& out) {
  if (now.boot < look_elsewhere_at_) return;
  look_elsewhere_at_ = now.boot + kLookEvery;
  const auto others = world.with_etcd();
  if (others.empty()) return;
  const etcd::Range founded{record::founded_key(world.config.app), false, false, 1, false};
  out.ask({Purpose::Part::kFounding, static_cast<std::uint32_t>(Step::kLookElsewhere), {}},
          World::etcd_of(*others[turn_++ % others.size()]), founded, kLookEvery);
}

void Founding::handle(const Purpose& purpose, const etcd::Result& result, const Persistent& persistent) {
  const auto* range = result ? std::get_if<etcd::RangeResult>(&*result) : nullptr;
  if (static_cast<Step>(purpose.step) != Step::kLookElsewhere || range == nullptr || range->kvs.empty()) return;
  if (persistent.started_token.empty() || persistent.chosen) return;
  const auto founded = record::founded_from_json(range->kvs.front().value);
  if (!founded) return;
  const bool another = founded->token != persistent.started_token || !holds(Guard::kOwnPlanIsWaitedFor);
  if (another) another_ = range->header.cluster;
  if (!another && persistent.abandons()) own_plan_lives_ = true;
}

}  // namespace fluxpg::supervisor
