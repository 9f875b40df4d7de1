#include "supervisor/core/evidence.hpp"

#include <algorithm>

namespace fluxpg::supervisor {

using gossip::DataState;
using gossip::State;

namespace {

constexpr Duration kEvery = seconds(3);
constexpr std::size_t kMostAsked = 9;                // nodes at a time, beside ourselves
constexpr Duration kGoneWhenUnlisted = seconds(60);  // silent and unlisted for so long: not taken for alive elsewhere

std::string in_seconds(Duration d) { return std::to_string(to_ms(d) / 1000) + " s"; }

std::string text(DataState data) {
  switch (data) {
    case DataState::kUnknown:
      return "unknown";
    case DataState::kFresh:
      return "none";
    case DataState::kHasEtcd:
      return "etcd";
    case DataState::kOnlyPostgres:
      return "only PostgreSQL";
  }
  CHECK(false);
}

LostVoter lost_voter(const Now& now, const World& world, const KnownVoter& voter) {
  LostVoter lost{voter.member, voter.node, voter.name, voter.address, "", "unknown", "", voter.uncertain};
  const gossip::MemberView* heard = world.heard(voter.node);
  Duration silent = now.boot - world.started;
  if (heard != nullptr) {
    silent = now.boot - heard->since;
    lost.since = "silent for " + in_seconds(silent);
    if (heard->state == State::kLeft) lost.since += " after it said that it leaves";
    if (world.alive(voter.node)) lost.since = "answers with data of another cluster";
    if (heard->last_answer != TimePoint{})
      lost.since += ", its last answer to this node is " + in_seconds(now.boot - heard->last_answer) + " old";
  } else {
    lost.since = "not heard since fluxpgd started here " + in_seconds(silent) + " ago";
    const std::int64_t before = voter.silent_since_ms == 0 ? 0 : unix_ms(now.wall) - voter.silent_since_ms;
    if (before > to_ms(silent) + 2000) lost.since += ", and silent for " + std::to_string(before / 1000) + " s in all";
  }
  const discovery::Presence presence = voter.address.empty() ? discovery::Presence::kUnknown : world.listing.presence(now, voter.address);
  if (presence != discovery::Presence::kUnknown) lost.listed = presence == discovery::Presence::kListed ? "listed" : "unlisted";
  if (presence == discovery::Presence::kListed) lost.may_live = "it is listed, and only silent: it may be cut off from here and live";
  if (presence == discovery::Presence::kUnknown) lost.may_live = "whether the Flux API lists it is not known";
  if (presence == discovery::Presence::kUnlisted && silent < kGoneWhenUnlisted) lost.may_live = "it fell silent less than a minute ago";
  const auto replaced = [&voter](const auto& entry) {
    return entry.second.state == State::kAlive && entry.first != voter.node && entry.second.info.address == voter.address;
  };
  const auto& members = world.gossip.members();
  if (std::any_of(members.begin(), members.end(), replaced)) {
    lost.since += "; another node answers at its address, so its disk is gone";
    lost.may_live.clear();
  }
  return lost;
}

std::string cure(const MajorityLoss& loss) {
  if (loss.live >= loss.needed)
    return "a majority of the voters answers, but their etcd has no leader: look at the links between their etcd ports";
  const std::size_t missing = loss.needed - loss.live;
  std::vector<std::string> names;
  for (const LostVoter& voter : loss.lost) names.push_back(named(voter));
  std::string text = missing == 1 && names.size() > 1 ? enumerated(names, " or ") + " coming back with its data is enough"
                     : missing == names.size() ? enumerated(names) + " must come back with " + (missing == 1 ? "its" : "their") + " data"
                                               : std::to_string(missing) + " of " + enumerated(names) + " must come back with their data";
  return text + "; if they are gone for good, `fluxpgctl recover` shows what there is to recover from";
}

}  // namespace

ClusterId cluster_in_question(const World& world) {
  if (world.persistent.cluster) return world.persistent.cluster;
  return world.view.has_list() ? world.view.list().header.cluster : ClusterId{};
}

bool speaks_for_seat(const World& world, const NodeId& node) {
  if (node == world.self()) return true;
  const gossip::NodeInfo* info = world.info(node);
  return world.alive(node) && (!info->cluster || info->cluster == cluster_in_question(world));
}

void LossEvidence::tick(const Now& now, const World& world, Outbox& out) {
  if (now.boot < next_) return;
  next_ = now.boot + kEvery;
  asked_.clear();
  const auto ask_postgres = [&](const NodeId& node, AskPostgres ask) {
    ask.id = out.number();
    asked_[ask.id] = node;
    out.push(std::move(ask));
  };
  if (world.config.runs_patroni) ask_postgres(world.self(), {});
  for (const auto& [id, member] : world.gossip.members()) {
    if (!world.alive(id) || asked_.size() > kMostAsked) continue;
    if (member.info.member) out.ask({Purpose::Part::kEvidence, 0, {}}, World::etcd_of(member.info), etcd::GetStatus{}, seconds(2));
    if (world.config.runs_patroni) ask_postgres(id, {{}, false, {member.info.address, member.info.ports.patroni}});
  }
}

void LossEvidence::handle(const etcd::Result& result) {
  const auto* status = result ? std::get_if<etcd::Status>(&*result) : nullptr;
  if (status != nullptr) etcd_[{status->header.cluster, status->header.member}] = *status;
}

void LossEvidence::handle(const PostgresReplied& reply) {
  const auto asked = asked_.find(reply.id);
  if (asked != asked_.end() && reply.place) postgres_[asked->second] = *reply.place;
}

Survivor LossEvidence::survivor(const World& world, const gossip::NodeInfo& info, const std::vector<KnownVoter>& voters) const {
  Survivor out;
  out.node = info.id;
  out.name = info.name;
  out.address = info.address;
  out.self = info.id == world.self();
  out.cluster = info.cluster;
  out.data = text(info.data);
  const KnownVoter* seat = find(voters, info.member);
  // Nobody is sent to another node that is a voter only perhaps: it may know of itself that it is none.
  const bool votes = seat != nullptr && seat->node == info.id && (out.self || !seat->uncertain);
  out.voter = votes && info.cluster == cluster_in_question(world) && info.data == DataState::kHasEtcd;
  const auto seen = etcd_.find({info.cluster, info.member});
  const etcd::Status* status = out.self && world.view.own() ? &*world.view.own() : seen != etcd_.end() ? &seen->second : nullptr;
  if (status != nullptr) {
    out.raft_index = status->raft_applied_index;
    out.raft_term = status->header.raft_term;
  }
  if (const auto place = postgres_.find(info.id); place != postgres_.end()) out.postgres = place->second;
  return out;
}

MajorityLoss LossEvidence::situation(const Now& now, const World& world) const {
  const std::vector<KnownVoter> voters = known_voters(world);
  MajorityLoss out;
  out.cluster = cluster_in_question(world);
  out.left = world.persistent.left();
  out.has_leader = world.view.own_has_leader(now);
  const auto answers = [&](const KnownVoter& voter) {
    return speaks_for_seat(world, voter.node) || world.only_gossip_misses(now, voter.node);
  };
  const Shares live = shares(voters, answers);
  out.voters = live.worse().voters;
  out.needed = live.worse().majority();
  out.live = live.worse().those;
  out.majority_with = live.with.majority();
  out.majority_without = live.without.majority();
  for (const KnownVoter& voter : voters) {
    if (!answers(voter)) out.lost.push_back(lost_voter(now, world, voter));
    if (!voter.uncertain) continue;
    out.unsure =
        "whether " + voter.name + " is a voter is not known, for a change of it was decided and its end not seen: counted is what is worse";
  }
  std::sort(out.lost.begin(), out.lost.end(), [](const LostVoter& a, const LostVoter& b) { return a.name < b.name; });
  out.survivors.push_back(survivor(world, world.gossip.self(), voters));
  for (const auto& [id, member] : world.gossip.members()) {
    if (world.alive(id)) out.survivors.push_back(survivor(world, member.info, voters));
  }
  out.cure = cure(out);
  return out;
}

}  // namespace fluxpg::supervisor
