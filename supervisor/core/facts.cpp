#include "supervisor/core/facts.hpp"

#include <algorithm>
#include <functional>

#include "base/guard.hpp"

namespace fluxpg::supervisor {

using gossip::State;

SeatFacts seat_facts(const Now& now, const World& world, const etcd::Member& member) {
  SeatFacts facts;
  facts.member = member.id;
  facts.node = world.node_of(member.id);
  facts.name = world.name_of(member.id);
  facts.peer_url = member.peer_urls.empty() ? "" : member.peer_urls.front();
  facts.alive = facts.node && world.alive(facts.node);
  if (const gossip::MemberView* heard = world.heard(facts.node); heard != nullptr) {
    const TimePoint answered = holds(Guard::kEtcdAnswersForItself) ? world.vouchers.last_answer(facts.node) : TimePoint{};
    if (!facts.alive) facts.silent_for = now.boot - std::max(heard->since, answered);
    facts.stopping = heard->info.stopping;
    facts.leaving = heard->info.leaving;
  } else if (const auto since = world.unclaimed_since.find(member.id); since != world.unclaimed_since.end()) {
    facts.silent_for = now.boot - since->second;
  }
  // Whoever was cut off itself has found nobody dead: what counts is silence among those that hear each other.
  if (holds(Guard::kIsolationIsNoSilence)) {
    facts.silent_for = std::clamp(now.boot - world.majority_heard_since, Duration::zero(), facts.silent_for);
  }
  facts.etcd_answers = facts.node && world.only_gossip_misses(now, facts.node);
  if (facts.alive && facts.node != world.self()) {
    facts.etcd_silent_for = now.boot - world.vouchers.silent_since(facts.node, world.started);
  } else if (facts.alive) {
    facts.etcd_silent_for = world.view.own() ? now.boot - world.view.own_at() : now.boot - world.started;
  }
  if (facts.alive) return facts;  // whether it is listed matters of the dead only
  facts.presence = world.presence(now, facts.node);
  facts.presence_text = world.describe_presence(now, facts.node);
  return facts;
}

bool hears_majority(const Now& now, const World& world) {
  const verdict::Electorate electorate = world.view.electorate();
  const auto heard = std::count_if(electorate.voters.begin(), electorate.voters.end(), [&](MemberId voter) {
    const NodeId node = world.node_of(voter);
    return world.alive(node) || world.only_gossip_misses(now, node);
  });
  return static_cast<std::size_t>(heard) >= electorate.majority();
}

std::uint32_t evictions_open(const std::vector<record::Record>& history) {
  std::uint32_t open = 0;
  for (auto it = history.rbegin(); it != history.rend(); ++it) {
    if (it->outcome != "done") continue;
    const bool evicted = it->change.rule != "ghost-learner" && it->change.rule != verdict::kLeaveRule;  // who leaves is not evicted
    if (it->change.kind == record::Kind::kRemove && evicted) ++open;
    if (it->change.kind == record::Kind::kPromote && open > 0) --open;
  }
  return open;
}

namespace {

NewcomerFacts newcomer_facts(const Now& now, const World& world, const gossip::NodeInfo& info, TimePoint since) {
  NewcomerFacts newcomer;
  newcomer.node = info.id;
  newcomer.name = info.name;
  newcomer.peer_url = world.peer_url(info);
  newcomer.alive_for = now.boot - since;
  const auto listed = world.listing.listed_since(info.address);
  const bool is_listed = world.listing.presence(now, info.address) == discovery::Presence::kListed;
  newcomer.listed_for = is_listed && listed ? std::max<Duration>(now.boot - *listed, milliseconds(1)) : Duration::zero();
  // Holding nothing, or only what is of this very cluster: evicted while it was away, or with an etcd volume of its own that is lost.
  const std::string& system = world.view.database().empty() ? world.gossip.self().system_id : world.view.database();
  const bool ours = info.cluster ? info.cluster == world.view.list().header.cluster
                                 : info.data == gossip::DataState::kOnlyPostgres && !system.empty() && info.system_id == system;
  newcomer.fresh = info.data == gossip::DataState::kFresh || ours;
  return newcomer;
}

}  // namespace

PlanInput gather(const Now& now, const World& world, const LearnerWatch& learner, const Collector& ballots) {
  PlanInput input;
  std::vector<NodeId> seated;
  for (const etcd::Member& member : world.view.list().members) {
    SeatFacts facts = seat_facts(now, world, member);
    if (facts.node) seated.push_back(facts.node);
    if (!member.learner) {
      facts.contested = ballots.contested(now, member.id);
      input.voters.push_back(std::move(facts));
      continue;
    }
    const gossip::MemberView* heard = world.heard(facts.node);
    const bool answers = heard != nullptr && now.boot - heard->last_answer <= seconds(2);
    facts.in_sync = answers && !member.name.empty() && learner.has_caught_up(now, member.id);
    facts.stuck_for = learner.stuck_for(now, member.id);
    input.learners.push_back(std::move(facts));
  }
  const auto is_seated = [&seated](const NodeId& id) { return std::find(seated.begin(), seated.end(), id) != seated.end(); };
  for (const auto& [id, member] : world.gossip.members()) {
    if (member.state != State::kAlive || member.info.member || member.info.leaving || member.info.stopping || is_seated(id)) continue;
    input.newcomers.push_back(newcomer_facts(now, world, member.info, member.since));
  }
  if (!is_seated(world.self()) && !world.gossip.self().member) {
    input.newcomers.push_back(newcomer_facts(now, world, world.gossip.self(), world.started));
  }
  // Whoever has just lost the slot because it did not get on lets the others go first.
  const auto failed = [&world](const NewcomerFacts& newcomer) {
    const auto& history = world.view.history();
    const auto last = std::find_if(history.begin(), history.end(),
                                   [&newcomer](const record::Record& entry) { return entry.change.node == newcomer.node; });
    return last != history.end() && last->change.rule == "ghost-learner";
  };
  std::stable_partition(input.newcomers.begin(), input.newcomers.end(), std::not_fn(failed));
  input.instances = world.config.rules.expected_nodes != 0 ? world.config.rules.expected_nodes : world.instances;
  input.evictions_open = evictions_open(world.view.history());
  input.paused = world.view.paused() || world.view.patroni_paused();
  return input;
}

}  // namespace fluxpg::supervisor
