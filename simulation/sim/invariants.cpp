#include "simulation/sim/invariants.hpp"

#include <algorithm>

namespace fluxpg::simulation {

namespace {

using etcd_model::MembershipChange;

// Longer than any ballot: who was well for so long before a decision was there for all of it.
constexpr Duration kWholeBallot = seconds(8);

constexpr Duration kPolledWithin = seconds(75);  // a minute, jitter, and a slow answer

bool asked_for(const record::Record& record, const MembershipChange& change) {
  switch (change.kind) {
    case MembershipChange::Kind::kAddLearner:
      return record.change.kind == record::Kind::kAddLearner && record.change.peer_url == change.member.peer_urls.front();
    case MembershipChange::Kind::kPromote:
      return record.change.kind == record::Kind::kPromote && record.change.member == change.member.id;
    case MembershipChange::Kind::kRemove:
      return record.change.kind == record::Kind::kRemove && record.change.member == change.member.id;
  }
  CHECK(false);
}

}  // namespace

void Invariants::check() {
  if (over_) return;
  // Changes first: they are judged by the record under which they were committed.
  if (seen_.etcd().commits() != commits_seen_) {
    commits_seen_ = seen_.etcd().commits();
    for (const MembershipChange& change : sim_.etcd().take_changes()) {
      sim_.scores().changed(sim_, change);
      check_change(change);
    }
    check_record();
    check_clusters();
  }
  if (seen_.now() - health_noted_ < milliseconds(100)) return;
  health_noted_ = seen_.now();
  note_health();
  note_listed();
  check_processes();
}

void Invariants::begin_anew() {
  record_.reset();
  record_revision_ = last_open_ = 0;
  effects_.clear();
  founded_seen_ = false;
}

void Invariants::check_clusters() {
  const auto& clusters = seen_.etcd().clusters();
  if (founded_seen_ && clusters.size() < 2) return;
  const auto founded = std::count_if(clusters.begin(), clusters.end(), [this](const auto& entry) {
    const bool given_up = seen_.given_up().count(entry.first) > 0;
    return !given_up && entry.second.keys.count(record::founded_key(app_)) > 0;
  });
  for (const auto& [id, entries] : seen_.given_up()) {
    if (clusters.at(id).log.size() > entries) {
      return sim_.violate("one-cluster", "cluster " + to_text(id) + " was given up for a recovered one, and goes on");
    }
  }
  if (founded > 0 && !founded_seen_) {
    sim_.states().reach("founding");
    founded_seen_ = true;
    founded_at_ = seen_.now();
  }
  if (founded > 1 && every_survivor_is_unlisted()) {
    over_ = true;
    return sim_.count("limit: founded anew, all that was left of the first cluster was unlisted");
  }
  if (founded > 1) sim_.violate("one-cluster", std::to_string(founded) + " clusters were founded");
}

// The rule as it is (DESIGN §6): a silent listed host blocks founding until its row is gone from every backend. Whoever holds data, is cut
// off and unlisted all the while is then left behind, and a run in which that happened is not judged any further. A row that has come back
// since the founders polled last was not there for them.
bool Invariants::every_survivor_is_unlisted() const {
  for (std::size_t i = 0; i < seen_.hosts(); ++i) {
    const auto identity = seen_.etcd().identity(i);
    if (!identity || seen_.cluster() == nullptr || identity->first != seen_.cluster()->id) continue;
    for (std::size_t backend = 0; backend < seen_.flux().backends(); ++backend) {
      if (!seen_.flux().lists(backend, seen_.host(i).address)) continue;
      if (observed_.empty() || backend >= observed_[i].rows.size()) return false;
      const Observed::Row& row = observed_[i].rows[backend];
      const bool came_back = row.before != TimePoint{} && seen_.now() - row.since < kPolledWithin;
      if (!came_back) return false;
    }
  }
  return true;
}

void Invariants::check_record() {
  const etcd_model::Cluster* cluster = seen_.cluster();
  if (cluster == nullptr) return;
  const auto found = cluster->keys.find(record::record_key(app_));
  if (found == cluster->keys.end() || found->second.mod_revision == record_revision_) return;
  auto parsed = record::record_from_json(found->second.value);
  const std::int64_t before = std::exchange(record_revision_, found->second.mod_revision);
  if (!parsed) {  // put there behind everybody's back
    record_.reset();
    return;
  }
  const bool was_open = record_ && record_->open();
  if (was_open && parsed->open()) sim_.violate("one-open-decision", "the open decision was overwritten by: " + parsed->command);
  if (parsed->open()) {
    if (record_revision_ <= last_open_) sim_.violate("epochs-grow", "epoch " + std::to_string(record_revision_));
    last_open_ = record_revision_;
    const auto host = seen_.etcd().host_of(cluster->id, parsed->change.member);
    const bool removal = parsed->change.kind == record::Kind::kRemove && !parsed->certificate.votes.empty();
    const bool leave = parsed->change.rule == verdict::kLeaveRule;
    if (leave && host && !wishes_to_leave(*host, kWholeBallot)) {
      sim_.violate("leaves-on-its-own-wish", seen_.host(*host).name + " stays, and its removal was decided");
    }
    if (removal && !leave && host && seen_.host(*host).well_since != kNever && seen_.now() - seen_.host(*host).well_since >= kWholeBallot &&
        well_now(*host)) {
      sim_.violate("nobody-alive-is-decided", seen_.host(*host).name + " works, and was decided dead: " + parsed->change.reason);
    }
    if (removal) check_decision(*parsed);
    if (leave) sim_.states().reach("leave");
    if (removal) sim_.states().reach("verdict");
    sim_.count("rule: " + parsed->change.rule);
  } else if (was_open && parsed->epoch != Epoch{static_cast<std::uint64_t>(before)}) {
    sim_.violate("epochs-grow", "a decision was closed under another epoch than it was opened");
  }
  if (!parsed->open()) {
    sim_.states().closed(parsed->outcome);
    if (parsed->closed_by != parsed->remover) sim_.states().reach("resumed decision");
  }
  record_ = std::move(*parsed);
}

void Invariants::check_change(const MembershipChange& change) {
  // The record as it was when the change was committed: a change and the record never move in one event.
  const bool voter_removed = change.kind == MembershipChange::Kind::kRemove && !change.member.learner;
  if (change.kind == MembershipChange::Kind::kAddLearner) sim_.states().reach("join");
  if (change.kind == MembershipChange::Kind::kPromote) sim_.states().reach("promotion");
  if (voter_removed) sim_.states().reach("eviction");
  const std::string what =
      (change.kind == MembershipChange::Kind::kRemove ? "removal of " : "addition or promotion of ") + change.member.name;
  const etcd_model::Cluster* cluster = seen_.cluster();
  if (cluster == nullptr || cluster->id != change.cluster || !record_ || !record_->open() || !asked_for(*record_, change)) {
    // DESIGN §6 assumes that no call is delayed for more than a minute past its sender's last look at the key.
    const TimePoint awaited = seen_.removal_awaited_until(change.member.id);
    if (voter_removed && awaited != TimePoint{} && seen_.now() > awaited + sim_.options().rules.void_after) {
      return sim_.count("limit: a call was under way for more than a minute");
    }
    sim_.violate(voter_removed ? "certified-removal" : "recorded-change", what + " has no open decision");
    return;
  }
  if (++effects_[record_revision_] > 1) sim_.violate("one-effect-per-decision", what);
  if (change.kind == MembershipChange::Kind::kPromote) check_promotion(change);
  if (!voter_removed) return;
  check_certificate(change, *record_);
  check_applied(change);
  const auto [live_before, live_after] = live_voters(sim_, change);
  if (live_before >= etcd_model::majority(change.voters_before.size()) &&
      live_after < etcd_model::majority(change.voters_before.size() - 1)) {
    // etcd takes a call whenever it arrives, and looks only at who was heard in the last five seconds (HOLES E3): no protocol can call it
    // back.
    if (seen_.now() - called_at_ > sim_.options().rules.call_deadline) return sim_.count("limit: a call that arrived late cost the quorum");
    if (record_->change.rule == verdict::kLeaveRule && another_just_fell_silent(change)) {
      return sim_.count("limit: another voter fell silent within three seconds of a leave");
    }
    sim_.violate("quorum-survives",
                 what + " leaves " + std::to_string(live_after) + " live voters of " + std::to_string(change.voters_before.size() - 1));
  }
}

// Nobody can know that yet: its connections still look alive.
bool Invariants::another_just_fell_silent(const MembershipChange& change) {
  return std::any_of(change.voters_before.begin(), change.voters_before.end(), [&](MemberId voter) {
    const auto host = seen_.etcd().host_of(change.cluster, voter);
    if (voter == change.member.id || !host || seen_.linked(*host, *host)) return false;
    return seen_.now() - observed(*host).etcd_up < seconds(3);
  });
}

// Counted here once more: the agent's own count may be what is wrong.
void Invariants::check_certificate(const MembershipChange& change, const record::Record& record) {
  std::map<MemberId, NodeId> keys;
  for (const auto& [key, kv] : seen_.cluster()->keys) {
    if (key.rfind(record::nodes_prefix(app_), 0) != 0) continue;
    if (const auto binding = record::binding_from_json(kv.value)) keys[binding->member] = binding->node;
  }
  const verdict::Ballot& ballot = record.certificate.ballot;
  const verdict::Electorate electorate{change.cluster, change.voters_before};
  std::set<MemberId> dead;
  bool vetoed = false;
  bool consented = !ballot.of_leave();
  for (const verdict::Vote& vote : record.certificate.votes) {
    const auto key = keys.find(vote.voter);
    const bool counts = vote.ballot == ballot.id && electorate.contains(vote.voter) && key != keys.end() && key->second == vote.node &&
                        seen_.host(0).signing->verify(vote.node, verdict::signed_bytes(ballot, vote), vote.signature);
    if (counts && vote.choice == verdict::Choice::kAlive) vetoed = true;
    if (counts && vote.choice == verdict::Choice::kDead && vote.voter != change.member.id) dead.insert(vote.voter);
    if (counts && vote.choice == verdict::Choice::kDead && vote.voter == change.member.id) consented = true;
  }
  const std::size_t needed = etcd_model::majority(change.voters_before.size());
  const bool right = ballot.victim.member == change.member.id && ballot.electorate == electorate && record.electorate == electorate;
  if (right && !vetoed && consented && dead.size() >= needed) return;
  sim_.violate("certified-removal", "removal of " + change.member.name + ": " +
                                        (vetoed       ? "its certificate contains a veto"
                                         : !consented ? "the member that leaves has not signed it"
                                         : !right     ? "its certificate is about another victim or electorate"
                                                      : std::to_string(dead.size()) + " valid votes of " + std::to_string(needed)));
}

void Invariants::see_who_works() {
  works_.assign(seen_.hosts(), false);
  for (std::size_t i = 0; i < seen_.hosts(); ++i) works_[i] = seen_.works(i);
  voters_.clear();
  if (seen_.cluster() == nullptr) return;
  for (const MemberId voter : seen_.cluster()->voters()) {
    voters_.push_back(seen_.etcd().host_of(seen_.cluster()->id, voter).value_or(seen_.hosts()));
  }
}

// As of see_who_works().
bool Invariants::well(std::size_t index) const {
  const Host& host = seen_.host(index);
  if (!works_[index] || !seen_.is_voter(index) || host.etcd_delay > Duration::zero() || host.lost_answers_per_mille > 0) return false;
  const auto hears = [&](std::size_t other) {
    return other == index || (other < seen_.hosts() && works_[other] && seen_.network().is_good(index, other));
  };
  const auto heard_by = static_cast<std::size_t>(std::count_if(voters_.begin(), voters_.end(), hears));
  return heard_by >= etcd_model::majority(voters_.size());
}

void Invariants::note_health() {
  sim_.scores().watch(sim_);
  if (const auto version = seen_.version(); health_as_of_ != version) {
    health_as_of_ = version;
    look_at_all();
  }
  for (Observed& seen : observed_) {
    if (seen.is_well) seen.last_well = seen_.now();
    if (seen.etcd_is_up) seen.etcd_up = seen_.now();
  }
}

void Invariants::look_at_all() {
  see_who_works();
  for (std::size_t i = 0; i < seen_.hosts(); ++i) {
    const Host& host = seen_.host(i);
    Observed& seen = observed(i);
    seen.is_well = well(i);
    seen.etcd_is_up = seen_.etcd().running(i) && host.there && !host.stopped && !host.etcd_hangs;
    if (!daemon_is_heard(i)) {
      seen.daemon_heard_since = kNever;
    } else if (seen.daemon_heard_since == kNever) {
      seen.daemon_heard_since = seen_.now();
    }
    note_unlinked(i);
    if (seen.is_well && host.well_since == kNever) seen.well_before = seen.last_well;
    if (seen.is_well == (host.well_since == kNever)) sim_.host(i).well_since = seen.is_well ? seen_.now() : kNever;
  }
}

// A learner that starts with an empty disk has forgotten nothing that anybody counted on.
bool Invariants::has_vote(std::size_t index) const {
  const std::string own = host_name(seen_.host(index).signing->id());
  const etcd_model::Cluster* cluster = seen_.cluster();
  return cluster != nullptr && std::any_of(cluster->members.begin(), cluster->members.end(), [&own](const etcd::Member& member) {
           return !member.learner && member.peer_urls.front().find(own) != std::string::npos;
         });
}

void Invariants::check_processes() {
  exit_codes_.resize(seen_.hosts(), -1);
  for (std::size_t i = 0; i < seen_.hosts(); ++i) {
    const etcd_model::ProcessState& process = seen_.etcd().process(i);
    const int code = process.state == etcd_model::ProcessState::State::kExited ? process.exit_code : -1;
    // With its data there it is etcd's panic when a removed member is asked for its status: loud, and harmless.
    if (code != exit_codes_[i] && code == 2 && !seen_.etcd().has_data(i) && has_vote(i)) sim_.violate("no-amnesia", seen_.host(i).name);
    exit_codes_[i] = code;
  }
}

}  // namespace fluxpg::simulation
