#include "supervisor/core/agent.hpp"

#include <algorithm>

#include "base/guard.hpp"
#include "supervisor/core/agent_impl.hpp"
#include "supervisor/core/statements.hpp"
#include "supervisor/core/stranger.hpp"

namespace fluxpg::supervisor {

namespace {

// A restored copy is nobody's cluster before its keys say so: until then they hold no word for those who have data of the old one.
ClusterId announced_cluster(const Persistent& persistent) {
  const bool only_restored = Restoration::under_way(persistent) && persistent.recovery->restored;
  return persistent.chosen && !only_restored ? persistent.cluster : ClusterId{};
}

gossip::NodeInfo own_info(const AgentConfig& config, const NodeId& id, const Persistent& persistent) {
  gossip::NodeInfo info;
  info.id = id;
  info.name = config.name;
  info.address = config.address;
  info.ports = config.ports;
  info.version = config.version;
  info.shadow = config.shadow;
  info.cluster = announced_cluster(persistent);
  info.postgres_role = "unknown";
  info.leaving = persistent.consents();
  return info;
}

}  // namespace

Agent::Impl::Impl(AgentConfig config, const Signing& signing, Persistent persistent, const Now& now)
    : OfOneCluster(config),
      config_(std::move(config)),
      signing_(signing),
      persistent_(std::move(persistent)),
      started_(now.boot),
      random_(config_.seed),
      wellbeing_(now),
      gossip_(config_.gossip, own_info(config_, signing.id(), persistent_), persistent_.incarnation_limit, random_.next(), now),
      listing_(config_.listing) {
  gossip_.set_statement_source(&Impl::statement, this);
}

World Agent::Impl::world(const Now& now) const {
  return {config_,
          signing_,
          gossip_,
          listing_,
          view_,
          persistent_,
          vouchers_,
          unclaimed_since_,
          started_,
          instances_,
          wellbeing_.unwell(now),
          stopping_,
          majority_heard_since_};
}

// No etcd data on our disk, or only that of a founding plan that was never chosen.
bool Agent::Impl::may_found() const {
  if (!seen_.unreadable.empty() && holds(Guard::kUnreadableIsNotFresh)) return false;
  if (Restoration::under_way(persistent_)) return false;
  if (!processes_known_ || persistent_.chosen) return processes_known_ && !seen_.etcd_data && !persistent_.member;
  return !seen_.etcd_data || !persistent_.started_token.empty();
}

std::optional<gossip::Statement> Agent::Impl::statement(void* self, const Now& now, const Nonce& nonce) {
  const Impl& agent = *static_cast<Impl*>(self);
  if (!agent.view_.own()) return std::nullopt;
  const etcd::Header& header = agent.view_.own()->header;
  return make_statement(agent.signing_, nonce, header.member, header.cluster, now.boot - agent.view_.own_at());
}

Actions Agent::Impl::handle(const Now& now, const Input& input) {
  wellbeing_.note(now, promised_deadline_, config_.rules.unwell_dwell);
  news_ = true;
  std::visit([&](const auto& what) { take(now, what); }, input);
  if (news_ || now.boot >= step_due()) step(now);
  promised_deadline_ = next_deadline();
  return out_.take();
}

// ---- inputs ----

// Mostly gossip's timer; the other parts say in step_due() when it is theirs.
void Agent::Impl::take(const Now& now, const Tick&) {
  news_ = false;
  apply(now, gossip_.handle(now, gossip::Tick{}));
}

void Agent::Impl::take(const Now& now, const MessageReceived& input) {
  news_ = false;
  if (const auto* ballot = std::get_if<verdict::Ballot>(&input.message)) {
    open_ballot(now, *ballot, input.route);
  } else if (const auto* vote = std::get_if<verdict::Vote>(&input.message)) {
    collector_.take(now, world(now), *vote);
  } else if (const auto* plan = std::get_if<verdict::FoundingPlan>(&input.message)) {
    founding_.take(now, world(now), may_found(), *plan, input.route, persistent_, out_);
  } else if (const auto* promise = std::get_if<verdict::FoundingPromise>(&input.message)) {
    founding_.take(*promise, persistent_);
  } else if (const auto* start = std::get_if<verdict::FoundingStart>(&input.message)) {
    founding_.take(now, world(now), may_found(), *start, persistent_, out_);
  } else {
    if (const auto* ping = std::get_if<gossip::Ping>(&input.message)) one_way_.pinged(now.boot, ping->from);
    return apply(now, gossip_.receive(now, input.route, input.message));
  }
  news_ = true;  // what a decision waits for is looked at now
}

void Agent::Impl::take(const Now& now, const ConnectionLost& input) {
  apply(now, gossip_.handle(now, gossip::ConnectionLost{input.endpoint, input.refused}));
}

void Agent::Impl::take(const Now& now, const ListingAnswered& input) {
  listing_.handle(now, input.answer);
  seed_gossip(now);
}

void Agent::Impl::take(const Now& now, const InstancesKnown& input) {
  (void)now;
  news_ = instances_ != input.instances;
  instances_ = input.instances;
}

void Agent::Impl::take(const Now& now, const EtcdReplied& input) {
  const auto purpose = out_.answered(input.id);
  if (!purpose) return;
  if (const auto* status = input.result ? std::get_if<etcd::Status>(&*input.result) : nullptr) note_life(now, status->header);
  switch (purpose->part) {
    case Purpose::Part::kView:
      news_ = view_.handle(now, *purpose, input.result, out_);
      return;
    case Purpose::Part::kLease:
      return lease_.handle(now, world(now), *purpose, input.result, out_);
    case Purpose::Part::kChange:
      return change_.handle(now, world(now), lease_, view_, *purpose, input.result, out_);
    case Purpose::Part::kVoter:
      return voter_.handle(now, *purpose, input.result);
    case Purpose::Part::kFounding:
      founding_.handle(*purpose, input.result, persistent_);
      return view_.refresh_soon();
    case Purpose::Part::kOperator:
      return view_.refresh_soon();
    case Purpose::Part::kEvidence:
      return evidence_.handle(input.result);
    case Purpose::Part::kRestoration:
      if (restoration_.committed(world(now), input.result, persistent_, out_)) forget_cluster();
      return;
    case Purpose::Part::kSuccessor:
      return successor_.handle(world(now), *purpose, input.result);
    case Purpose::Part::kJanitor:
      return janitor_.handle(now, world(now), *purpose, input.result, out_);
    case Purpose::Part::kPost:
      return post_.handle(now, world(now), *purpose, input.result, collector_, out_);
    case Purpose::Part::kSilent:
      return;  // that it answers was noted above
    case Purpose::Part::kLearner:
      if (const auto* status = input.result ? std::get_if<etcd::Status>(&*input.result) : nullptr) {
        learner_.answered(now, status->header.member, status->raft_applied_index);
      }
      return;
  }
}

// Whoever asked: an etcd that answers is no dead one, neither to an open ballot nor to an open decision.
void Agent::Impl::note_life(const Now& now, const etcd::Header& answered) {
  voter_.note_life(answered);
  if (voter_.outlived(post_.leaving())) post_.withdraw();
  if (!view_.has_list() || answered.cluster != view_.list().header.cluster) return;
  const auto bound = view_.bindings().find(answered.member);
  if (bound != view_.bindings().end()) vouchers_.answered(bound->second.node, now.boot);
}

void Agent::Impl::take(const Now& now, const ProcessesSeen& input) {
  if (processes_known_ && seen_.etcd.state == Process::State::kRunning && input.etcd.state == Process::State::kExited) {
    out_.warn("etcd ended with exit code " + std::to_string(input.etcd.exit_code));
  }
  (void)now;
  news_ = !processes_known_ || input != seen_;
  seen_ = input;
  processes_known_ = true;
}

void Agent::Impl::take(const Now& now, const PostgresSeen& input) {
  (void)now;
  news_ = input != postgres_;
  postgres_ = input;
}

void Agent::Impl::take(const Now& now, const StopRequested&) {
  (void)now;
  stopping_ = true;
}

// ---- what gossip asks for ----

void Agent::Impl::apply(const Now& now, gossip::Effects effects) {
  for (gossip::Effect& effect : effects) {
    if (auto* send = std::get_if<gossip::SendTo>(&effect)) {
      out_.push(std::move(*send));
    } else if (auto* reserve = std::get_if<gossip::ReserveIncarnations>(&effect)) {
      if (holds(Guard::kIncarnationDurable)) persistent_.incarnation_limit = reserve->limit;
      out_.push(Persist{persistent_});
    } else if (auto* changed = std::get_if<gossip::StateChanged>(&effect)) {
      static const char* const kNames[] = {"alive", "suspect", "dead", "left"};
      out_.info(world(now).name_of(changed->id) + " is " + kNames[static_cast<int>(changed->to)] + ": " + changed->why);
      heartbeat_ = now.boot;  // due at once; a deadline of long ago would look like lateness of our own
      const auto gone = [](gossip::State state) { return state == gossip::State::kDead || state == gossip::State::kLeft; };
      if (gone(changed->to)) vouchers_.died(changed->id, now.boot);
      if (!gone(changed->to) && (gone(changed->from) || changed->from == changed->to)) vouchers_.returned(changed->id, now.boot);
    } else if (auto* conflict = std::get_if<gossip::IdentityConflict>(&effect)) {
      const bool own = conflict->id == signing_.id();
      const gossip::NodeInfo* known = world(now).info(conflict->id);
      if (identities_.heard(now.boot, conflict->id, conflict->other, own, known == nullptr ? Endpoint{} : known->gossip_endpoint())) {
        out_.say(Say::Level::kError,
                 to_text(conflict->other) + " speaks with the identity of " + (own ? "this node" : world(now).name_of(conflict->id)));
      }
    } else if (auto* answered = std::get_if<gossip::Answered>(&effect)) {
      const gossip::NodeInfo* info = world(now).info(answered->id);
      if (answered->statement && info != nullptr && info->member &&
          vouches(*answered->statement, answered->nonce, answered->id, info->member, info->cluster, config_.rules.statement_age,
                  signing_)) {
        vouchers_.note(answered->id, now.boot);
      }
      voter_.heard(now, world(now), *answered);
      if (voter_.next_deadline() != kNever) news_ = true;  // a ballot is open, and this may be a veto
    }
  }
}

// ---- one step ----

void Agent::Impl::step(const Now& now) {
  heartbeat_ = now.boot + heartbeat_period();
  if (!std::exchange(seeded_, true)) seed_gossip(now);
  remember_peers(now);
  one_way_.look(now.boot, gossip_);
  read_etcd(now);
  note_unclaimed(now);
  note_majority(now);
  remember_voters(now);
  if (view_.own_answers(now)) identities_.serves();
  if (processes_known_) leave_.tick(now, world(now), postgres_.role, seen_, persistent_, out_);
  if (processes_known_ && !persistent_.left()) {
    announce(now);  // what is founded rests on what we say about our own disk
    founding_.tick(now, world(now), seen_, may_found(), persistent_, random_, out_);
    founding_.commit(now, world(now), persistent_, out_);
    run_etcd(now);
  }
  announce(now);
  vouch_for_all(now);
  ask_the_silent(now);
  answer_ballots(now);
  lease_.tick(now, world(now), voter_.under_ballot(now), out_);
  decide(now);
  follow_pause_wish(now);
  sweep(now);
  run_patroni(now);
  write_hosts();
}

// Whose etcd is asked beside our own. Whoever holds data asks nobody of another cluster. Whoever has set its data aside prefers the cluster
// that it gave way to, and asks any other if nobody is left of that one: it may have been given up in its turn.
const std::vector<EtcdTarget>& Agent::Impl::remotes(const Now& now) {
  const std::tuple basis{gossip_.version(), persistent_.cluster, persistent_.chosen};
  if (remotes_for_ == basis) return remotes_;
  remotes_for_ = basis;
  remotes_.clear();
  std::vector<EtcdTarget> others;
  for (const gossip::NodeInfo* info : world(now).with_etcd()) {
    const bool same = !persistent_.cluster || info->cluster == persistent_.cluster;
    (same ? remotes_ : others).push_back(World::etcd_of(*info));
  }
  if (remotes_.empty() && !persistent_.chosen) remotes_ = std::move(others);
  return remotes_;
}

void Agent::Impl::read_etcd(const Now& now) {
  static const std::vector<EtcdTarget> kNobody;
  view_.tick(now, Restoration::under_way(persistent_) ? kNobody : remotes(now), persistent_.chosen ? persistent_.cluster : ClusterId{},
             out_);
  if (view_.own_has_leader(now)) {
    no_leader_since_ = kNever;
  } else if (no_leader_since_ == kNever) {
    no_leader_since_ = now.boot;
  }
}

void Agent::Impl::note_unclaimed(const Now& now) {
  if (view_.has_list() && claimed_for_ == seen_versions()) return;
  misses_a_voter_ = false;
  if (!view_.has_list()) return;
  const World facts = world(now);
  std::map<MemberId, TimePoint> still;
  for (const etcd::Member& member : view_.list().members) {
    const NodeId node = facts.node_of(member.id);
    if (!member.learner && !facts.alive(node)) misses_a_voter_ = true;
    if (const std::string address = facts.address_of(node); !address.empty()) listing_.expect(now, address);
    if (node && (node == signing_.id() || gossip_.members().count(node) > 0)) continue;
    const auto known = unclaimed_since_.find(member.id);
    still[member.id] = known == unclaimed_since_.end() ? now.boot : known->second;
  }
  unclaimed_since_ = std::move(still);
  claimed_for_ = seen_versions();
}

void Agent::Impl::announce(const Now& now) {
  bool news = !announced_;
  if (news) announced_ = gossip_.self();
  const auto tell = [&news](auto& field, const auto& value) {
    if (field == value) return;
    field = value;
    news = true;
  };
  if (processes_known_) {
    using gossip::DataState;
    const bool unsure = successor_.hears_first(now, world(now), seen_);  // else a seat is made ready for it
    tell(announced_->data, unsure                                                                         ? DataState::kUnknown
                           : fresh()                                                                      ? DataState::kFresh
                           : !seen_.unreadable.empty()                                                    ? DataState::kUnknown
                           : may_found()                                                                  ? DataState::kOnlyPostgres
                           : seen_.etcd_data || persistent_.member || Restoration::under_way(persistent_) ? DataState::kHasEtcd
                                                                                                          : DataState::kOnlyPostgres);
  }
  const ClusterId cluster = announced_cluster(persistent_);
  tell(announced_->cluster, cluster);
  tell(announced_->member, persistent_.chosen && !persistent_.left() && cluster ? persistent_.member : MemberId{});
  tell(announced_->system_id, postgres_.system_id);
  tell(announced_->timeline, postgres_.timeline);
  tell(announced_->lsn, postgres_.lsn);
  tell(announced_->postgres_role, postgres_.role);
  tell(announced_->stopping, stopping_);
  tell(announced_->leaving, persistent_.consents());
  tell(announced_->founding_round, persistent_.promised ? persistent_.promised->round : 0);
  tell(announced_->founding_token, persistent_.promised ? std::string_view(persistent_.promised->token) : std::string_view());
  if (news) apply(now, gossip_.announce(now, *announced_));
  if (stopping_) stop_announced_ = true;
}

Agent::Agent(AgentConfig config, const Signing& signing, Persistent persistent, const Now& now)
    : impl_(std::make_unique<Impl>(std::move(config), signing, std::move(persistent), now)) {}
Agent::~Agent() = default;
Agent::Agent(Agent&&) noexcept = default;
Agent& Agent::operator=(Agent&&) noexcept = default;
Actions Agent::handle(const Now& now, const Input& input) { return impl_->handle(now, input); }
TimePoint Agent::next_deadline() const { return impl_->next_deadline(); }
Snapshot Agent::snapshot(const Now& now) const { return impl_->snapshot(now); }
bool Agent::misses_a_voter() const { return impl_->misses_a_voter(); }
bool Agent::stopped() const { return impl_->stopped(); }

}  // namespace fluxpg::supervisor
