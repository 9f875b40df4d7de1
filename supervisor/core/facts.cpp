#include "supervisor/core/facts.hpp"

#include <algorithm>

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
    if (!facts.alive) facts.silent_for = now.boot - heard->since;
    facts.stopping = heard->info.stopping;
    facts.leaving = heard->info.leaving;
  } else if (const auto since = world.unclaimed_since.find(member.id); since != world.unclaimed_since.end()) {
    facts.silent_for = now.boot - since->second;
  }
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

PlanInput gather(const Now& now, const World& world, const LearnerSeen& learner, const Collector& ballots) {
  PlanInput input;
  std::vector<NodeId> seated;
  const std::uint64_t target = world.view.own() ? world.view.own()->raft_applied_index : 0;
  for (const etcd::Member& member : world.view.list().members) {
    SeatFacts facts = seat_facts(now, world, member);
    if (facts.node) seated.push_back(facts.node);
    if (!member.learner) {
      facts.contested = ballots.contested(now, member.id);
      input.voters.push_back(std::move(facts));
      continue;
    }
    // Silence before it was a learner is not held against it.
    const auto since = world.learner_since.find(member.id);
    facts.etcd_silent_for =
        since == world.learner_since.end() ? Duration::zero() : std::min<Duration>(facts.etcd_silent_for, now.boot - since->second);
    const gossip::MemberView* heard = world.heard(facts.node);
    const bool answers = heard != nullptr && now.boot - heard->last_answer <= seconds(2);
    const bool etcd_answers = learner.member == member.id && now.boot - learner.at <= seconds(2);
    constexpr std::uint64_t kSlack = 1000;
    facts.in_sync = answers && etcd_answers && !member.name.empty() && learner.applied_index + kSlack >= target;
    input.learners.push_back(std::move(facts));
  }
  for (const auto& [id, member] : world.gossip.members()) {
    if (member.state != State::kAlive || member.info.member || member.info.leaving || member.info.stopping) continue;
    if (std::find(seated.begin(), seated.end(), id) != seated.end()) continue;
    NewcomerFacts newcomer;
    newcomer.node = id;
    newcomer.name = member.info.name;
    newcomer.peer_url = world.peer_url(member.info);
    newcomer.alive_for = now.boot - member.since;
    const auto listed = world.listing.listed_since(member.info.address);
    const bool is_listed = world.listing.presence(now, member.info.address) == discovery::Presence::kListed;
    newcomer.listed_for = is_listed && listed ? std::max<Duration>(now.boot - *listed, milliseconds(1)) : Duration::zero();
    // Holding nothing, or only what is of this very cluster: evicted while it was away, or with an etcd volume of its own that is lost.
    const std::string& system = world.gossip.self().system_id;
    const bool ours = member.info.cluster
                          ? member.info.cluster == world.view.list().header.cluster
                          : member.info.data == gossip::DataState::kOnlyPostgres && !system.empty() && member.info.system_id == system;
    newcomer.fresh = member.info.data == gossip::DataState::kFresh || ours;
    input.newcomers.push_back(std::move(newcomer));
  }
  input.instances = world.config.rules.expected_nodes != 0 ? world.config.rules.expected_nodes : world.instances;
  input.evictions_open = evictions_open(world.view.history());
  input.paused = world.view.paused() || world.view.patroni_paused();
  return input;
}

}  // namespace fluxpg::supervisor
