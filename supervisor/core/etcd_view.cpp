#include "supervisor/core/etcd_view.hpp"

#include <algorithm>
#include <tuple>

#include "base/guard.hpp"

namespace fluxpg::supervisor {

namespace {
constexpr Duration kCycle = seconds(1);
constexpr Duration kKeysAtLeastEvery = seconds(6);
constexpr std::int64_t kHistoryShown = 200;
}  // namespace

verdict::Electorate electorate_of(const etcd::MemberList& list) {
  verdict::Electorate result{list.header.cluster, {}};
  for (const etcd::Member& member : list.members) {
    if (!member.learner) result.voters.push_back(member.id);
  }
  std::sort(result.voters.begin(), result.voters.end());
  return result;
}

std::int64_t revision_of_remover_key(const etcd::KeyValue& kv) {
  return holds(Guard::kKeyUntouched) ? kv.mod_revision : kv.create_revision;
}

void EtcdView::tick(const Now& now, const std::vector<EtcdTarget>& remotes, ClusterId cluster, Outbox& out) {
  cluster_ = cluster;
  if (busy_ || now.boot < next_cycle_) return;
  cycle_started_ = now.boot;
  next_cycle_ = now.boot + kCycle;
  if (!remotes.empty()) target_ = remotes[remote_turn_ % remotes.size()];
  target_.own = remotes.empty();
  next(now, Step::kStatus, out);
}

void EtcdView::ask(Step step, etcd::Call call, Duration deadline, Outbox& out) {
  busy_ = true;
  const Purpose purpose{Purpose::Part::kView, static_cast<std::uint32_t>(step), {}};
  const bool own = step == Step::kStatus || own_is_voter();
  out.ask(purpose, own ? EtcdTarget{} : target_, std::move(call), deadline);
}

// The steps of one cycle, in their order; each is taken when the one before it was answered.
void EtcdView::next(const Now& now, Step step, Outbox& out) {
  busy_ = false;
  switch (step) {
    case Step::kStatus:
      return ask(step, etcd::GetStatus{}, seconds(1), out);
    case Step::kList:
      if (!own_is_voter() && target_.own) return;  // nobody to ask
      list_asked_ = now.boot;
      return ask(step, etcd::ListMembers{true}, seconds(3), out);
    case Step::kLocalList:
      return ask(step, etcd::ListMembers{false}, seconds(2), out);
    case Step::kDecision:
      if (revision_ == revision_read_ && now.boot < keys_due_) return;
      decision_asked_ = now.boot;
      return ask(step, etcd::Range{record::decision_prefix(app_), true, false, 0, false}, seconds(2), out);
    case Step::kPaused:
      return ask(step, etcd::Range{record::paused_key(app_), false, false, 1, false}, seconds(2), out);
    case Step::kPatroni:
      return ask(step, etcd::Range{record::patroni_config_key(app_), false, false, 1, false}, seconds(2), out);
    case Step::kDatabase:
      if ((patroni_initialized_ || (founded_ && founded_->database)) && database_.empty()) {
        return ask(Step::kDatabase, etcd::Range{record::patroni_initialize_key(app_), false, false, 1, false}, seconds(2), out);
      }
      [[fallthrough]];
    case Step::kFounded:
      if (!founded_) return ask(Step::kFounded, etcd::Range{record::founded_key(app_), false, false, 1, false}, seconds(2), out);
      [[fallthrough]];
    case Step::kNodes:
      if (!bindings_complete_) return ask(Step::kNodes, etcd::Range{record::nodes_prefix(app_), true, false, 0, false}, seconds(2), out);
      [[fallthrough]];
    case Step::kHistory:
      if (!history_is_current()) {
        return ask(Step::kHistory, etcd::Range{record::history_prefix(app_), true, false, kHistoryShown, true}, seconds(3), out);
      }
      [[fallthrough]];
    case Step::kOldest:
      if (history_count_ >= history_bound_ && history_overflow_.empty()) {
        return ask(Step::kOldest, etcd::Range{record::history_prefix(app_), true, false, 1, false}, seconds(2), out);
      }
      [[fallthrough]];
    case Step::kEnd:
      keys_at_ = now.boot;
      revision_read_ = decision_revision_;
      keys_due_ = now.boot + kKeysAtLeastEvery;
  }
}

bool EtcdView::handle(const Now& now, const Purpose& purpose, const etcd::Result& result, Outbox& out) {
  const auto known = [&] {
    return std::tuple(version_, own_has_leader(now), own_is_voter(), list_is_current(now), keys_are_current(now), problem_.empty());
  };
  const auto before = known();
  take(now, static_cast<Step>(purpose.step), result, out);
  const bool of_keys = static_cast<Step>(purpose.step) > Step::kLocalList;
  return of_keys || !result || known() != before;
}

void EtcdView::take(const Now& now, Step step, const etcd::Result& result, Outbox& out) {
  busy_ = false;
  if (step == Step::kStatus) {
    took_status(now, result);
    return next(now, Step::kList, out);
  }
  if (!result) {
    ++remote_turn_;
    if (step == Step::kList) {
      linearizable_ = false;
      if (own_is_voter()) return next(now, Step::kLocalList, out);
    }
    return;  // the next cycle tries again
  }
  if (const auto* list = std::get_if<etcd::MemberList>(&*result)) {
    if (foreign(list->header)) return;
    took_list(now, *list, step == Step::kList);
    if (step == Step::kList) next(now, Step::kDecision, out);
  } else if (const auto* range = std::get_if<etcd::RangeResult>(&*result)) {
    if (foreign(range->header)) return;
    took_keys(now, step, *range);
    next(now, static_cast<Step>(static_cast<std::uint32_t>(step) + 1), out);
  }
}

// Answers of another cluster than the one whose data we hold change nothing.
bool EtcdView::foreign(const etcd::Header& header) {
  if (!cluster_ || header.cluster == cluster_ || !holds(Guard::kForeignCluster)) return false;
  problem_ =
      "etcd cluster " + to_text(header.cluster) + " answers where cluster " + to_text(cluster_) + " was expected: nothing is changed";
  return true;
}

void EtcdView::took_status(const Now& now, const etcd::Result& result) {
  const auto* status = result ? std::get_if<etcd::Status>(&*result) : nullptr;
  if (status == nullptr) {
    own_error_ = result ? "unexpected answer" : result.error().message;
    return;
  }
  if (foreign(status->header)) return;
  if (!own_ || own_->header.member != status->header.member) ++version_;
  own_ = *status;
  own_at_ = now.boot;
  own_error_.clear();
  revision_ = status->header.revision;
}

void EtcdView::took_list(const Now& now, const etcd::MemberList& list, bool linearizable) {
  if (list.header.revision > revision_) revision_ = list.header.revision;
  if (list_ && list_->members == list.members) {
    list_->header = list.header;
  } else {
    bindings_complete_ = bindings_complete_ && !list_;
    list_ = list;
    ++version_;
  }
  list_at_ = now.boot;
  linearizable_ = linearizable;
  if (linearizable) list_as_of_ = list_asked_;
}

void EtcdView::took_keys(const Now& now, Step step, const etcd::RangeResult& range) {
  revision_ = std::max(revision_, range.header.revision);
  switch (step) {
    case Step::kDecision:
      return took_decision(now, range);
    case Step::kPaused:
      paused_create_ = range.kvs.empty() ? 0 : range.kvs.front().create_revision;
      return;
    case Step::kPatroni:
      patroni_initialized_ = !range.kvs.empty();
      patroni_paused_ = patroni_initialized_ && record::patroni_is_paused(range.kvs.front().value);
      return;
    case Step::kDatabase:
      if (!range.kvs.empty()) database_ = range.kvs.front().value;
      return;
    case Step::kFounded:
      founded_read_ = true;
      if (range.kvs.empty()) return;
      if (auto founded = record::founded_from_json(range.kvs.front().value)) {
        founded_ = *founded;
        ++version_;
      } else {
        problem_ = founded.error();
      }
      return;
    case Step::kNodes:
      return took_bindings(range);
    case Step::kHistory:
      return took_history(range);
    case Step::kOldest:
      history_overflow_ = range.kvs.empty() ? "" : range.kvs.front().key;
      return;
    case Step::kStatus:
    case Step::kList:
    case Step::kLocalList:
    case Step::kEnd:
      return;
  }
}

void EtcdView::took_decision(const Now& now, const etcd::RangeResult& range) {
  // Asked before our own transaction was answered, and answered after it: older than what is known.
  if (range.header.revision < static_cast<std::int64_t>(record_revision_.value)) return;
  record_.reset();
  const Epoch before = std::exchange(record_revision_, Epoch{});
  remover_.reset();
  remover_revision_ = 0;
  decision_as_of_ = decision_asked_;
  decision_revision_ = range.header.revision;
  problem_.clear();
  const etcd::KeyValue* referendum = nullptr;
  for (const etcd::KeyValue& kv : range.kvs) {
    if (kv.key == record::referendum_key(app_)) referendum = &kv;
    if (kv.key == record::record_key(app_)) {
      record_revision_ = Epoch{static_cast<std::uint64_t>(kv.mod_revision)};
      const auto& parsed = record_parsed_.of(kv.value, record::record_from_json);
      if (parsed) {
        record_ = *parsed;
      } else {
        problem_ = "the decision record in etcd cannot be read, so nothing is decided or carried out: " + parsed.error();
      }
    } else if (kv.key == record::remover_key(app_)) {
      remover_revision_ = revision_of_remover_key(kv);
      const auto& parsed = remover_parsed_.of(kv.value, record::remover_from_json);
      remover_ = parsed ? *parsed : record::RemoverKey{};
      if (!parsed) problem_ = "the remover key in etcd cannot be read, so nobody can be remover until it is gone: " + parsed.error();
    }
  }
  if (record_revision_ != before) record_changed_at_ = now.boot;
  took_referendum(referendum);
}

// Nothing but this one ballot rests on it: a malformed one is counted and dropped.
void EtcdView::took_referendum(const etcd::KeyValue* kv) {
  const std::int64_t revision = kv == nullptr ? 0 : kv->mod_revision;
  if (std::exchange(referendum_revision_, revision) == revision) return;
  referendum_.reset();
  if (kv == nullptr) return;
  if (auto ballot = record::ballot_from_json(kv->value)) {
    referendum_ = std::move(*ballot);
  } else {
    ++malformed_referendums_;
  }
}

void EtcdView::took_bindings(const etcd::RangeResult& range) {
  bindings_.clear();
  ++version_;
  for (const etcd::KeyValue& kv : range.kvs) {
    if (auto binding = record::binding_from_json(kv.value)) bindings_[binding->member] = *binding;
  }
  const auto bound = [this](const etcd::Member& member) { return bindings_.count(member.id) > 0; };
  bindings_complete_ = list_ && std::all_of(list_->members.begin(), list_->members.end(), bound);
}

// Closed decisions never change: those that are known are not parsed again.
void EtcdView::took_history(const etcd::RangeResult& range) {
  std::map<std::string, record::Record> known;
  for (std::size_t i = 0; i < history_.size(); ++i) known.emplace(std::move(history_texts_[i]), std::move(history_[i]));
  history_.clear();
  history_texts_.clear();
  for (const etcd::KeyValue& kv : range.kvs) {
    if (auto node = known.extract(kv.value)) {
      history_.push_back(std::move(node.mapped()));
    } else if (auto entry = record::record_from_json(kv.value)) {
      history_.push_back(std::move(*entry));
    } else {
      continue;
    }
    history_texts_.push_back(kv.value);
  }
  history_count_ = range.count;
  history_overflow_.clear();
  // Read before our own transaction closed a decision, and answered after it: that decision is not in it, so it is read once more.
  const bool old = range.header.revision < static_cast<std::int64_t>(record_revision_.value);
  history_for_ = old ? Epoch{} : record_revision_;
  history_read_ = true;
}

void EtcdView::note_record(const Now& now, record::Record record, Epoch revision) {
  record_ = std::move(record);
  record_revision_ = revision;
  record_changed_at_ = now.boot;
  refresh_soon();
}

bool EtcdView::own_is_voter() const {
  if (!own_ || own_->learner || !own_error_.empty()) return false;
  return true;
}

verdict::Electorate EtcdView::electorate() const { return list_ ? electorate_of(*list_) : verdict::Electorate{}; }

const etcd::Member* EtcdView::find(MemberId id) const {
  if (!list_) return nullptr;
  for (const etcd::Member& member : list_->members) {
    if (member.id == id) return &member;
  }
  return nullptr;
}

const etcd::Member* EtcdView::find_by_peer_url(const std::string& url) const {
  if (!list_) return nullptr;
  for (const etcd::Member& member : list_->members) {
    if (std::find(member.peer_urls.begin(), member.peer_urls.end(), url) != member.peer_urls.end()) return &member;
  }
  return nullptr;
}

verdict::Bindings EtcdView::keys() const {
  verdict::Bindings result;
  for (const auto& [member, binding] : bindings_) result[member] = binding.node;
  return result;
}

}  // namespace fluxpg::supervisor
