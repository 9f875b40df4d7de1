#include "simulation/sim/invariants.hpp"

#include <algorithm>

namespace fluxpg::simulation {

namespace {

using etcd_model::MembershipChange;

// Longer than any ballot: who was well for so long before a decision was there for all of it.
constexpr Duration kWholeBallot = seconds(8);

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
  // Changes first: they are judged by the record under which they were committed.
  if (sim_.etcd().commits() != commits_seen_) {
    commits_seen_ = sim_.etcd().commits();
    for (const MembershipChange& change : sim_.etcd().take_changes()) {
      sim_.scores().changed(sim_, change);
      check_change(change);
    }
    check_record();
    check_clusters();
  }
  if (sim_.now() - health_noted_ < milliseconds(100)) return;
  health_noted_ = sim_.now();
  note_health();
  note_listed();
  check_processes();
}

void Invariants::check_clusters() {
  if (founded_seen_ && sim_.etcd().clusters().size() < 2) return;
  const auto founded = std::count_if(sim_.etcd().clusters().begin(), sim_.etcd().clusters().end(),
                                     [this](const auto& entry) { return entry.second.keys.count(record::founded_key(app_)) > 0; });
  if (founded > 0 && !founded_seen_) sim_.states().reach("founding"), founded_seen_ = true;
  if (founded > 1) sim_.violate("one-cluster", std::to_string(founded) + " clusters were founded");
}

void Invariants::check_record() {
  const etcd_model::Cluster* cluster = sim_.cluster();
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
    const auto host = sim_.etcd().host_of(cluster->id, parsed->change.member);
    const bool removal = parsed->change.kind == record::Kind::kRemove && !parsed->certificate.votes.empty();
    if (removal && host && sim_.host(*host).well_since != kNever && sim_.now() - sim_.host(*host).well_since >= kWholeBallot &&
        well(*host)) {
      sim_.violate("nobody-alive-is-decided", sim_.host(*host).name + " works, and was decided dead: " + parsed->change.reason);
    }
    if (removal) check_decision(*parsed);
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
  const etcd_model::Cluster* cluster = sim_.cluster();
  if (cluster == nullptr || cluster->id != change.cluster || !record_ || !record_->open() || !asked_for(*record_, change)) {
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
    sim_.violate("quorum-survives",
                 what + " leaves " + std::to_string(live_after) + " live voters of " + std::to_string(change.voters_before.size() - 1));
  }
}

// Counted here once more: the agent's own count may be what is wrong.
void Invariants::check_certificate(const MembershipChange& change, const record::Record& record) {
  std::map<MemberId, NodeId> keys;
  for (const auto& [key, kv] : sim_.cluster()->keys) {
    if (key.rfind(record::nodes_prefix(app_), 0) != 0) continue;
    if (const auto binding = record::binding_from_json(kv.value)) keys[binding->member] = binding->node;
  }
  const verdict::Ballot& ballot = record.certificate.ballot;
  const verdict::Electorate electorate{change.cluster, change.voters_before};
  std::set<MemberId> dead;
  bool vetoed = false;
  for (const verdict::Vote& vote : record.certificate.votes) {
    const auto key = keys.find(vote.voter);
    const bool counts = vote.ballot == ballot.id && electorate.contains(vote.voter) && key != keys.end() && key->second == vote.node &&
                        sim_.host(0).signing->verify(vote.node, verdict::signed_bytes(ballot, vote), vote.signature);
    if (counts && vote.choice == verdict::Choice::kAlive) vetoed = true;
    if (counts && vote.choice == verdict::Choice::kDead && vote.voter != change.member.id) dead.insert(vote.voter);
  }
  const std::size_t needed = etcd_model::majority(change.voters_before.size());
  const bool right = ballot.victim.member == change.member.id && ballot.electorate == electorate && record.electorate == electorate;
  if (right && !vetoed && dead.size() >= needed) return;
  sim_.violate("certified-removal", "removal of " + change.member.name + ": " +
                                        (vetoed   ? "its certificate contains a veto"
                                         : !right ? "its certificate is about another victim or electorate"
                                                  : std::to_string(dead.size()) + " valid votes of " + std::to_string(needed)));
}

bool Invariants::well(std::size_t index) const {
  const Host& host = sim_.host(index);
  if (!sim_.works(index) || !sim_.is_voter(index) || host.etcd_delay > Duration::zero() || host.lost_answers_per_mille > 0) return false;
  const std::vector<MemberId> voters = sim_.cluster()->voters();
  std::size_t heard_by = 0;
  for (const MemberId voter : voters) {
    const auto other = sim_.etcd().host_of(sim_.cluster()->id, voter);
    const bool hears = other && (*other == index || (sim_.works(*other) && sim_.network().is_good(index, *other)));
    if (hears) ++heard_by;
  }
  return heard_by >= etcd_model::majority(voters.size());
}

void Invariants::note_health() {
  sim_.scores().watch(sim_);
  for (std::size_t i = 0; i < sim_.hosts(); ++i) {
    Host& host = sim_.host(i);
    if (!well(i)) {
      host.well_since = kNever;
    } else if (host.well_since == kNever) {
      host.well_since = sim_.now();
    }
    Observed& seen = observed(i);
    if (host.well_since != kNever) seen.last_well = sim_.now();
    if (sim_.etcd().running(i) && host.there && !host.stopped && !host.etcd_hangs) seen.etcd_up = sim_.now();
    if (!daemon_is_heard(i)) {
      seen.daemon_heard_since = kNever;
    } else if (seen.daemon_heard_since == kNever) {
      seen.daemon_heard_since = sim_.now();
    }
  }
}

void Invariants::check_processes() {
  for (std::size_t i = 0; i < sim_.hosts(); ++i) {
    const etcd_model::ProcessState& process = sim_.etcd().process(i);
    const int code = process.state == etcd_model::ProcessState::State::kExited ? process.exit_code : -1;
    int& last = exit_codes_.try_emplace(i, -1).first->second;
    // With its data there it is etcd's panic when a removed member is asked for its status: loud, and harmless.
    if (code != last && code == 2 && !sim_.etcd().has_data(i)) sim_.violate("no-amnesia", sim_.host(i).name);
    last = code;
  }
}

}  // namespace fluxpg::simulation
