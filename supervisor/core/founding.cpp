#include "supervisor/core/founding.hpp"

#include <algorithm>

#include "base/guard.hpp"
#include "supervisor/core/plan.hpp"

namespace fluxpg::supervisor {

using discovery::Presence;
using gossip::DataState;
using gossip::State;
using verdict::Founder;
using verdict::FoundingPlan;
using verdict::FoundingPromise;
using verdict::FoundingStart;

namespace {

constexpr Duration kResend = seconds(1);
constexpr Duration kRecently = minutes(10);

std::uint32_t expected(const World& world) {
  return world.config.rules.expected_nodes != 0 ? world.config.rules.expected_nodes : world.instances;
}

// Living nodes that say of themselves that they hold nothing, in order of their ids; we among them.
std::vector<const gossip::NodeInfo*> fresh_nodes(const World& world) {
  std::map<NodeId, const gossip::NodeInfo*> nodes{{world.self(), &world.gossip.self()}};
  for (const auto& [id, member] : world.gossip.members()) {
    const bool fresh = member.state == State::kAlive && member.info.data == DataState::kFresh && !member.info.cluster;
    if (fresh) nodes[id] = &member.info;
  }
  std::vector<const gossip::NodeInfo*> result;
  for (const auto& [id, info] : nodes) result.push_back(info);
  return result;
}

bool promised(const Persistent& persistent, std::uint64_t round, const std::string& token) {
  return persistent.promised && persistent.promised->round == round && persistent.promised->token == token;
}

}  // namespace

std::uint32_t Founding::count(const Now& now, const World& world, const std::set<std::string>& without) {
  std::set<std::string> addresses = world.listing.listed_within(now, kRecently);
  addresses.insert(world.config.address);
  for (const auto& [id, member] : world.gossip.members()) {
    if (member.state == State::kAlive || now.boot - member.since < kRecently) addresses.insert(member.info.address);
  }
  for (const std::string& address : without) addresses.erase(address);
  return std::max(expected(world), static_cast<std::uint32_t>(addresses.size()));
}

std::vector<Doing> Founding::obstacles(const Now& now, const World& world, const std::set<std::string>& without) {
  const std::string what = "founding a cluster";
  std::vector<Doing> result;
  if (expected(world) == 0) {
    result.push_back({what, "the number of instances: the Flux API has not told it and EXPECTED_NODES is not set"});
  }
  if (!world.listing.has_good_answer()) result.push_back({what, "a good answer of the Flux API: nobody knows yet who else exists"});
  std::map<std::string, const gossip::MemberView*> by_address;
  for (const auto& [id, member] : world.gossip.members()) {
    const auto [slot, added] = by_address.emplace(member.info.address, &member);
    if (!added && member.state == State::kAlive) slot->second = &member;
    if (member.info.cluster && holds(Guard::kClusterIsJoined))
      result.push_back({what, member.info.name + " knows a cluster: it is joined instead"});
  }
  for (const std::string& address : world.listing.listed(now)) {
    if (address == world.config.address || without.count(address) > 0) continue;
    const auto found = by_address.find(address);
    if (!holds(Guard::kSilentListedBlocks)) continue;
    if (found == by_address.end() || found->second->state != State::kAlive) {
      result.push_back({what, address + " is listed and silent: it may hold the only copy of the data"});
    } else if (found->second->info.data != DataState::kFresh) {
      result.push_back({what, address + " does not say that it is fresh"});
    }
  }
  const std::uint32_t counted = count(now, world, without);
  const std::size_t fresh = fresh_nodes(world).size();
  if (fresh * 2 <= counted) {
    result.push_back({what, std::to_string(fresh) + " of " + std::to_string(counted) + " nodes are here, more than half are needed"});
  }
  return result;
}

void Founding::tick(const Now& now, const World& world, const ProcessesSeen& seen, bool fresh, Persistent& persistent, Random& random,
                    Outbox& out) {
  // While somebody knows a cluster nothing is founded. What else is in the way is only told, so once a second is enough.
  const bool waits = !persistent.chosen && fresh && persistent.started_token.empty() && !abandoning_;
  if (waits && joins_as_of_ == world.gossip.version() && now.boot < look_again_at_) return;
  joins_as_of_.reset();
  doing_.clear();
  if (persistent.chosen || !fresh || !holds(Guard::kFounds)) return;
  if (persistent.promised && promised_at_ == TimePoint{}) promised_at_ = now.boot;  // after a restart the patience begins anew
  if (abandoning_) {
    doing_.push_back({"giving up founding round " + std::to_string(persistent.promised->round), "its etcd to stop"});
    if (seen.etcd.state == Process::State::kStopped || seen.etcd.state == Process::State::kExited) {
      if (seen.etcd_data) {
        out.push(SetAsideEtcdData{"founding-plan-never-chosen"});
      } else {
        abandoning_ = false;
        persistent.started_token.clear();
        out.push(Persist{persistent});
      }
    }
    return;
  }
  if (!persistent.started_token.empty()) {
    doing_.push_back({"founding round " + std::to_string(persistent.promised->round), "its etcd to commit the founding"});
    if (proposing_ && now.boot >= resend_at_) send_plan(world, out);
    if (proposing_) resend_at_ = std::max(resend_at_, now.boot + kResend);
    if (!may_abandon(now, world)) return;
  }
  doing_ = obstacles(now, world, without_);
  if (!doing_.empty()) {
    ready_since_ = kNever;
    const auto knows = [](const auto& entry) { return bool(entry.second.info.cluster); };
    const auto& members = world.gossip.members();
    if (holds(Guard::kClusterIsJoined) && std::any_of(members.begin(), members.end(), knows)) joins_as_of_ = world.gossip.version();
    look_again_at_ = now.boot + seconds(1);
    return;
  }
  if (ready_since_ == kNever) ready_since_ = now.boot;
  const auto candidates = fresh_nodes(world);
  const auto rank =
      std::find_if(candidates.begin(), candidates.end(), [&](const auto* info) { return info->id == world.self(); }) - candidates.begin();
  const bool patient = persistent.promised && promised_at_ != TimePoint{} && now.boot - promised_at_ < world.config.rules.founding_patience;
  if (proposing_ && patient) {
    if (enough_promises(world)) return take(now, world, fresh, FoundingStart{*persistent.promised}, persistent, out);
    if (now.boot >= resend_at_) {
      send_plan(world, out);
      resend_at_ = now.boot + kResend;
    }
    doing_.push_back({"founding round " + std::to_string(persistent.promised->round),
                      std::to_string(promises_.size()) + " promises; all fresh nodes must give theirs, more than half of " +
                          std::to_string(persistent.promised->counted)});
    for (const auto& [node, why] : refusals_) doing_.push_back({"promise of " + world.name_of(node), why});
  } else if (patient) {
    doing_.push_back({"founding round " + std::to_string(persistent.promised->round), "its proposer to start it"});
  } else if (now.boot >= ready_since_ + world.config.rules.founding_step * rank) {
    propose(now, world, persistent, random, out);
  } else {
    doing_.push_back({"founding a cluster", "a proposal of a node with a lower id"});
  }
}

void Founding::propose(const Now& now, const World& world, Persistent& persistent, Random& random, Outbox& out) {
  if (!persistent.started_token.empty()) {  // our own earlier plan was started and never chosen
    abandoning_ = true;
    out.push(StopEtcd{"its founding plan was not chosen in time"});
    return;
  }
  const auto candidates = fresh_nodes(world);
  FoundingPlan plan;
  plan.round = std::max(highest_round_, persistent.promised ? persistent.promised->round : 0) + 1;
  plan.proposer = world.self();
  plan.token = to_text(random.nonce());
  plan.counted = count(now, world, without_);
  const std::size_t wanted = wanted_voters(world.config.rules.target_voters, plan.counted);
  std::size_t founders = std::min(wanted, candidates.size());
  if (founders % 2 == 0) --founders;
  // The proposer is a founder of its own plan, whatever its place in the order.
  plan.founders.push_back({world.self(), world.config.name, world.peer_url(world.gossip.self())});
  for (const gossip::NodeInfo* info : candidates) {
    if (plan.founders.size() < founders && info->id != world.self()) plan.founders.push_back({info->id, info->name, world.peer_url(*info)});
  }
  std::sort(plan.founders.begin(), plan.founders.end(), [](const Founder& a, const Founder& b) { return a.node < b.node; });
  highest_round_ = plan.round;
  proposing_ = true;
  promises_ = {world.self()};
  refusals_.clear();
  persistent.promised = plan;
  promised_at_ = now.boot;
  out.push(Persist{persistent});
  out.info("proposing to found a cluster: round " + std::to_string(plan.round) + ", " + std::to_string(plan.founders.size()) + " founders");
  resend_at_ = now.boot + kResend;
  send_plan(world, out);
}

// Founders may be fewer than half of the nodes: so everybody that could found another cluster has to promise not to, founder or not.
bool Founding::enough_promises(const World& world) const {
  const FoundingPlan& plan = *world.persistent.promised;
  const auto promised = [this](const NodeId& node) { return promises_.count(node) > 0; };
  const auto candidates = fresh_nodes(world);
  return promises_.size() * 2 > plan.counted &&
         std::all_of(plan.founders.begin(), plan.founders.end(), [&](const Founder& founder) { return promised(founder.node); }) &&
         (!holds(Guard::kEverybodyPromises) ||
          std::all_of(candidates.begin(), candidates.end(), [&](const auto* info) { return promised(info->id); }));
}

// The plan until everybody promised, then the start, over and over until the founding is committed.
void Founding::send_plan(const World& world, Outbox& out) const {
  const FoundingPlan& plan = *world.persistent.promised;
  if (world.persistent.started_token == plan.token) {
    for (const Founder& founder : plan.founders) {
      const gossip::NodeInfo* info = world.info(founder.node);
      if (founder.node != world.self() && info != nullptr) out.push(Send{info->gossip_endpoint(), FoundingStart{plan}});
    }
    return;
  }
  for (const gossip::NodeInfo* info : fresh_nodes(world)) {
    if (promises_.count(info->id) == 0) out.push(Send{info->gossip_endpoint(), plan});
  }
}

// A started plan may be given up only if its etcd has had its time and has no leader: with one, the founding is committed any moment.
bool Founding::may_abandon(const Now& now, const World& world) const {
  return promised_at_ != TimePoint{} && now.boot - promised_at_ >= world.config.rules.founding_patience && !world.view.own_has_leader(now);
}

std::string Founding::refusal(const Now& now, const World& world, bool fresh, const FoundingPlan& plan, const Persistent& persistent,
                              const std::set<std::string>& without) {
  if (!fresh || persistent.chosen) return "it holds data";
  if (promised(persistent, plan.round, plan.token)) return "";
  if (holds(Guard::kPromiseKept) && persistent.promised && persistent.promised->round >= plan.round) {
    return "it has promised round " + std::to_string(persistent.promised->round);
  }
  const std::uint32_t counted = count(now, world, without);
  if (holds(Guard::kCountsAgree) && counted > plan.counted)
    return "it counts " + std::to_string(counted) + " nodes, the plan only " + std::to_string(plan.counted);
  const auto blocked = obstacles(now, world, without);
  return blocked.empty() ? "" : "it waits for " + blocked.front().waits_for;
}

void Founding::take(const Now& now, const World& world, bool fresh, const FoundingPlan& plan, gossip::Route route, Persistent& persistent,
                    Outbox& out) {
  highest_round_ = std::max(highest_round_, plan.round);
  std::string why = refusal(now, world, fresh, plan, persistent, without_);
  const bool started = holds(Guard::kStopBeforeHigherRound) && !persistent.started_token.empty() && persistent.started_token != plan.token;
  if (why.empty() && started) {
    why = "the etcd of its earlier plan has not been given up yet";
    if (!abandoning_ && may_abandon(now, world)) {
      abandoning_ = true;
      out.push(StopEtcd{"a higher founding round replaces its plan, which was not chosen in time"});
    }
  }
  if (why.empty() && !promised(persistent, plan.round, plan.token)) {
    proposing_ = false;
    persistent.promised = plan;
    promised_at_ = now.boot;
    if (holds(Guard::kPromiseDurable)) out.push(Persist{persistent});
    out.info("promised founding round " + std::to_string(plan.round) + " of " + world.name_of(plan.proposer));
  }
  out.push(Send{route, FoundingPromise{plan.round, plan.token, world.self(), why.empty(), why}});
}

// An answer to an earlier plan of ours promises nothing for this one. Only news hurries us: a repeated answer would be answered for ever.
void Founding::take(const FoundingPromise& promise, const Persistent& persistent) {
  if (!proposing_ || !promised(persistent, promise.round, promise.token)) return;
  if (promise.promised) {
    if (promises_.insert(promise.node).second) resend_at_ = TimePoint{};
    refusals_.erase(promise.node);
  } else {
    refusals_[promise.node] = promise.reason;
  }
}

void Founding::take(const Now& now, const World& world, bool fresh, const FoundingStart& start, Persistent& persistent, Outbox& out) {
  if (!fresh || persistent.chosen || abandoning_ || !promised(persistent, start.plan.round, start.plan.token)) return;
  if (persistent.started_token == start.plan.token) return;
  const auto mine = [&world](const Founder& founder) { return founder.node == world.self(); };
  if (std::none_of(start.plan.founders.begin(), start.plan.founders.end(), mine)) return;
  persistent.started_token = start.plan.token;
  promised_at_ = now.boot;
  out.push(Persist{persistent});
  out.info("starting etcd as a founder of round " + std::to_string(start.plan.round));
}

void Founding::commit(const Now& now, const World& world, const Persistent& persistent, Outbox& out) {
  const EtcdView& view = world.view;
  if (persistent.chosen || persistent.started_token.empty() || abandoning_ || now.boot < commit_at_) return;
  if (!view.own_has_leader(now) || view.own()->leader != view.own()->header.member) return;
  if (!view.list_is_current(now) || !view.founded_read() || view.founded()) return;
  const FoundingPlan& plan = *persistent.promised;
  const std::string& app = world.config.app;
  const record::Founded founded{plan.token, view.list().header.cluster, plan.round, plan.founders, unix_ms(now.wall)};
  etcd::Txn txn{{{etcd::Compare::What::kCreateRevision, record::founded_key(app), 0}},
                {etcd::Put{record::founded_key(app), record::to_json(founded), {}}}};
  for (const Founder& founder : plan.founders) {
    const etcd::Member* member = view.find_by_peer_url(founder.peer_url);
    if (member == nullptr) return;
    const gossip::NodeInfo* info = world.info(founder.node);
    const record::Binding binding{member->id, founder.node, founder.name, info == nullptr ? "" : info->address};
    txn.writes.push_back(etcd::Put{record::node_key(app, member->id), record::to_json(binding), {}});
  }
  commit_at_ = now.boot + seconds(3);
  out.ask_own({Purpose::Part::kFounding, 0, {}}, std::move(txn), seconds(3));
}

}  // namespace fluxpg::supervisor
