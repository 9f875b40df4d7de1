#include "supervisor/core/inquiry.hpp"

#include <algorithm>

#include "base/guard.hpp"
#include "supervisor/core/evidence.hpp"
#include "supervisor/core/stranger.hpp"

namespace fluxpg::supervisor {

namespace {

constexpr Duration kAskEvery = seconds(2);
constexpr Duration kAskSilentEvery = seconds(1);
constexpr Duration kOthersHeardWithin = seconds(6);  // after our own start, while some voter is silent
constexpr Duration kAnswerPatience = seconds(20);    // ... while nobody who has data of another cluster has answered
constexpr Duration kServingPatience = seconds(60);   // ... and one says that its etcd works

enum class Read : std::uint32_t { kOfAll, kLocal };

const verdict::Founder* find_founder(const World& world, const NodeId& node) {
  const auto& founders = world.persistent.promised->founders;
  const auto found = std::find_if(founders.begin(), founders.end(), [&node](const verdict::Founder& f) { return f.node == node; });
  return found == founders.end() ? nullptr : &*found;
}

// Whoever signed it.
bool is_about_us(const World& world, const record::Superseded& word) {
  return word.cluster && word.cluster == world.persistent.cluster && word.node &&
         world.signing.verify(word.node, record::signed_bytes(word), word.signature);
}

// About the cluster of the plan that we started, by one of its founders.
bool is_of_our_plan(const World& world, const record::Superseded& word) {
  return word.founding_token == world.persistent.started_token && own_seat(world, word) != nullptr &&
         find_founder(world, word.node) != nullptr && world.signing.verify(word.node, record::signed_bytes(word), word.signature);
}

// By a voter of our cluster, about it.
bool is_ours(const World& world, const record::Superseded& word) {
  if (is_unsure_founder(world.persistent)) return is_of_our_plan(world, word);
  if (!holds(Guard::kSupersededSigned)) return true;
  const auto voters = known_voters(world);
  // A voter whose key was never read here is known by the name that etcd lists it under.
  const auto spoke = [&word](const auto& voter) {
    const auto named = [&](const auto& v) { return v.member == word.member && v.node == word.node && v.name == voter.name; };
    return voter.member == word.member &&
           (voter.node == word.node || (!voter.node && std::any_of(word.voters.begin(), word.voters.end(), named)));
  };
  const auto own = [&world](const KnownVoter& voter) { return voter.member == world.persistent.member; };
  // Whoever was only a learner may know an older list of voters; nothing depends on its copy, so the one that the word names is enough.
  const bool has_vote = std::any_of(voters.begin(), voters.end(), own);
  const bool by_a_voter =
      std::any_of(voters.begin(), voters.end(), spoke) || (!has_vote && std::any_of(word.voters.begin(), word.voters.end(), spoke));
  const auto& learners = world.persistent.learners;  // one of them may have been promoted since
  const bool by_one_of_us = by_a_voter || std::any_of(learners.begin(), learners.end(), spoke);
  return by_one_of_us && is_about_us(world, word);
}

// The other voters, or founders, that are not heard.
std::vector<NodeId> silent(const World& world) {
  std::vector<NodeId> nodes;
  if (is_unsure_founder(world.persistent)) {
    for (const verdict::Founder& founder : world.persistent.promised->founders) nodes.push_back(founder.node);
  } else {
    for (const KnownVoter& voter : world.persistent.voters) nodes.push_back(voter.node);
  }
  std::erase_if(nodes, [&world](const NodeId& node) { return world.alive(node); });
  return nodes;
}

bool is_served_elsewhere(const Now& now, const World& world) {
  const auto others = members_elsewhere(world);
  return std::any_of(others.begin(), others.end(),
                     [&](const gossip::NodeInfo* info) { return says_that_its_etcd_works(now, world, info->id); });
}

// As gossip tells, or as it was before we ended. nullopt: not known.
std::optional<EtcdTarget> etcd_of_silent(const World& world, const NodeId& node) {
  if (const gossip::NodeInfo* info = world.info(node)) return World::etcd_of(*info);
  const auto& peers = world.persistent.peers;
  const auto peer = std::find_if(peers.begin(), peers.end(), [&node](const Peer& p) { return p.id == node; });
  if (!node || peer == peers.end()) return std::nullopt;
  return EtcdTarget{false, {peer->address, world.config.ports.etcd_client}, host_name(node)};
}

}  // namespace

bool is_unsure_founder(const Persistent& persistent) {
  return !persistent.chosen && !persistent.started_token.empty() && persistent.promised && !persistent.abandons() &&
         holds(Guard::kFounderAsksFirst);
}

std::vector<const gossip::NodeInfo*> members_elsewhere(const World& world) {
  std::vector<const gossip::NodeInfo*> result = world.with_etcd();
  std::erase_if(result, [&world](const gossip::NodeInfo* info) { return info->cluster == world.persistent.cluster; });
  return result;
}

// A voter whose key was never read by the one who signed is known by the name that etcd lists it under.
const record::SupersededVoter* own_seat(const World& world, const record::Superseded& word) {
  const verdict::Founder* const own = find_founder(world, world.self());
  const auto is_ours = [&](const auto& v) { return v.node == world.self() || (!v.node && own != nullptr && v.name == own->name); };
  const auto found = std::find_if(word.voters.begin(), word.voters.end(), is_ours);
  return found == word.voters.end() ? nullptr : &*found;
}

std::vector<EtcdTarget> Inquiry::whom(const World& world, const std::vector<const gossip::NodeInfo*>& others, bool down) const {
  std::vector<EtcdTarget> targets;
  for (const gossip::NodeInfo* member : others) targets.push_back(World::etcd_of(*member));
  if (!targets.empty() || !down || word_ || answered_) return targets;
  for (const NodeId& node : silent(world)) {
    if (auto target = etcd_of_silent(world, node)) targets.push_back(std::move(*target));
  }
  return targets;
}

void Inquiry::tick(const Now& now, const World& world, const std::vector<const gossip::NodeInfo*>& others, bool down, Outbox& out) {
  if (!others.empty()) met_ = true;
  if (now.boot < ask_at_) return;
  const auto targets = whom(world, others, down);
  if (targets.empty()) return;
  ask_at_ = now.boot + (met_ ? kAskEvery : kAskSilentEvery);
  // By turns of what its whole cluster says, and of its own copy, which it tells without a leader too.
  const bool locally = reads_locally_ || !met_;
  const std::string& app = world.config.app;
  const ClusterId cluster = world.persistent.cluster;
  const etcd::Range about_ours = cluster ? etcd::Range{record::superseded_key(app, cluster), false, locally, 1, false}
                                         : etcd::Range{record::superseded_prefix(app), true, locally, 0, false};
  const Purpose purpose{Purpose::Part::kSuccessor, static_cast<std::uint32_t>(locally ? Read::kLocal : Read::kOfAll), {}};
  out.ask(purpose, targets[turn_ % targets.size()], about_ours, kAskEvery);
  if (locally) ++turn_;
  reads_locally_ = !locally;
}

void Inquiry::handle(const World& world, const Purpose& purpose, const etcd::Result& result) {
  const auto* range = result ? std::get_if<etcd::RangeResult>(&*result) : nullptr;
  if (range == nullptr || range->header.cluster == world.persistent.cluster) return;
  met_ = true;
  // Its own copy may lack the word because it is behind.
  if (static_cast<Read>(purpose.step) == Read::kOfAll) answered_ = true;
  for (const etcd::KeyValue& kv : range->kvs) {
    const auto word = record::superseded_from_json(kv.value);
    if (!word) continue;
    if (is_ours(world, *word)) word_ = Word{*word, range->header.cluster};
    if (is_about_us(world, *word)) unproven_ = Word{*word, range->header.cluster};
  }
}

std::string Inquiry::waits_for(const Now& now, const World& world) const {
  const Duration since = now.boot - world.started;
  if (word_ || answered_ || !holds(Guard::kReturnedStaysDown)) return "";
  if (met_ && since < (is_served_elsewhere(now, world) ? kServingPatience : kAnswerPatience))
    return "an etcd of another cluster to say whether this one was given up for it";
  if (since >= kOthersHeardWithin || silent(world).empty()) return "";
  return "the others to be heard: one of them may have been recovered meanwhile";
}

}  // namespace fluxpg::supervisor
