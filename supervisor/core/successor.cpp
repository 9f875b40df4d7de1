#include "supervisor/core/successor.hpp"

#include <algorithm>
#include <utility>

#include "base/guard.hpp"
#include "supervisor/core/evidence.hpp"
#include "supervisor/core/stranger.hpp"

namespace fluxpg::supervisor {

namespace {

constexpr Duration kFewFor = seconds(10);    // that long too few of the old cluster: whoever restarts just now is heard by then
constexpr Duration kLivesFor = seconds(10);  // that long a leader is seen before it is remembered that the majority lives

bool is_down(const ProcessesSeen& seen) {
  return seen.etcd.state == Process::State::kStopped || seen.etcd.state == Process::State::kExited;
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

std::vector<std::string> names(const std::vector<const gossip::NodeInfo*>& nodes) {
  std::vector<std::string> result;
  for (const gossip::NodeInfo* node : nodes) result.push_back(node->name);
  return result;
}

}  // namespace

// True: it has learned which cluster its data is of.
bool Successor::learn(const World& world, Persistent& persistent, Outbox& out) const {
  if (!inquiry_.word()) return false;
  const record::Superseded& word = inquiry_.word()->superseded;
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

bool Successor::tick(const Now& now, const World& world, const ProcessesSeen& seen, Persistent& persistent, Outbox& out) {
  keeps_down_ = false;
  problem_.clear();
  doing_.clear();
  if (persistent.recovery && !persistent.recovery->done) return false;
  const bool unsure = is_unsure_founder(persistent);
  if (!unsure && (!persistent.chosen || !persistent.cluster)) return false;
  const auto others = members_elsewhere(world);
  inquiry_.tick(now, world, others, is_down(seen), out);
  if (unsure && learn(world, persistent, out)) {
    keeps_down_ = is_down(seen) && holds(Guard::kReturnedStaysDown);  // from now on it is one whose cluster was given up
    return true;
  }
  if (told_ && !inquiry_.word()) inquiry_.believe_unproven();  // the operator knows better who was a voter
  if (others.empty()) few_since_ = kNever;
  if (!inquiry_.word()) {
    hear(now, world, others, seen);
    return false;
  }
  if (!gives_way_) wait(now, world, others.empty(), seen, persistent, out);
  return gives_way_ && give_way(now, world, seen, persistent, out);
}

bool Successor::hears_first(const Now& now, const World& world, const ProcessesSeen& seen) const {
  return is_unsure_founder(world.persistent) && seen.etcd_data && is_down(seen) && !inquiry_.waits_for(now, world).empty();
}

// Nothing is known of a recovery: why etcd is not started yet, and who has data of another cluster.
void Successor::hear(const Now& now, const World& world, const std::vector<const gossip::NodeInfo*>& others, const ProcessesSeen& seen) {
  const std::string waits_for = inquiry_.waits_for(now, world);
  keeps_down_ = is_down(seen) && !waits_for.empty();
  if (keeps_down_) doing_.push_back({"starting etcd on existing data", waits_for});
  if (others.empty() || is_unsure_founder(world.persistent)) return;
  if (was_given_up_here(world.persistent, others.front()->cluster)) {
    keeps_down_ = false;
    problem_ = enumerated(names(others)) + " with data of cluster " + to_text(others.front()->cluster) +
               " (given up when this node was recovered): it can join this cluster; if its majority lives, the app has two clusters";
    return;
  }
  problem_ = others.front()->name + " holds data of another etcd cluster (" + to_text(others.front()->cluster) + ") than this node (" +
             to_text(world.persistent.cluster) + "): nothing is changed";
  if (!inquiry_.unproven()) return;
  keeps_down_ = is_down(seen) && holds(Guard::kReturnedStaysDown);
  problem_ += ". It says that it was recovered from " + world.name_of(inquiry_.unproven()->superseded.node) +
              ", whom this node does not know as a voter of its own. If that is so, and the recovered cluster is to stay, type "
              "`fluxpgctl recover --rejoin` here";
}

void Successor::wait(const Now& now, const World& world, bool alone, const ProcessesSeen& seen, Persistent& persistent, Outbox& out) {
  const record::Superseded& word = inquiry_.word()->superseded;
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
      {"joining the recovered cluster " + to_text(inquiry_.word()->answered) + ": " + said, "whether more voters of the old one return"});
  if (alone || (now.boot - few_since_ < kFewFor && !told_)) return;
  out.warn(said + "; this node sets its data of the old cluster aside and joins");
  gives_way_ = true;
}

bool Successor::give_way(const Now& now, const World& world, const ProcessesSeen& seen, Persistent& persistent, Outbox& out) {
  keeps_down_ = true;
  doing_.push_back(
      {"joining the recovered cluster " + to_text(inquiry_.word()->answered), "etcd to stop and its old data to be set aside"});
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
  persistent.cluster = inquiry_.word()->answered;  // whom to join
  out.push(Persist{persistent});
  *this = Successor{};
  return true;
}

}  // namespace fluxpg::supervisor
