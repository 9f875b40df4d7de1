#include "supervisor/core/change.hpp"

#include <algorithm>

#include "base/guard.hpp"
#include "supervisor/core/known_voters.hpp"

namespace fluxpg::supervisor {

using record::Kind;
using record::Record;

namespace {
constexpr Duration kRetry = seconds(5);
constexpr const char* kLeaveIsOff = "it took its leave back, fell silent, or too few of the others live";

// The member that a change is about, if the list shows it: a new one is known by its URL.
const etcd::Member* subject(const record::Change& change, const std::vector<etcd::Member>& members) {
  const auto found = std::find_if(members.begin(), members.end(), [&change](const etcd::Member& member) {
    if (change.kind != Kind::kAddLearner) return member.id == change.member;
    return std::find(member.peer_urls.begin(), member.peer_urls.end(), change.peer_url) != member.peer_urls.end();
  });
  return found == members.end() ? nullptr : &*found;
}

bool applied(const record::Change& change, const std::vector<etcd::Member>& members) {
  const etcd::Member* member = subject(change, members);
  switch (change.kind) {
    case Kind::kRemove:
      return member == nullptr;
    case Kind::kAddLearner:
      return member != nullptr;
    case Kind::kPromote:
      return member != nullptr && !member->learner;
  }
  CHECK(false);
}

// Removals of voters need a certificate, and the victim may turn out to live.
bool of_voter(const record::Change& change) { return change.kind == Kind::kRemove && change.rule != "ghost-learner"; }

}  // namespace

etcd::Call ChangeExecution::call_for(const record::Change& change) {
  switch (change.kind) {
    case Kind::kRemove:
      return etcd::RemoveMember{change.member};
    case Kind::kAddLearner:
      return etcd::AddLearner{change.peer_url};
    case Kind::kPromote:
      return etcd::Promote{change.member};
  }
  CHECK(false);
}

void ChangeExecution::ask(Step step, etcd::Call call, Duration deadline, Outbox& out) {
  step_ = step;
  out.ask_own({Purpose::Part::kChange, static_cast<std::uint32_t>(step), {}}, std::move(call), deadline);
}

void ChangeExecution::open(const Now& now, const World& world, const RemoverLease& lease, record::Change change,
                           verdict::Certificate certificate, verdict::Electorate electorate, Epoch revision, Outbox& out) {
  CHECK(!busy() && lease.held());
  writing_ = Record{};
  writing_.change = std::move(change);
  writing_.electorate = std::move(electorate);
  writing_.certificate = std::move(certificate);
  writing_.remover = world.self();
  writing_.decided_at_ms = unix_ms(now.wall);
  writing_.command = etcd::as_etcdctl(call_for(writing_.change));
  const std::string key = record::record_key(world.config.app);
  using What = etcd::Compare::What;
  etcd::Txn txn{{lease.is_ours(world.config.app), {What::kModRevision, key, static_cast<std::int64_t>(revision.value)}},
                {etcd::Put{key, record::to_json(writing_), {}}}};
  if (!holds(Guard::kCompareAndSwap)) txn.compares.clear();
  opened_under_ = lease.revision();
  ask(Step::kOpening, std::move(txn), seconds(3), out);
}

// Opened by this process under the key it still holds: whoever held the key in between may have called (found by the model).
bool ChangeExecution::mine(Epoch epoch, const RemoverLease& lease) const {
  return opened_ == epoch && (opened_under_ == lease.revision() || !holds(Guard::kSameKey));
}

// Only from the one that leaves, and while it is heard: whoever is silent may have taken its word back, and is an ordinary dead.
// Without a majority of the others etcd would refuse the call for ever, and nobody else could be evicted meanwhile.
bool ChangeExecution::leave_stands(const World& world, const Record& record) {
  if (!holds(Guard::kConsentWithdrawn)) return true;
  const gossip::MemberView* heard = world.heard(record.change.node);
  if (heard == nullptr || heard->state != gossip::State::kAlive || !heard->info.leaving) return false;
  const auto& voters = record.electorate.voters;
  const auto living = std::count_if(voters.begin(), voters.end(),
                                    [&](MemberId voter) { return voter != record.change.member && world.alive(world.node_of(voter)); });
  return static_cast<std::size_t>(living) >= record.electorate.majority();
}

// "Consent" speaks of an etcd under a living daemon: there only a fresh word for the etcd itself is life.
bool ChangeExecution::victim_lives(const World& world, const Record& record) const {
  if (!holds(Guard::kLastLook)) return false;
  if (record.change.node == world.self()) return true;
  const gossip::MemberView* heard = world.heard(record.change.node);
  if (record.change.rule == verdict::kLeaveRule) return !leave_stands(world, record);
  if (world.vouchers.last(record.change.node, TimePoint{}) > epoch_since_) return true;
  // Suspected is not dead: it was dead when this was decided, so it has been back since.
  return record.change.rule != "consent" && heard != nullptr && world.alive(record.change.node);
}

// What makes a decision one that may be carried out: whoever wrote it, its certificate must be a verdict of its own electorate.
std::string ChangeExecution::flaw_of(const World& world, const Record& record) {
  if (!of_voter(record.change) || !holds(Guard::kCertificateChecked)) return "";
  if ((record.change.rule == verdict::kLeaveRule) != record.certificate.ballot.of_leave())
    return "its certificate answers another question";
  return verdict::certificate_flaw(record.certificate, record.change.member, record.electorate, world.view.keys(), world.signing);
}

void ChangeExecution::tick(const Now& now, const World& world, const RemoverLease& lease, Outbox& out) {
  if (busy()) return;
  waits_for_.clear();
  const auto& record = world.view.record();
  if (!record || !record->open()) {
    flaw_.clear();
    flaw_for_.reset();
    return;
  }
  if (const std::pair looked_at{world.view.record_revision(), world.view.version()}; flaw_for_ != looked_at) {
    flaw_ = flaw_of(world, *record);
    flaw_for_ = looked_at;
  }
  const Epoch epoch = world.view.record_revision();
  if (epoch_ != epoch) {
    epoch_ = epoch;
    epoch_since_ = now.boot;
  }
  if (!lease.held()) {
    waits_for_ = "the remover to carry it on";
    return;
  }
  if (now.boot < not_before_ || (opened_ != epoch && !holds(Guard::kResume))) {
    waits_for_ = "the next try";
    return;
  }
  if (world.view.list_is_linearizable() && applied(record->change, world.view.list().members)) {
    return done(now, world, lease, world.view.list().members, out);
  }
  const bool lives = of_voter(record->change) && victim_lives(world, *record);
  const bool of_leave = record->change.rule == verdict::kLeaveRule;
  const bool opener = mine(epoch, lease) && (uncalled_ || !holds(Guard::kRefuteBeforeCall));
  if (lives && (opener || !holds(Guard::kOpenerRefutes))) {
    return close(now, world, lease, "refuted", of_leave ? kLeaveIsOff : "the victim was heard from before the call was sent", {}, out);
  }
  const bool other_list = holds(Guard::kSameElectorate) && world.view.list_is_current(now) && world.view.electorate() != record->electorate;
  const bool gone = record->change.kind != Kind::kRemove && !world.alive(record->change.node);
  const bool silent = silent_ == epoch;
  if (lives || other_list || gone || silent || !flaw_.empty()) {
    const std::string why = !flaw_.empty() ? flaw_
                            : lives        ? (of_leave ? kLeaveIsOff : "the victim lives")
                            : other_list   ? "the voters are no longer those that decided it"
                            : gone         ? "the node is gone"
                            : of_leave     ? "too few of the etcds that remain answer"
                                           : "the learner's etcd does not answer";
    const Duration quiet = world.config.rules.void_after;
    const TimePoint last_call = called_ == epoch ? last_call_ : TimePoint{};
    const TimePoint void_at = std::max(lease.held_since(), last_call) + quiet;
    const bool due = holds(Guard::kVoidAtAll) && (now.boot >= void_at || !holds(Guard::kVoidDelay));
    if (due) return close(now, world, lease, "void", why, {}, out);
    waits_for_ =
        why + "; void in " + std::to_string(to_ms(void_at - now.boot) / 1000) + " s, when no call for it can be under way any more";
    if (lives || other_list || gone || !flaw_.empty()) return;  // the silent one is asked again
  }
  look(now, world, *record, out);
}

// Whoever leaves counts for the quorum until it is gone, so etcd takes the call also where too few remain; and gossip tells of daemons
// only.
void ChangeExecution::ask_the_remaining(const Now& now, const World& world, const Record& record, Outbox& out) {
  const std::size_t needed = (record.electorate.voters.size() - 1) / 2 + 1;
  if (answered_ >= needed) {
    silent_ = Epoch{};
    return read_back(now, world, out);
  }
  while (!remaining_.empty()) {
    asked_ = remaining_.back();
    remaining_.pop_back();
    const auto etcd = world.etcd_of(asked_, world.node_of(asked_));
    if (!etcd) continue;
    step_ = Step::kRemaining;
    const Purpose purpose{Purpose::Part::kChange, static_cast<std::uint32_t>(step_), {}};
    return out.ask(purpose, *etcd, etcd::GetStatus{}, world.config.rules.evidence_wait);
  }
  silent_ = epoch_;
  waits_for_ = "answers of the etcds of those that remain: " + std::to_string(answered_) + " of the " + std::to_string(needed) + " needed";
  not_before_ = now.boot + kRetry;
}

// Gossip tells of daemons. An etcd may be back before its daemon is, and counts for the quorum from then on; a learner's may have ended
// since its promotion was decided, by another. So it is asked itself.
void ChangeExecution::look(const Now& now, const World& world, const Record& record, Outbox& out) {
  if (record.change.rule == verdict::kLeaveRule && holds(Guard::kRemainingAnswer)) {
    remaining_ = record.electorate.voters;
    std::erase_if(remaining_, [&](MemberId voter) { return voter == record.change.member || voter == world.own_member(); });
    answered_ = 1;  // our own etcd: what is read next goes through it
    return ask_the_remaining(now, world, record, out);
  }
  const bool removal = of_voter(record.change) && record.change.rule != verdict::kLeaveRule && holds(Guard::kEtcdLastLook);
  const bool promotion = record.change.kind == Kind::kPromote && holds(Guard::kLearnerLastLook);
  const auto etcd = world.etcd_of(record.change.member, record.change.node);
  if (!(removal || promotion) || !etcd) return read_back(now, world, out);
  step_ = Step::kStatus;
  const Purpose purpose{Purpose::Part::kChange, static_cast<std::uint32_t>(step_), {}};
  out.ask(purpose, *etcd, etcd::GetStatus{}, world.config.rules.evidence_wait);
}

void ChangeExecution::read_back(const Now& now, const World& world, Outbox& out) {
  looked_at_key_ = now.boot;
  ask(Step::kReadBack, etcd::Range{record::decision_prefix(world.config.app), true, false, 0, false}, seconds(2), out);
}

void ChangeExecution::handle(const Now& now, const World& world, const RemoverLease& lease, EtcdView& view, const Purpose& purpose,
                             const etcd::Result& result, Outbox& out) {
  const Step step = static_cast<Step>(purpose.step);
  step_ = Step::kIdle;
  if (step == Step::kCalling) return took_call(now, world, lease, view, result, out);
  if (step == Step::kStatus || step == Step::kRemaining) return took_status(now, world, lease, result, out);
  if (!result) {
    // Of a transaction this means "unknown": the record itself tells, and is read again.
    not_before_ = now.boot + milliseconds(500);
    waits_for_ = result.error().message;
    return view.refresh_soon();
  }
  if (const auto* txn = std::get_if<etcd::TxnResult>(&*result)) {
    if (!txn->succeeded) {
      out.warn("the decision record or the remover key changed meanwhile: nothing was written");
      not_before_ = now.boot + milliseconds(500);
      return view.refresh_soon();
    }
    const Epoch epoch{static_cast<std::uint64_t>(txn->header.revision)};
    if (step == Step::kOpening) {
      opened_ = epoch_ = epoch;
      epoch_since_ = now.boot;
      uncalled_ = true;
      not_before_ = TimePoint{};
      out.info("decided: " + writing_.command + " (" + writing_.change.rule + ": " + writing_.change.reason + ")");
    } else {
      out.info("closed as " + writing_.outcome + ": " + writing_.command + (writing_.detail.empty() ? "" : " (" + writing_.detail + ")"));
    }
    return view.note_record(now, writing_, epoch);
  }
  if (const auto* range = std::get_if<etcd::RangeResult>(&*result)) return took_read_back(now, world, lease, *range, out);
  if (const auto* list = std::get_if<etcd::MemberList>(&*result)) return took_list(now, world, lease, *list, out);
}

void ChangeExecution::took_status(const Now& now, const World& world, const RemoverLease& lease, const etcd::Result& result, Outbox& out) {
  const auto& record = world.view.record();
  if (!record || !record->open() || !lease.held() || world.view.record_revision() != epoch_) return;
  const auto* status = result ? std::get_if<etcd::Status>(&*result) : nullptr;
  if (record->change.rule == verdict::kLeaveRule) {
    if (status != nullptr && status->header.member == asked_ && status->header.cluster == record->electorate.cluster) ++answered_;
    return ask_the_remaining(now, world, *record, out);
  }
  if (record->change.kind == Kind::kPromote && (status == nullptr || status->header.member != record->change.member)) {
    silent_ = epoch_;
    waits_for_ = "an answer of the learner's etcd";
    not_before_ = now.boot + kRetry;
    return;
  }
  silent_ = Epoch{};
  // A victim that answered has been vouched for by now, and the next tick sees it.
  if (!of_voter(record->change) || !victim_lives(world, *record)) read_back(now, world, out);
}

void ChangeExecution::took_read_back(const Now& now, const World& world, const RemoverLease& lease, const etcd::RangeResult& range,
                                     Outbox& out) {
  std::int64_t key = 0;
  std::int64_t record = 0;
  for (const etcd::KeyValue& kv : range.kvs) {
    if (kv.key == record::remover_key(world.config.app)) key = revision_of_remover_key(kv);
    if (kv.key == record::record_key(world.config.app)) record = kv.mod_revision;
  }
  if (holds(Guard::kReadBack) && (!lease.held() || key != lease.revision() || Epoch{static_cast<std::uint64_t>(record)} != epoch_)) {
    waits_for_ = "the remover key or the record is not what it was";
    not_before_ = now.boot + milliseconds(500);
    return;
  }
  ask(Step::kListing, etcd::ListMembers{true}, seconds(3), out);
}

void ChangeExecution::took_list(const Now& now, const World& world, const RemoverLease& lease, const etcd::MemberList& list, Outbox& out) {
  const auto& record = world.view.record();
  if (!record || !record->open() || !lease.held() || world.view.record_revision() != epoch_) return;
  // After a lost answer this list is the first to know.
  if (applied(record->change, list.members)) return done(now, world, lease, list.members, out);
  // The last look: between the decision and this line the victim may have come back.
  if (of_voter(record->change) && victim_lives(world, *record)) return;
  const bool same = !holds(Guard::kSameElectorate) || electorate_of(list) == record->electorate;
  const bool still_learner = record->change.rule != "ghost-learner" ||
                             std::any_of(list.members.begin(), list.members.end(), [&record](const etcd::Member& member) {
                               return member.id == record->change.member && member.learner;
                             });
  const bool remembered = remembers(world.persistent.voters, record->change) || !holds(Guard::kChangeRemembered);
  if (!same || !still_learner || !remembered || now.boot - looked_at_key_ > seconds(5)) {
    waits_for_ = !same         ? "the voters are no longer those that decided it"
                 : !remembered ? "a note on this node's disk that the voters may change"
                               : "another look at the remover key";
    not_before_ = now.boot + milliseconds(500);
    return;
  }
  uncalled_ = false;
  called_ = epoch_;
  last_call_ = now.boot;
  out.info("calling: " + record->command);
  ask(Step::kCalling, call_for(record->change), world.config.rules.call_deadline, out);
}

void ChangeExecution::took_call(const Now& now, const World& world, const RemoverLease& lease, EtcdView& view, const etcd::Result& result,
                                Outbox& out) {
  view.refresh_soon();
  const auto& record = world.view.record();
  if (!record || !record->open() || world.view.record_revision() != called_) return;
  switch (etcd::outcome(result)) {
    case etcd::Outcome::kDone: {
      const auto* added = std::get_if<etcd::Added>(&*result);
      if (lease.held()) close(now, world, lease, "done", "", added == nullptr ? MemberId{} : added->member.id, out);
      return;
    }
    case etcd::Outcome::kNotDone:
      out.warn("etcd refused: " + record->command + ": " + result.error().message);
      waits_for_ = "etcd refused: " + result.error().message;
      not_before_ = now.boot + kRetry;
      // Only a removal may be under way in somebody else's hands with harm; a refused addition is simply over, unless an earlier call for
      // it may still be under way: our own, or of another who held the key before.
      if (record->change.kind != Kind::kRemove && lease.held() &&
          (mine(called_, lease) || now.boot - lease.held_since() >= world.config.rules.void_after) &&
          (unclear_ != called_ || now.boot - unclear_at_ >= world.config.rules.void_after)) {
        close(now, world, lease, "refused", result.error().message, {}, out);
      }
      return;
    case etcd::Outcome::kUnknown:
      out.warn("no clear answer to: " + record->command + ": " + result.error().message + "; the member list tells");
      waits_for_ = "the member list to tell whether it was done";
      unclear_ = called_;
      unclear_at_ = now.boot;
      not_before_ = now.boot + seconds(1);
      return;
  }
}

void ChangeExecution::done(const Now& now, const World& world, const RemoverLease& lease, const std::vector<etcd::Member>& members,
                           Outbox& out) {
  const etcd::Member* member = subject(world.view.record()->change, members);
  close(now, world, lease, "done", "", member == nullptr ? MemberId{} : member->id, out);
}

void ChangeExecution::close(const Now& now, const World& world, const RemoverLease& lease, const std::string& outcome,
                            const std::string& detail, MemberId added, Outbox& out) {
  const Epoch epoch = world.view.record_revision();
  const std::string& app = world.config.app;
  writing_ = *world.view.record();
  writing_.outcome = outcome;
  writing_.detail = detail;
  writing_.closed_by = world.self();
  writing_.closed_at_ms = unix_ms(now.wall);
  writing_.epoch = epoch;
  const bool joined = writing_.change.kind == Kind::kAddLearner && outcome == "done" && added;
  if (joined) writing_.change.member = added;
  using What = etcd::Compare::What;
  etcd::Txn txn{{lease.is_ours(app), {What::kModRevision, record::record_key(app), static_cast<std::int64_t>(epoch.value)}},
                {etcd::Put{record::record_key(app), record::to_json(writing_), {}},
                 etcd::Put{record::history_key(app, epoch), record::to_json(writing_), {}}}};
  if (joined) {
    const gossip::NodeInfo* info = world.info(writing_.change.node);
    const record::Binding binding{added, writing_.change.node, writing_.change.name, info == nullptr ? "" : info->address};
    txn.writes.push_back(etcd::Put{record::node_key(app, added), record::to_json(binding), {}});
  }
  if (outcome == "done" && writing_.change.kind == Kind::kRemove)
    txn.writes.push_back(etcd::Delete{record::node_key(app, writing_.change.member)});
  if (!world.view.history_overflow().empty()) txn.writes.push_back(etcd::Delete{world.view.history_overflow()});
  ask(Step::kClosing, std::move(txn), seconds(3), out);
}

}  // namespace fluxpg::supervisor
