#include "simulation/sim/invariants.hpp"

#include <algorithm>

#include "gossip/verdict/tally.hpp"

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
  if (seen_.etcd().commits() != commits_seen_) {
    commits_seen_ = seen_.etcd().commits();
    for (const MembershipChange& change : sim_.etcd().take_changes()) check_change(change);
    check_record();
    check_clusters();
  }
  if (sim_.now() - health_noted_ < milliseconds(100)) return;
  health_noted_ = sim_.now();
  note_health();
  check_processes();
}

void Invariants::check_clusters() {
  const auto& clusters = seen_.etcd().clusters();
  if (clusters.size() < 2) return;
  const auto founded = std::count_if(clusters.begin(), clusters.end(),
                                     [this](const auto& entry) { return entry.second.keys.count(record::founded_key(app_)) > 0; });
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
    if (removal && host) see_who_works();
    if (removal && host && sim_.host(*host).well_since != kNever && sim_.now() - sim_.host(*host).well_since >= kWholeBallot &&
        well(*host)) {
      sim_.violate("nobody-alive-is-decided", sim_.host(*host).name + " works, and was decided dead: " + parsed->change.reason);
    }
    sim_.count("decided by rule: " + parsed->change.rule);
  } else if (was_open && parsed->epoch != Epoch{static_cast<std::uint64_t>(before)}) {
    sim_.violate("epochs-grow", "a decision was closed under another epoch than it was opened");
  }
  record_ = std::move(*parsed);
}

void Invariants::check_change(const MembershipChange& change) {
  // The record as it was when the change was committed: a change and the record never move in one event.
  const bool voter_removed = change.kind == MembershipChange::Kind::kRemove && !change.member.learner;
  const std::string what =
      (change.kind == MembershipChange::Kind::kRemove ? "removal of " : "addition or promotion of ") + change.member.name;
  const etcd_model::Cluster* cluster = sim_.cluster();
  if (cluster == nullptr || cluster->id != change.cluster || !record_ || !record_->open() || !asked_for(*record_, change)) {
    sim_.violate(voter_removed ? "certified-removal" : "recorded-change", what + " has no open decision");
    return;
  }
  if (++effects_[record_revision_] > 1) sim_.violate("one-effect-per-decision", what);
  if (!voter_removed) return;
  sim_.count("voters removed");
  check_certificate(change, *record_);
  const auto lives = [this, &change](MemberId voter) {
    const auto host = sim_.etcd().host_of(change.cluster, voter);
    return host && sim_.host(*host).there && !sim_.host(*host).stopped && (sim_.etcd().running(*host) || voter == change.member.id);
  };
  std::vector<MemberId> after = change.voters_before;
  std::erase(after, change.member.id);
  const auto live_after = static_cast<std::size_t>(std::count_if(after.begin(), after.end(), lives));
  const auto live_before = live_after + (lives(change.member.id) ? 1 : 0);
  if (live_before >= etcd_model::majority(change.voters_before.size()) && live_after < etcd_model::majority(after.size())) {
    sim_.violate("quorum-survives", what + " leaves " + std::to_string(live_after) + " live voters of " + std::to_string(after.size()));
  }
}

void Invariants::check_certificate(const MembershipChange& change, const record::Record& record) {
  verdict::Bindings bindings;
  for (const auto& [key, kv] : sim_.cluster()->keys) {
    if (key.rfind(record::nodes_prefix(app_), 0) != 0) continue;
    if (const auto binding = record::binding_from_json(kv.value)) bindings[binding->member] = binding->node;
  }
  const verdict::Electorate electorate{change.cluster, change.voters_before};
  const std::string flaw = verdict::certificate_flaw(record.certificate, change.member.id, electorate, bindings, *sim_.host(0).signing);
  if (!flaw.empty()) sim_.violate("certified-removal", "removal of " + change.member.name + ": " + flaw);
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
  const auto version = seen_.version();
  if (health_as_of_ == version) return;
  health_as_of_ = version;
  see_who_works();
  for (std::size_t i = 0; i < seen_.hosts(); ++i) {
    const bool is_well = well(i);
    if (is_well != (seen_.host(i).well_since == kNever)) continue;
    sim_.host(i).well_since = is_well ? sim_.now() : kNever;
  }
}

void Invariants::check_processes() {
  exit_codes_.resize(seen_.hosts(), -1);
  for (std::size_t i = 0; i < seen_.hosts(); ++i) {
    const etcd_model::ProcessState& process = seen_.etcd().process(i);
    const int code = process.state == etcd_model::ProcessState::State::kExited ? process.exit_code : -1;
    if (code != exit_codes_[i] && code == 2) sim_.violate("no-amnesia", sim_.host(i).name);
    exit_codes_[i] = code;
  }
}

}  // namespace fluxpg::simulation
