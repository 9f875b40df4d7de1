// What etcd says: our own member's health, the member list, and the keys that decisions depend on; read over and over, never assumed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gossip/verdict/tally.hpp"
#include "supervisor/core/outbox.hpp"
#include "supervisor/record/record.hpp"

namespace fluxpg::supervisor {

// The voters of a member list, in their order.
verdict::Electorate electorate_of(const etcd::MemberList& list);

// What tells one holder's remover key from another's: its last write. Whoever writes over a key leaves its create revision as it is.
std::int64_t revision_of_remover_key(const etcd::KeyValue& kv);

class EtcdView {
 public:
  EtcdView(std::string app, std::int64_t history_bound) : app_(std::move(app)), history_bound_(history_bound) {}

  // `remotes`: other members to read through while our own etcd is not a voter. `cluster`: whose data we hold; answers of another are
  // refused.
  void tick(const Now& now, const std::vector<EtcdTarget>& remotes, ClusterId cluster, Outbox& out);
  // False: etcd said what it had said before, and nothing had grown too old meanwhile.
  bool handle(const Now& now, const Purpose& purpose, const etcd::Result& result, Outbox& out);
  TimePoint next_deadline() const { return busy_ ? kNever : next_cycle_; }
  // Grows whenever the members, the bindings, the founding or our own member id may have become another.
  std::uint64_t version() const { return version_; }
  void refresh_soon() {
    next_cycle_ = TimePoint{};
    revision_read_ = -1;
  }
  // Our own transaction has just put this record.
  void note_record(const Now& now, record::Record record, Epoch revision);

  // ---- our own etcd ----
  const std::optional<etcd::Status>& own() const { return own_; }  // the latest answer, however old
  bool own_answers(const Now& now) const { return own_ && now.boot - own_at_ < seconds(3); }
  TimePoint own_at() const { return own_at_; }
  bool own_has_leader(const Now& now) const { return own_answers(now) && own_->leader; }
  const std::string& own_error() const { return own_error_; }
  bool own_is_voter() const;

  // ---- the cluster ----
  bool has_list() const { return list_.has_value(); }
  const etcd::MemberList& list() const { return *list_; }
  bool list_is_current(const Now& now) const { return list_ && linearizable_ && now.boot - list_at_ < seconds(8); }
  bool list_is_linearizable() const { return linearizable_; }
  verdict::Electorate electorate() const;
  const etcd::Member* find(MemberId id) const;
  const etcd::Member* find_by_peer_url(const std::string& url) const;

  // ---- keys ----
  bool keys_are_current(const Now& now) const { return keys_at_ != TimePoint{} && now.boot - keys_at_ < seconds(12); }
  // When the read of record and remover key was sent: what they show is at least as new.
  TimePoint decision_as_of() const { return decision_as_of_; }
  const std::optional<record::Record>& record() const { return record_; }
  Epoch record_revision() const { return record_revision_; }
  // The list was asked for after the record had become what record() shows: what is closed as done is in it.
  bool list_follows_record() const { return list_as_of_ > record_changed_at_; }
  const std::optional<record::RemoverKey>& remover() const { return remover_; }
  std::int64_t remover_revision() const { return remover_revision_; }  // as revision_of_remover_key() tells it; 0: there is none
  // A ballot whose votes gossip did not bring its opener. The revision is that of its key; 0: there is none.
  const std::optional<verdict::Ballot>& referendum() const { return referendum_; }
  std::int64_t referendum_revision() const { return referendum_revision_; }
  std::uint64_t malformed_referendums() const { return malformed_referendums_; }
  const std::optional<record::Founded>& founded() const { return founded_; }
  bool founded_read() const { return founded_read_; }
  bool paused() const { return paused_create_ != 0; }
  std::int64_t paused_create_revision() const { return paused_create_; }  // 0: not paused by an operator
  bool patroni_paused() const { return patroni_paused_; }
  bool patroni_initialized() const { return patroni_initialized_; }  // its dynamic configuration exists: some node has made the database
  const std::string& database() const { return database_; }          // the system identifier that Patroni keeps; empty: none known
  const std::map<MemberId, record::Binding>& bindings() const { return bindings_; }
  verdict::Bindings keys() const;
  const std::vector<record::Record>& history() const { return history_; }  // newest first, the latest 200
  // Holds every decision that was closed before the record became what record() shows: the budget counts them.
  bool history_is_current() const { return history_read_ && history_for_ == record_revision_; }
  // The oldest closed decision, once there are as many as are kept: the next close deletes it. Empty before.
  const std::string& history_overflow() const { return history_overflow_; }
  const std::string& problem() const { return problem_; }  // a malformed key, or answers of another cluster

 private:
  enum class Step : std::uint32_t {
    kStatus,
    kList,
    kLocalList,
    kDecision,
    kPaused,
    kPatroni,
    kDatabase,
    kFounded,
    kNodes,
    kHistory,
    kOldest,
    kEnd
  };
  void take(const Now& now, Step step, const etcd::Result& result, Outbox& out);
  void next(const Now& now, Step step, Outbox& out);
  void ask(Step step, etcd::Call call, Duration deadline, Outbox& out);
  void took_status(const Now& now, const etcd::Result& result);
  void took_list(const Now& now, const etcd::MemberList& list, bool linearizable);
  void took_keys(const Now& now, Step step, const etcd::RangeResult& range);
  void took_decision(const Now& now, const etcd::RangeResult& range);
  void took_referendum(const etcd::KeyValue* kv);
  void took_bindings(const etcd::RangeResult& range);
  void took_history(const etcd::RangeResult& range);
  bool foreign(const etcd::Header& header);

  // The last text and what it means: etcd is read over and over and mostly says the same.
  template <class Value>
  class Parsed {
   public:
    template <class Parse>
    const Expected<Value, std::string>& of(const std::string& text, Parse parse) {
      if (!value_ || text != text_) value_.emplace(parse(text));
      text_ = text;
      return *value_;
    }

   private:
    std::string text_;
    std::optional<Expected<Value, std::string>> value_;
  };

  std::string app_;
  std::uint64_t version_ = 0;
  std::int64_t history_bound_;
  bool busy_ = false;
  TimePoint next_cycle_{};
  TimePoint cycle_started_{};
  EtcdTarget target_;
  std::size_t remote_turn_ = 0;
  ClusterId cluster_;
  std::int64_t revision_ = 0;           // of etcd's store, as last heard
  std::int64_t revision_read_ = -1;     // at which the keys were read
  std::int64_t decision_revision_ = 0;  // at which the first of them was: a later change is read in the next cycle
  TimePoint keys_due_{};

  std::optional<etcd::Status> own_;
  TimePoint own_at_{};
  std::string own_error_;
  std::optional<etcd::MemberList> list_;
  TimePoint list_at_{};
  TimePoint list_asked_{};
  TimePoint list_as_of_{};
  bool linearizable_ = false;
  TimePoint keys_at_{};
  TimePoint decision_asked_{};
  TimePoint decision_as_of_{};
  std::optional<record::Record> record_;
  Parsed<record::Record> record_parsed_;
  Epoch record_revision_;
  TimePoint record_changed_at_{};
  Epoch history_for_;
  bool history_read_ = false;
  std::optional<record::RemoverKey> remover_;
  Parsed<record::RemoverKey> remover_parsed_;
  std::int64_t remover_revision_ = 0;
  std::optional<verdict::Ballot> referendum_;
  std::int64_t referendum_revision_ = 0;
  std::uint64_t malformed_referendums_ = 0;
  std::optional<record::Founded> founded_;
  bool founded_read_ = false;
  std::int64_t paused_create_ = 0;
  bool patroni_paused_ = false;
  bool patroni_initialized_ = false;
  std::string database_;
  std::map<MemberId, record::Binding> bindings_;
  bool bindings_complete_ = false;
  std::vector<record::Record> history_;
  std::vector<std::string> history_texts_;  // of each
  std::int64_t history_count_ = 0;
  std::string history_overflow_;
  std::string problem_;
};

}  // namespace fluxpg::supervisor
