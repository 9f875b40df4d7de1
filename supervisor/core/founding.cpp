#include "supervisor/core/founding.hpp"

#include <algorithm>
#include <utility>

#include "base/guard.hpp"
#include "supervisor/core/copies.hpp"
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

constexpr const char* kWhat = "founding a cluster";
constexpr Duration kResend = seconds(1);
constexpr Duration kRecently = minutes(10);
constexpr Duration kStopAgain = seconds(30);

std::uint32_t expected(const World& world) {
  return world.config.rules.expected_nodes != 0 ? world.config.rules.expected_nodes : world.instances;
}

bool has_no_etcd(const gossip::NodeInfo& info) { return info.data == DataState::kFresh || info.data == DataState::kOnlyPostgres; }

// Living nodes that say of themselves that they hold no etcd data, in order of their ids; we among them. Not those whose database an
// operator gave up.
std::vector<const gossip::NodeInfo*> founders_to_be(const World& world, const std::set<std::string>& without) {
  std::map<NodeId, const gossip::NodeInfo*> nodes{{world.self(), &world.gossip.self()}};
  for (const auto& [id, member] : world.gossip.members()) {
    const bool given_up = member.info.data == DataState::kOnlyPostgres && without.count(member.info.address) > 0;
    if (member.state == State::kAlive && has_no_etcd(member.info) && !member.info.cluster && !given_up) nodes[id] = &member.info;
  }
  std::vector<const gossip::NodeInfo*> result;
  for (const auto& [id, info] : nodes) result.push_back(info);
  return result;
}

// Of those who are there, or are listed and so waited for, or were answered for by an operator.
std::set<std::string> known_addresses(const Now& now, const World& world, std::set<std::string> known) {
  known.insert(world.config.address);
  known.merge(world.listing.listed(now));
  for (const auto& [id, member] : world.gossip.members()) {
    if (member.state == State::kAlive) known.insert(member.info.address);
  }
  return known;
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
  std::vector<Doing> result = absences(now, world, without);
  for (std::string& obstacle : copies_among(founders_to_be(world, without)).obstacles) result.push_back({kWhat, std::move(obstacle)});
  return result;
}

// Who is missing, and what is not known of those who are here.
std::vector<Doing> Founding::absences(const Now& now, const World& world, const std::set<std::string>& without) {
  const std::string what = kWhat;
  std::vector<Doing> result;
  if (!has_no_etcd(world.gossip.self())) result.push_back({what, "a look at this node's own disk"});
  if (expected(world) == 0) {
    result.push_back({what, "the number of instances: the Flux API has not told it and EXPECTED_NODES is not set"});
  }
  if (!world.listing.has_good_answer()) result.push_back({what, "a good answer of the Flux API: nobody knows yet who else exists"});
  std::map<std::string, const gossip::MemberView*> by_address;
  for (const auto& [id, member] : world.gossip.members()) {
    const auto [slot, added] = by_address.emplace(member.info.address, &member);
    if (!added && member.state == State::kAlive) slot->second = &member;
    if (member.info.cluster && holds(Guard::kClusterIsJoined)) {
      result.push_back({what, member.info.name + " knows a cluster: it is joined instead"});
    } else if (member.state == State::kAlive && !has_no_etcd(member.info) && without.count(member.info.address) == 0 &&
               holds(Guard::kLivingDataBlocks)) {  // listed or not: it may be in the middle of a recovery
      result.push_back({what, member.info.address + " does not say that it holds no etcd data"});
    }
  }
  for (const std::string& address : world.listing.listed(now)) {
    if (address == world.config.address || without.count(address) > 0) continue;
    const auto found = by_address.find(address);
    if (!holds(Guard::kSilentListedBlocks)) continue;
    if (found == by_address.end() || found->second->state != State::kAlive) {
      result.push_back({what, address + " is listed and silent: it may hold the only copy of the data"});
    }
  }
  const std::uint32_t counted = count(now, world, without);
  const std::size_t here = founders_to_be(world, without).size();
  // One answer of one backend may lack the row of the one that holds the only copy.
  const std::size_t known = known_addresses(now, world, without).size();
  if (known < expected(world) && !world.listing.tells_who_is_absent(now) && holds(Guard::kListSeenLongEnough)) {
    result.push_back({what, "more answers of the Flux API: " + std::to_string(known) + " of " + std::to_string(expected(world)) +
                                " nodes are known, and one answer may lack a row"});
  }
  if (here * 2 <= counted) {
    result.push_back({what, std::to_string(here) + " of " + std::to_string(counted) + " nodes are here, more than half are needed"});
  }
  return result;
}

void Founding::tick(const Now& now, const World& world, const ProcessesSeen& seen, bool may_found, Persistent& persistent, Random& random,
                    Outbox& out) {
  // While somebody knows a cluster nothing is founded. What else is in the way is only told, so once a second is enough.
  const bool waits = !persistent.chosen && may_found && persistent.started_token.empty();
  if (waits && joins_as_of_ == world.gossip.version() && now.boot < look_again_at_) return;
  joins_as_of_.reset();
  doing_.clear();
  if (persistent.chosen || !may_found || !holds(Guard::kFounds)) return;
  // After a restart the patience begins anew, and after a stop of this process, in which its etcd may have stood still too.
  const bool slept = now.boot - std::exchange(last_tick_, now.boot) > kSlept;
  if (persistent.promised && (promised_at_ == TimePoint{} || slept)) promised_at_ = now.boot;
  if (persistent.abandons()) return set_aside(now, world, seen, persistent, out);
  if (!persistent.started_token.empty()) {
    doing_.push_back({"founding round " + std::to_string(persistent.promised->round), "its etcd to commit the founding"});
    if (proposing_ && now.boot >= resend_at_) send_plan(world, out);
    if (proposing_) resend_at_ = std::max(resend_at_, now.boot + kResend);
    if (!may_abandon(now, world)) return;
    if (another_) return give_up(now, "cluster " + to_text(another_) + " was founded by another plan, or recovered", persistent, out);
    look_elsewhere(now, world, out);
  }
  doing_ = obstacles(now, world, without_);
  if (!doing_.empty()) {
    ready_since_ = kNever;
    const auto knows = [](const auto& entry) { return bool(entry.second.info.cluster); };
    const auto& members = world.gossip.members();
    if (holds(Guard::kClusterIsJoined) && std::any_of(members.begin(), members.end(), knows)) joins_as_of_ = world.gossip.version();
    look_again_at_ = now.boot + seconds(1);
    stop_postgres(now, world, seen, out);
    return;
  }
  if (ready_since_ == kNever) ready_since_ = now.boot;
  const auto candidates = founders_to_be(world, without_);
  const auto furthest = copies_among(candidates).furthest;
  const auto rank =
      std::find_if(candidates.begin(), candidates.end(), [&](const auto* info) { return info->id == world.self(); }) - candidates.begin();
  const bool outdated = proposing_ && persistent.promised->database != furthest;  // somebody's data has changed: ask anew
  const bool patient =
      persistent.promised && promised_at_ != TimePoint{} && now.boot - promised_at_ < world.config.rules.founding_patience && !outdated;
  if (proposing_ && patient) {
    if (enough_promises(world)) return take(now, world, may_found, FoundingStart{*persistent.promised}, persistent, out);
    if (now.boot >= resend_at_) {
      send_plan(world, out);
      resend_at_ = now.boot + kResend;
    }
    doing_.push_back({"founding round " + std::to_string(persistent.promised->round),
                      std::to_string(promises_.size()) + " promises; all nodes that could found one must give theirs, more than half of " +
                          std::to_string(persistent.promised->counted)});
    for (const auto& [node, why] : refusals_) doing_.push_back({"promise of " + world.name_of(node), why});
  } else if (patient) {
    doing_.push_back({"founding round " + std::to_string(persistent.promised->round), "its proposer to start it"});
  } else if (furthest && furthest->node != world.self()) {
    doing_.push_back({kWhat, "a proposal of " + world.name_of(furthest->node) + ", whose copy of the database goes furthest"});
  } else if (furthest || now.boot >= ready_since_ + world.config.rules.founding_step * rank) {
    propose(now, world, persistent, random, out);
  } else {
    doing_.push_back({kWhat, "a proposal of a node with a lower id"});
  }
}

// How far our own data goes is known, and stays so, only while PostgreSQL is stopped. Without etcd it takes no writes anyway.
void Founding::stop_postgres(const Now& now, const World& world, const ProcessesSeen& seen, Outbox& out) {
  using Runs = Process::State;
  const bool runs = seen.patroni.state == Runs::kRunning || seen.patroni.state == Runs::kStarting;
  if (!runs || world.gossip.self().data != DataState::kOnlyPostgres || now.boot < stop_at_) return;
  if (!absences(now, world, without_).empty()) return;
  stop_at_ = now.boot + kStopAgain;
  out.push(StopPatroni{"etcd's data is gone everywhere, and a cluster is founded over that of PostgreSQL: how far it goes is looked at"});
}

bool Founding::promised(const Persistent& persistent, std::uint64_t round, const std::string& token) {
  return persistent.promised && persistent.promised->round == round && persistent.promised->token == token;
}

void Founding::propose(const Now& now, const World& world, Persistent& persistent, Random& random, Outbox& out) {
  if (!persistent.started_token.empty()) {  // our own earlier plan was started and never chosen
    return give_up(now, "its founding plan was not chosen in time", persistent, out);
  }
  const auto candidates = founders_to_be(world, without_);
  FoundingPlan plan;
  plan.round = std::max(highest_round_, persistent.promised ? persistent.promised->round : 0) + 1;
  plan.proposer = world.self();
  plan.token = to_text(random.nonce());
  plan.counted = count(now, world, without_);
  plan.database = copies_among(candidates).furthest;
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
  out.info("proposing to found a cluster: round " + std::to_string(plan.round) + ", " + std::to_string(plan.founders.size()) + " founders" +
           (plan.database ? ", keeping database " + plan.database->system_id : ""));
  resend_at_ = now.boot + kResend;
  send_plan(world, out);
}

// Founders may be fewer than half of the nodes: so everybody that could found another cluster has to promise not to, founder or not.
bool Founding::enough_promises(const World& world) const {
  const FoundingPlan& plan = *world.persistent.promised;
  const auto promised = [this](const NodeId& node) { return promises_.count(node) > 0; };
  const auto candidates = founders_to_be(world, without_);
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
  for (const gossip::NodeInfo* info : founders_to_be(world, without_)) {
    if (promises_.count(info->id) == 0) out.push(Send{info->gossip_endpoint(), plan});
  }
}

std::string Founding::refusal(const Now& now, const World& world, bool may_found, const FoundingPlan& plan, const Persistent& persistent,
                              const std::set<std::string>& without) {
  if (!may_found || persistent.chosen) return "it holds data";
  const Copies copies = copies_among(founders_to_be(world, without));
  if (holds(Guard::kPromiseKeepsDatabase) && copies.furthest != plan.database) {
    if (!copies.obstacles.empty()) return "it waits for " + copies.obstacles.front();
    return copies.furthest ? world.name_of(copies.furthest->node) + " holds database " + copies.furthest->system_id +
                                 ", and the plan names another, or a copy that is not as this node finds it"
                           : "it knows of no PostgreSQL data, and the plan keeps database " + plan.database->system_id;
  }
  if (plan.token == persistent.given_up_token && holds(Guard::kGivenUpForGood)) return "it has given that plan up, with its etcd's data";
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

void Founding::take(const Now& now, const World& world, bool may_found, const FoundingPlan& plan, gossip::Route route,
                    Persistent& persistent, Outbox& out) {
  highest_round_ = std::max(highest_round_, plan.round);
  std::string why = refusal(now, world, may_found, plan, persistent, without_);
  const bool started = holds(Guard::kStopBeforeHigherRound) && !persistent.started_token.empty() && persistent.started_token != plan.token;
  if (why.empty() && started) {
    why = "the etcd of its earlier plan has not been given up yet";
    if (!persistent.abandons() && may_abandon(now, world)) {
      give_up(now, "a higher founding round replaces its plan, which was not chosen in time", persistent, out);
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

}  // namespace fluxpg::supervisor
