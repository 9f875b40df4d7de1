#include "supervisor/core/successor.hpp"

#include <algorithm>
#include <utility>

#include "base/guard.hpp"
#include "supervisor/core/evidence.hpp"

namespace fluxpg::supervisor {

namespace {

constexpr Duration kAskEvery = seconds(2);
constexpr Duration kAnswerPatience = seconds(60);    // before etcd is started next to a stranger whose etcd does not answer
constexpr Duration kFewFor = seconds(10);            // that long too few of the old cluster: whoever restarts just now is heard by then
constexpr Duration kOthersHeardWithin = seconds(6);  // after our own start, while some voter was never heard
constexpr Duration kLivesFor = seconds(10);          // that long a leader is seen before it is remembered that the majority lives

enum class Read : std::uint32_t { kOfAll, kLocal };

bool is_down(const ProcessesSeen& seen) {
  return seen.etcd.state == Process::State::kStopped || seen.etcd.state == Process::State::kExited;
}

std::vector<const gossip::NodeInfo*> strangers(const World& world) {
  std::vector<const gossip::NodeInfo*> result = world.with_etcd();
  std::erase_if(result, [&world](const gossip::NodeInfo* info) { return info->cluster == world.persistent.cluster; });
  return result;
}

// Voters of the old cluster that live with its data, by name, if they may be its majority; else nobody. Whoever was only its learner is
// none, whatever data it holds.
std::vector<std::string> majority_there(const World& world) {
  std::vector<std::string> names;
  const Shares there = shares(known_voters(world), [&](const KnownVoter& voter) {
    const bool own = voter.node == world.self() || voter.member == world.persistent.member;
    const bool lives = own || (world.alive(voter.node) && world.info(voter.node)->cluster == world.persistent.cluster);
    if (lives) names.push_back(own ? world.config.name : world.info(voter.node)->name);
    return lives;
  });
  return there.possibly() ? names : std::vector<std::string>{};
}

bool is_given_up_here(const Persistent& persistent, const gossip::NodeInfo& stranger) {
  return persistent.recovery && persistent.recovery->given_up.cluster == stranger.cluster;
}

// It started its etcd, perhaps before a restart, and did not see its plan chosen.
bool is_unsure(const Persistent& persistent) {
  return !persistent.chosen && !persistent.started_token.empty() && persistent.promised && !persistent.abandons() &&
         holds(Guard::kFounderAsksFirst);
}

const verdict::Founder* find_founder(const World& world, const NodeId& node) {
  const auto& founders = world.persistent.promised->founders;
  const auto found = std::find_if(founders.begin(), founders.end(), [&node](const verdict::Founder& f) { return f.node == node; });
  return found == founders.end() ? nullptr : &*found;
}

// A voter whose key was never read by the one who signed is known by the name that etcd lists it under.
const record::SupersededVoter* own_seat(const World& world, const record::Superseded& word) {
  const verdict::Founder* const own = find_founder(world, world.self());
  const auto is_ours = [&](const auto& v) { return v.node == world.self() || (!v.node && own != nullptr && v.name == own->name); };
  const auto found = std::find_if(word.voters.begin(), word.voters.end(), is_ours);
  return found == word.voters.end() ? nullptr : &*found;
}

// About the cluster of the plan that we started, by one of its founders.
bool is_of_our_plan(const World& world, const record::Superseded& word) {
  return word.founding_token == world.persistent.started_token && own_seat(world, word) != nullptr &&
         find_founder(world, word.node) != nullptr && world.signing.verify(word.node, record::signed_bytes(word), word.signature);
}

bool misses_a_founder(const World& world) {
  const auto& founders = world.persistent.promised->founders;
  return std::any_of(founders.begin(), founders.end(),
                     [&world](const verdict::Founder& f) { return f.node != world.self() && world.heard(f.node) == nullptr; });
}

bool misses_somebody(const World& world) {
  const auto unheard = [&world](const KnownVoter& voter) { return voter.node != world.self() && world.heard(voter.node) == nullptr; };
  return std::any_of(world.persistent.voters.begin(), world.persistent.voters.end(), unheard);
}

std::vector<std::string> names(const std::vector<const gossip::NodeInfo*>& nodes) {
  std::vector<std::string> result;
  for (const gossip::NodeInfo* node : nodes) result.push_back(node->name);
  return result;
}

// Whoever signed it.
bool is_about_us(const World& world, const record::Superseded& word) {
  return word.cluster && word.cluster == world.persistent.cluster && word.node &&
         world.signing.verify(word.node, record::signed_bytes(word), word.signature);
}

}  // namespace

bool Successor::is_ours(const World& world, const record::Superseded& word) const {
  if (is_unsure(world.persistent)) return is_of_our_plan(world, word);
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

void Successor::handle(const World& world, const Purpose& purpose, const etcd::Result& result) {
  const auto* range = result ? std::get_if<etcd::RangeResult>(&*result) : nullptr;
  if (range == nullptr || range->header.cluster == world.persistent.cluster) return;
  // Its own copy may lack the word because it is behind.
  if (static_cast<Read>(purpose.step) == Read::kOfAll) answered_ = true;
  for (const etcd::KeyValue& kv : range->kvs) {
    const auto word = record::superseded_from_json(kv.value);
    if (!word) continue;
    if (is_ours(world, *word)) word_ = Word{*word, range->header.cluster};
    if (is_about_us(world, *word)) unproven_ = Word{*word, range->header.cluster};
  }
}

void Successor::ask(const Now& now, const World& world, Outbox& out) {
  const auto others = strangers(world);
  if (others.empty() || now.boot < ask_at_) return;
  ask_at_ = now.boot + kAskEvery;
  const std::string& app = world.config.app;
  const ClusterId cluster = world.persistent.cluster;
  // By turns of what its whole cluster says, and of its own copy, which it tells without a leader too.
  const Read read = reads_locally_ ? Read::kLocal : Read::kOfAll;
  const etcd::Range about_ours = cluster ? etcd::Range{record::superseded_key(app, cluster), false, reads_locally_, 1, false}
                                         : etcd::Range{record::superseded_prefix(app), true, reads_locally_, 0, false};
  out.ask({Purpose::Part::kSuccessor, static_cast<std::uint32_t>(read), {}}, World::etcd_of(*others[turn_ % others.size()]), about_ours,
          kAskEvery);
  if (reads_locally_) ++turn_;
  reads_locally_ = !reads_locally_;
}

// True: it has learned which cluster its data is of.
bool Successor::hear_first(const Now& now, const World& world, const ProcessesSeen& seen, Persistent& persistent, Outbox& out) {
  if (word_) {
    const record::Superseded& word = word_->superseded;
    persistent.chosen = true;
    persistent.cluster = word.cluster;
    persistent.member = own_seat(world, word)->member;
    persistent.voters.clear();
    for (const auto& voter : word.voters)
      persistent.voters.push_back({voter.member, voter.node, voter.name, world.address_of(voter.node), 0});
    out.push(Persist{persistent});
    out.warn("the founding plan of this node made cluster " + to_text(word.cluster) +
             ", of which it was a voter: it ended too soon to note it");
    return true;
  }
  ask(now, world, out);
  const Duration since = now.boot - world.started;
  const bool alone = strangers(world).empty();
  keeps_down_ = is_down(seen) && (alone ? since < kOthersHeardWithin && misses_a_founder(world) : since < kAnswerPatience && !answered_);
  if (keeps_down_) {
    doing_.push_back(
        {"starting etcd as a founder again", alone ? "the other founders to be heard: one of them may have been recovered meanwhile"
                                                   : "a living cluster to say whether it was recovered from one of this plan"});
  }
  return false;
}

bool Successor::tick(const Now& now, const World& world, const ProcessesSeen& seen, Persistent& persistent, Outbox& out) {
  keeps_down_ = false;
  problem_.clear();
  doing_.clear();
  if (persistent.recovery && !persistent.recovery->done) return false;
  if (is_unsure(persistent)) return hear_first(now, world, seen, persistent, out);
  if (!persistent.chosen || !persistent.cluster) return false;
  const auto others = strangers(world);
  if (others.empty()) few_since_ = kNever;
  if (!word_ && others.empty()) {
    keeps_down_ =
        is_down(seen) && now.boot - world.started < kOthersHeardWithin && holds(Guard::kReturnedStaysDown) && misses_somebody(world);
    if (keeps_down_)
      doing_.push_back({"starting etcd on existing data", "the other voters to be heard: one of them may have been recovered meanwhile"});
    return false;
  }
  ask(now, world, out);
  if (!word_ && told_) word_ = unproven_;  // the operator knows better who was a voter
  if (!word_ && is_given_up_here(persistent, *others.front())) {
    problem_ = enumerated(names(others)) + " with data of cluster " + to_text(others.front()->cluster) +
               " (given up when this node was recovered): it can join this cluster; if its majority lives, the app has two clusters";
    return false;
  }
  if (!word_) {
    problem_ = others.front()->name + " holds data of another etcd cluster (" + to_text(others.front()->cluster) + ") than this node (" +
               to_text(persistent.cluster) + "): nothing is changed";
    if (unproven_) {
      problem_ += ". It says that it was recovered from " + world.name_of(unproven_->superseded.node) +
                  ", whom this node does not know as a voter of its own. If that is so, and the recovered cluster is to stay, type "
                  "`fluxpgctl recover --rejoin` here";
    }
    keeps_down_ = is_down(seen) && !answered_ && now.boot - world.started < kAnswerPatience;
    return false;
  }
  if (!gives_way_) wait(now, world, others.empty(), seen, persistent, out);
  return gives_way_ && give_way(now, world, seen, persistent, out);
}

void Successor::wait(const Now& now, const World& world, bool alone, const ProcessesSeen& seen, Persistent& persistent, Outbox& out) {
  const record::Superseded& word = word_->superseded;
  const std::string said = "an operator gave up this node's etcd cluster " + to_text(word.cluster) + " and recovered from " +
                           world.name_of(word.node) + " as cluster " + to_text(word.successor);
  const bool lives = world.view.own_has_leader(now) && holds(Guard::kLivingMajorityStays);
  lives_since_ = lives ? std::min(lives_since_, now.boot) : kNever;
  if (lives || (persistent.outlived == word.successor && !told_)) {
    problem_ = said + "; but its majority " + (lives ? "lives" : "lived on, and is lost now") +
               ", and nothing is changed: the app has two clusters";
    if (!lives) problem_ += ". If the recovered cluster is to stay, type `fluxpgctl recover --rejoin` here";
    // What an etcd said that stood still with this process is believed for a moment; it is remembered only once it lasts.
    if (!lives || (now.boot - lives_since_ < kLivesFor && holds(Guard::kMajorityLivesOn)) || persistent.outlived == word.successor) return;
    persistent.outlived = word.successor;
    out.warn(problem_);
    out.push(Persist{persistent});
    return;
  }
  keeps_down_ = is_down(seen) && holds(Guard::kReturnedStaysDown);
  const std::vector<std::string> there = majority_there(world);
  if (!there.empty() && holds(Guard::kLivingMajorityStays) && !told_) {
    few_since_ = kNever;
    problem_ = said + "; " + enumerated(there) +
               " with data of the old one would be its majority, so that data is left alone and etcd stays as "
               "it is. If the recovered cluster is to stay, type `fluxpgctl recover --rejoin` on each of them";
    return;
  }
  if (few_since_ == kNever && !alone) few_since_ = now.boot;
  doing_.push_back(
      {"joining the recovered cluster " + to_text(word_->answered) + ": " + said, "whether more voters of the old one return"});
  if (alone || (now.boot - few_since_ < kFewFor && !told_)) return;
  out.warn(said + "; this node sets its data of the old cluster aside and joins");
  gives_way_ = true;
}

bool Successor::give_way(const Now& now, const World& world, const ProcessesSeen& seen, Persistent& persistent, Outbox& out) {
  keeps_down_ = true;
  doing_.push_back({"joining the recovered cluster " + to_text(word_->answered), "etcd to stop and its old data to be set aside"});
  if (world.stopping || now.boot < set_aside_at_ + kSetAsideTakes) return false;
  set_aside_at_ = now.boot;
  if (!is_down(seen)) {
    out.push(StopEtcd{"its cluster was given up by an operator"});
    return false;
  }
  if (seen.etcd_data) {
    out.push(SetAsideEtcdData{"cluster-given-up"});
    return false;
  }
  persistent.forget_cluster();
  persistent.cluster = word_->answered;  // whom to join
  out.push(Persist{persistent});
  *this = Successor{};
  return true;
}

}  // namespace fluxpg::supervisor
