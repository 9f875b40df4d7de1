// When the majority is lost, and when a cluster was given up: who may touch our own etcd, and what is told about it.
#include <algorithm>

#include "base/guard.hpp"
#include "supervisor/core/agent_impl.hpp"

namespace fluxpg::supervisor {

namespace {
constexpr Duration kLeaderless = seconds(12);
constexpr Duration kVotersEvery = seconds(1);
}  // namespace

// One at a time: a founding plan that is given up, a recovery, a cluster that was given up, and else the seat.
void Agent::Impl::run_etcd(const Now& now) {
  if (persistent_.abandons()) return;
  restoration_.tick(now, world(now), persistent_, out_);
  if (successor_.tick(now, world(now), seen_, persistent_, out_)) {
    if (config_.runs_patroni) out_.push(StopPatroni{kAnotherCluster});
    forget_cluster();
  }
  if (Restoration::replaces_etcd(persistent_) || successor_.keeps_etcd_down()) {
    seat_ = Seat{};
    return;
  }
  seat_.tick(now, world(now), seen_, identities_.keeps_etcd_down() && holds(Guard::kCopyStaysDown), persistent_, out_);
}

void Agent::Impl::recover(const Now& now, const RecoverOrder& order) {
  recover_refused_ = restoration_.begin(now, world(now), evidence_.situation(now, world(now)), order, persistent_, random_, out_);
  recover_refused_at_ = now.boot;
  if (!recover_refused_.empty()) out_.warn("an operator's `recover`: " + recover_refused_);
}

void Agent::Impl::take(const Now& now, const PostgresReplied& input) {
  (void)now;
  evidence_.handle(input);
}

void Agent::Impl::take(const Now& now, const EtcdRestored& input) {
  (void)now;
  if (restoration_.take(input, persistent_, out_)) forget_cluster();
}

void Agent::Impl::remember_voters(const Now& now) {
  const bool another_record = voters_noted_for_ != view_.record_revision();
  if ((now.boot < voters_noted_ + kVotersEvery && !another_record) || !persistent_.chosen) return;
  voters_noted_ = now.boot;
  voters_noted_for_ = view_.record_revision();
  const World facts = world(now);
  // With a leader there may be ballots, and what their voters hear of the victim is their own business.
  if (!view_.own_has_leader(now) && majority_lost(now, facts)) evidence_.tick(now, facts, out_);
  auto voters = voters_to_remember(now, facts);
  auto learners = learners_to_remember(now, facts);
  if (!voters || (*voters == persistent_.voters && learners == persistent_.learners)) return;
  persistent_.voters = std::move(*voters);
  persistent_.learners = std::move(learners);
  out_.push(Persist{persistent_});
}

bool Agent::Impl::majority_lost(const Now& now, const World& facts) const {
  const std::vector<KnownVoter> voters = known_voters(facts);
  const Shares live = shares(voters, [&](const KnownVoter& voter) {
    if (voter.node == facts.self()) return view_.own_answers(now);
    return speaks_for_seat(facts, voter.node) || facts.only_gossip_misses(now, voter.node);
  });
  const bool leaderless = no_leader_since_ != kNever && now.boot - no_leader_since_ > kLeaderless;
  const bool majority = view_.own_has_leader(now) ? live.with.is_majority() : live.surely();
  return !voters.empty() && (!majority || (leaderless && view_.own_answers(now)));
}

void Agent::Impl::tell_loss(const Now& now, const World& facts, Snapshot& out) const {
  out.loss = evidence_.situation(now, facts);
  out.health = Health::kMajorityLost;
  if (out.voters != out.loss->voters) {  // etcd may go by other voters than those that were listed
    out.voters = out.loss->voters;
    out.voters_live = out.loss->live;
  }
  std::vector<std::string> sentences{"the majority is lost: " + std::to_string(out.voters_live) + " of " + std::to_string(out.voters) +
                                     " voters live, " + std::to_string(out.loss->needed) + " are needed: " + out.loss->cure};
  if (!out.loss->unsure.empty()) sentences.push_back(out.loss->unsure);
  for (const LostVoter& voter : out.loss->lost) {
    sentences.push_back("lost: " + named(voter) + ", " + voter.since + ", " +
                        (voter.listed == "unknown" ? "listing unknown" : voter.listed));
  }
  out.problems.insert(out.problems.begin(), sentences.begin(), sentences.end());
}

void Agent::Impl::forget_cluster() {
  static_cast<OfOneCluster&>(*this) = OfOneCluster(config_);
  out_.forget();
}

}  // namespace fluxpg::supervisor
