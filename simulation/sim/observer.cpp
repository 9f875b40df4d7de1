// The invariants that need more than etcd's log: what each node had heard, how long each was away, who was listed.
#include <algorithm>

#include "simulation/sim/invariants.hpp"

namespace fluxpg::simulation {

using etcd_model::MembershipChange;

namespace {

// What a node sees may be this much older than what is so: polls, gossip rounds, answers on their way.
constexpr Duration kSlack = seconds(3);
constexpr Duration kRecently = seconds(8);          // longer than any ballot
constexpr Duration kUnwell = seconds(4);            // less than the dwell of a node that has just been stopped
constexpr Duration kFoundingIsHeard = seconds(10);  // by who hears anybody of that cluster
constexpr Duration kHeardWithin = seconds(1);       // whoever is linked for less may be heard by nobody
constexpr std::size_t kBallotsKept = 200;

}  // namespace

std::optional<verdict::Vote> vote_left(const supervisor::AskEtcd& ask, const std::string& app) {
  const auto* txn = std::get_if<etcd::Txn>(&ask.call);
  if (txn == nullptr) return std::nullopt;
  for (const etcd::Write& write : txn->writes) {
    const auto* put = std::get_if<etcd::Put>(&write);
    if (put == nullptr || put->key.rfind(record::votes_prefix(app), 0) != 0) continue;
    if (auto vote = record::vote_from_json(put->value)) return std::move(*vote);
  }
  return std::nullopt;
}

Invariants::Observed& Invariants::observed(std::size_t host) {
  if (observed_.empty()) observed_.resize(seen_.hosts());
  Observed& seen = observed_[host];
  if (seen.life == seen_.host(host).life) return seen;
  seen.life = seen_.host(host).life;
  seen.ballots.clear();
  seen.voted.clear();
  seen.etcd_answered.clear();
  seen.disturbed_at = TimePoint{};
  return seen;
}

void Invariants::disturbed(std::size_t host) { observed(host).disturbed_at = seen_.now(); }

// ---- what a node has heard, and what it says ----

void Invariants::saw(std::size_t host, const supervisor::Input& input) {
  if (const auto* message = std::get_if<supervisor::MessageReceived>(&input)) {
    const auto* ballot = std::get_if<verdict::Ballot>(&message->message);
    if (ballot != nullptr) saw_ballot(host, *ballot);
  } else if (const auto* word = std::get_if<supervisor::OperatorSays>(&input)) {
    Observed& seen = observed(host);
    if (word->what == supervisor::OperatorSays::What::kLeave) seen.leaves = true;
    if (word->what != supervisor::OperatorSays::What::kCancelLeave || !seen.leaves) return;
    seen.leaves = false;
    seen.stays_since = seen_.now();
  } else if (const auto* reply = std::get_if<supervisor::EtcdReplied>(&input)) {
    if (const auto* range = reply->result ? std::get_if<etcd::RangeResult>(&*reply->result) : nullptr) saw_keys(host, *range);
    const auto* status = reply->result ? std::get_if<etcd::Status>(&*reply->result) : nullptr;
    if (status == nullptr) return;
    observed(host).etcd_answered[status->header.member] = seen_.now();
    // Its life may have been too short to be seen otherwise.
    if (const auto where = seen_.etcd().host_of(status->header.cluster, status->header.member)) observed(*where).etcd_up = seen_.now();
  }
}

void Invariants::saw_ballot(std::size_t host, const verdict::Ballot& ballot) {
  if (ballot.of_leave()) return;
  Observed& seen = observed(host);
  if (seen.ballots.size() >= kBallotsKept) seen.ballots.clear();
  seen.ballots.try_emplace(ballot.id, seen_.now(), ballot.victim.member);
}

void Invariants::saw_keys(std::size_t host, const etcd::RangeResult& range) {
  for (const etcd::KeyValue& kv : range.kvs) {
    if (kv.key != record::referendum_key(app_)) continue;
    if (const auto ballot = record::ballot_from_json(kv.value)) saw_ballot(host, *ballot);
  }
}

// `lag`: for so long others may act on a wish that was taken back.
bool Invariants::wishes_to_leave(std::size_t host, Duration lag) {
  const Observed& seen = observed(host);
  if (seen_.host(host).persistent.leave) return true;  // an old copy of its disk still says so
  return seen.leaves || (seen.stays_since != kNever && seen_.now() - seen.stays_since < lag);
}

void Invariants::saw(std::size_t host, const supervisor::Action& action) {
  if (const auto* send = std::get_if<supervisor::Send>(&action)) {
    if (const auto* vote = std::get_if<verdict::Vote>(&send->message)) check_vote(host, *vote);
  } else if (const auto* ask = std::get_if<supervisor::AskEtcd>(&action)) {
    if (const auto* removal = std::get_if<etcd::RemoveMember>(&ask->call)) check_call(host, removal->id);
    if (const auto vote = vote_left(*ask, app_)) check_vote(host, *vote);
  } else if (std::holds_alternative<supervisor::RunPatroni>(action)) {
    if (seen_.cluster() == nullptr) sim_.violate("patroni-after-founding", seen_.host(host).name + " runs Patroni, and nothing is founded");
  } else if (std::holds_alternative<supervisor::RestoreEtcd>(action)) {
    const auto identity = seen_.etcd().identity(host);
    if (identity && seen_.etcd().can_commit(seen_.etcd().clusters().at(identity->first))) {
      sim_.violate("no-recovery-beside-a-majority", seen_.host(host).name + " is recovered, and the majority works");
    }
  } else if (const auto* aside = std::get_if<supervisor::SetAsideEtcdData>(&action)) {
    const auto identity = seen_.etcd().identity(host);
    if (aside->why == "cluster-given-up" && identity) {
      const bool given_up = seen_.given_up().count(identity->first) > 0;
      if (!given_up || seen_.etcd().can_commit(seen_.etcd().clusters().at(identity->first))) {
        sim_.violate("set-aside-only-if-removed", seen_.host(host).name + ": its cluster was not given up, or its majority lives");
      }
    }
    const auto* cluster = seen_.cluster();
    if (aside->why == "founding-plan-given-up" && identity && cluster != nullptr && identity->first == cluster->id) {
      const bool counted_on = cluster->find(identity->second) != nullptr && seen_.etcd().can_commit(*cluster);
      if (counted_on && seen_.now() - founded_at_ > kFoundingIsHeard) {
        sim_.violate("set-aside-only-if-removed", seen_.host(host).name + ": its plan was chosen, and its cluster lives");
      }
    }
    if (aside->why != "removed-from-cluster" || !identity) return;
    if (seen_.etcd().clusters().at(identity->first).find(identity->second) != nullptr) {
      sim_.violate("set-aside-only-if-removed", seen_.host(host).name + " is still a member");
    }
  }
}

void Invariants::check_vote(std::size_t host, const verdict::Vote& vote) {
  Observed& seen = observed(host);
  const auto ballot = seen.ballots.find(vote.ballot);
  if (vote.choice != verdict::Choice::kDead || ballot == seen.ballots.end() || !seen.voted.insert(vote.ballot).second) return;
  const auto& [arrived, victim] = ballot->second;
  const auto answered = seen.etcd_answered.find(victim);
  if (answered != seen.etcd_answered.end() && answered->second > arrived) {
    sim_.violate("honest-vote", seen_.host(host).name + " says dead of " + to_text(victim) + " and was answered by its etcd " +
                                    std::to_string(to_ms(seen_.now() - answered->second)) + " ms ago, the ballot came " +
                                    std::to_string(to_ms(seen_.now() - arrived)) + " ms ago");
  }
  if (seen.disturbed_at != TimePoint{} && seen_.now() - seen.disturbed_at < kUnwell) {
    sim_.violate("honest-vote", seen_.host(host).name + " says dead, and was stopped itself a moment ago");
  }
}

void Invariants::check_call(std::size_t host, MemberId victim) {
  const etcd_model::Cluster* cluster = seen_.cluster();
  if (cluster == nullptr) return;
  const etcd::Member* member = cluster->find(victim);
  if (member == nullptr || member->learner) return;
  called_at_ = seen_.now();
  if (seen_.host(host).shadow) sim_.violate("shadow-touches-nothing", seen_.host(host).name + " removes " + member->name);
  const auto where = seen_.etcd().host_of(cluster->id, victim);
  if (where && record_ && record_->open() && record_->change.rule == verdict::kLeaveRule) {
    if (!wishes_to_leave(*where, kSlack) && seen_.network().is_good(host, *where)) {
      sim_.violate("leaves-on-its-own-wish", member->name + " stays, and is called to be removed");
    }
    return;
  }
  if (!where || seen_.host(*where).well_since == kNever || !well_now(*where) || !seen_.network().is_good(host, *where)) return;
  if (seen_.now() - seen_.host(*where).well_since >= kRecently) sim_.violate("nobody-alive-is-called", member->name + " works");
}

// ---- decisions and changes ----

Duration Invariants::away_for(std::size_t host, const NodeId& remover) {
  const Observed& seen = observed(host);
  // Who has just come back is what the last look is for: the ballot was about the time before.
  const TimePoint well_since = seen_.host(host).well_since;
  const bool just_back = well_since != kNever && seen_.now() - well_since < kRecently;
  Duration away = seen_.now() - (just_back ? seen.well_before : seen.last_well);
  // The remover waits by its own watch: from when it does not reach the victim.
  for (std::size_t i = 0; i < seen_.hosts(); ++i) {
    const auto cut = seen.cuts.find(i);
    const bool is_remover = seen_.host(i).signing->id() == remover;
    if (!is_remover || cut == seen.cuts.end()) continue;
    if (seen_.now() < cut->second.until || seen_.now() - cut->second.until < kRecently)
      away = std::max<Duration>(away, std::min(cut->second.until, seen_.now()) - cut->second.since);
  }
  return away;
}

// A disk that is gone cannot come back with its member: only those that may return are waited for.
void Invariants::check_decision(const record::Record& record) {
  const bool paused = seen_.cluster()->keys.count(record::paused_key(app_)) > 0;  // what is noted may be a second old
  if (paused && paused_since_ != kNever && seen_.now() - paused_since_ > seconds(15)) {
    sim_.violate("paused-evicts-nobody", "decided: " + record.command);
  }
  const auto host = seen_.etcd().host_of(seen_.cluster()->id, record.change.member);
  if (!host || record.change.rule == verdict::kLeaveRule) return;
  const Observed& seen = observed(*host);
  const Duration away = away_for(*host, record.remover);
  // A row that came back a moment ago, or for less than a poll's period, may have been seen by nobody who voted.
  const auto lacks = [this](const Observed::Row& row) {
    return seen_.now() - (seen_.now() - row.since < seconds(45) || row.last - row.since < minutes(1) ? row.before : row.last) > seconds(55);
  };
  const auto lacking = static_cast<std::size_t>(std::count_if(seen.rows.begin(), seen.rows.end(), lacks));
  const bool listed = lacking < std::min<std::size_t>(2, seen_.flux().backends()) && seen_.now() - misled_at_ > minutes(2);
  const bool daemon_lives = seen.daemon_heard_since != kNever && seen_.now() - seen.daemon_heard_since >= kRecently;
  const supervisor::Rules& rules = seen_.options().rules;
  const Duration needed = daemon_lives ? rules.silent_etcd_consent : listed ? rules.dead_for_listed : rules.dead_for_unlisted;
  if (away >= needed - kSlack) return;
  // Whose clock has leapt, or who moved where nobody could see it, waits by another watch than ours.
  for (std::size_t i = 0; i < seen_.hosts(); ++i) {
    if (seen_.host(i).leapt_at != TimePoint{} && seen_.now() - seen_.host(i).leapt_at < minutes(2)) return;
  }
  if (seen_.host(*host).moves > 0 && !daemon_lives) return;
  sim_.violate("patience", seen_.host(*host).name + " was away for only " + std::to_string(to_ms(away) / 1000) + " s, needed are " +
                               std::to_string(to_ms(needed) / 1000) + ": " + record.change.rule + ", " + record.change.reason);
}

void Invariants::check_promotion(const MembershipChange& change) {
  const auto host = seen_.etcd().host_of(change.cluster, change.member.id);
  if (!host || seen_.now() - observed(*host).etcd_up > seconds(12)) {
    sim_.violate("promoted-alive", change.member.name + " was promoted, and its etcd does not run");
  }
  std::size_t most = std::min<std::size_t>(seen_.options().rules.target_voters, seen_.options().instances);
  if (most % 2 == 0) --most;
  if (change.voters_before.size() + 1 > most) {
    sim_.violate("no-surplus-voter", std::to_string(change.voters_before.size() + 1) + " voters, wanted are " + std::to_string(most));
  }
}

// Whose disk is gone shows nothing any more; it is given the benefit of the doubt.
void Invariants::check_applied(const MembershipChange& change) {
  std::vector<MemberId> after = change.voters_before;
  std::erase(after, change.member.id);
  const auto up_to_date = [&](MemberId voter) {
    const auto host = seen_.etcd().host_of(change.cluster, voter);
    if (!host) return true;
    const std::vector<MemberId> shown = seen_.etcd().voters_shown_by(*host);
    return shown == change.voters_before || shown == after;
  };
  const auto applied = static_cast<std::size_t>(std::count_if(after.begin(), after.end(), up_to_date));
  if (applied >= etcd_model::majority(after.size())) return;
  sim_.violate("applied-before-next", "removal of " + change.member.name + " while only " + std::to_string(applied) + " of the " +
                                          std::to_string(after.size()) + " that remain show the change before it");
}

// ---- what is so, noted now and then ----

void Invariants::note_unlinked(std::size_t index) {
  if (!seen_.is_voter(index)) return;
  auto& cuts = observed(index).cuts;
  for (std::size_t other = 0; other < seen_.hosts(); ++other) {
    if (other == index || !seen_.is_voter(other)) continue;
    if (seen_.linked(index, other) && seen_.network().is_good(index, other)) {
      const auto cut = cuts.find(other);
      if (cut == cuts.end()) continue;
      cut->second.until = std::min(cut->second.until, seen_.now());
      if (seen_.now() - cut->second.until >= kRecently) cuts.erase(cut);
      continue;
    }
    const auto [cut, is_new] = cuts.try_emplace(other, Observed::Cut{seen_.now(), kNever});
    const bool heard_between = cut->second.until != kNever && seen_.now() - cut->second.until >= kHeardWithin;
    if (!is_new) cut->second = {heard_between ? seen_.now() : cut->second.since, kNever};
  }
}

bool Invariants::daemon_is_heard(std::size_t index) const {
  const Host& host = seen_.host(index);
  const etcd_model::Cluster* cluster = seen_.cluster();
  if (!host.there || host.stopped || host.daemon_hangs || !host.daemon || cluster == nullptr) return false;
  const std::vector<MemberId> voters = cluster->voters();
  const auto hears = [&](MemberId voter) {
    const auto other = seen_.etcd().host_of(cluster->id, voter);
    if (!other) return false;
    const bool gossips = seen_.network().passes_gossip(index, *other) && seen_.network().passes_gossip(*other, index);
    return *other == index ||
           (seen_.host(*other).daemon && sim_.linked(index, *other) && seen_.network().is_good(index, *other) && gossips);
  };
  return static_cast<std::size_t>(std::count_if(voters.begin(), voters.end(), hears)) >= etcd_model::majority(voters.size());
}

void Invariants::note_listed() {
  if (seen_.now() - listed_noted_ < seconds(1)) return;
  listed_noted_ = seen_.now();
  if (seen_.flux().misleads()) misled_at_ = seen_.now();
  const bool paused = seen_.cluster() != nullptr && seen_.cluster()->keys.count(record::paused_key(app_)) > 0;
  if (!paused) {
    paused_since_ = kNever;
  } else if (paused_since_ == kNever) {
    paused_since_ = seen_.now();
  }
  for (std::size_t i = 0; i < seen_.hosts(); ++i) {
    std::vector<Observed::Row>& rows = observed(i).rows;
    rows.resize(seen_.flux().backends());
    for (std::size_t backend = 0; backend < rows.size(); ++backend) {
      Observed::Row& row = rows[backend];
      if (!seen_.flux().lists(backend, seen_.host(i).address)) continue;
      if (seen_.now() - row.last > seconds(3)) {
        row.before = row.last;
        row.since = seen_.now();
      }
      row.last = seen_.now();
    }
  }
}

}  // namespace fluxpg::simulation
