#include "supervisor/core/loss.hpp"

#include <algorithm>
#include <tuple>

#include "base/guard.hpp"

namespace fluxpg::supervisor {

namespace {

auto progress(const Survivor& s) {
  return std::tuple(s.postgres ? s.postgres->timeline : 0, s.postgres ? s.postgres->lsn : 0, s.raft_index.value_or(0));
}

bool contains(const std::vector<std::string>& addresses, const std::string& address) {
  return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

}  // namespace

std::string named(const LostVoter& voter) { return voter.address.empty() ? voter.name : voter.name + " (" + voter.address + ")"; }

std::string enumerated(const std::vector<std::string>& names, const char* last) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : i + 1 == names.size() ? last : ", ") + names[i];
  return text;
}

// Of equals it is ourselves: the first.
const Survivor* most_advanced(const MajorityLoss& loss) {
  const Survivor* best = nullptr;
  for (const Survivor& survivor : loss.survivors) {
    if (survivor.voter && (best == nullptr || progress(survivor) > progress(*best))) best = &survivor;
  }
  return best;
}

// HOLES H34: what looks like a lost majority may be a partition, with the majority on the other side. So it is counted who could still
// live over there, and a number that could be a majority needs the operator's word for enough of them, by address.
std::string recover_obstacle(const std::optional<MajorityLoss>& loss, const std::vector<std::string>& although) {
  if (!loss) return "Refused: the majority is not lost, there is nothing to recover from.";
  if (loss->left) {
    return "Refused: this node has left the cluster, and its copy is no longer kept: run it on a voter that has not, or take the leave "
           "back "
           "first (`fluxpgctl leave --cancel`).";
  }
  if (holds(Guard::kRecoverLostOnly) && loss->has_leader) return "Refused: etcd has a leader, so the majority lives.";
  if (holds(Guard::kRecoverLostOnly) && loss->live >= loss->needed) {
    return "Refused: " + std::to_string(loss->live) + " of " + std::to_string(loss->voters) +
           " voters answer, which is a majority: repair what keeps their etcd apart, or wait until they have elected a leader.";
  }
  std::vector<std::string> may_live;
  std::size_t certain = 0;
  std::string flags;
  for (const LostVoter& voter : loss->lost) {
    if (voter.may_live.empty() || contains(although, voter.address)) continue;
    may_live.push_back(named(voter));
    if (!voter.uncertain) ++certain;
    if (!voter.address.empty()) flags += " --although-they-may-live " + voter.address;
  }
  const bool suffice = may_live.size() >= loss->majority_with || certain >= loss->majority_without;
  if (holds(Guard::kRecoverUnlessTheyLive) && suffice) {
    return "Refused: " + enumerated(may_live) + " are not known to be dead, and would be a majority of " + std::to_string(loss->voters) +
           " that goes on without this node. Bring them back; or, if you know that they are gone for good, answer for them:" + flags;
  }
  const Survivor* best = most_advanced(*loss);
  if (best == nullptr) return "Refused: no voter with etcd data answers, there is no copy to recover from.";
  if (loss->survivors.empty() || !loss->survivors.front().voter) {
    return "Refused: this node holds no vote in the lost cluster; run it on " + best->name + " (" + best->address + ").";
  }
  if (!best->self && holds(Guard::kRecoverMostAdvanced)) {
    return "Refused: " + best->name + " (" + best->address + ") has newer data than this node; run it there.";
  }
  return "";
}

std::string recover_refusal(const std::optional<MajorityLoss>& loss, const std::string& app, const RecoverOrder& order) {
  if (holds(Guard::kRecoverAppNamed) && order.app != app) {
    return "Refused: the name of the app is not \"" + order.app + "\": type `--app` and the name as `fluxpgctl status` shows it.";
  }
  return recover_obstacle(loss, order.although);
}

}  // namespace fluxpg::supervisor
