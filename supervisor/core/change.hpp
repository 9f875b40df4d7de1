// One change of membership from decision to its end, by compare-and-swap on one record (DESIGN §6, HOLES correction 1, model/eviction.pml).
//
//   open    if the remover key is mine and the record unchanged since the ballot read it, then record = open {victim, electorate,
//   certificate} refute  victim alive, and I opened this, have not called yet, and the key is still mine call    MemberRemove through my
//   own etcd; immediately before: key and record read back, linearizable list = electorate close   done: the list shows it; void: it does
//   not, I have held the key for 60 s, and no call of mine is younger than that
//
// Nobody else ever closes a decision: a call of an earlier remover may still be under way, and etcd cannot be told to ignore it.
#pragma once

#include <optional>
#include <string>

#include "supervisor/core/lease.hpp"
#include "supervisor/core/outbox.hpp"
#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

class ChangeExecution {
 public:
  // Writes the decision. `revision` is the record's, as it was when the ballot was opened (or the plan was made).
  void open(const Now& now, const World& world, const RemoverLease& lease, record::Change change, verdict::Certificate certificate,
            verdict::Electorate electorate, Epoch revision, Outbox& out);
  // Carries the open decision on, whoever opened it. Does nothing without the key.
  void tick(const Now& now, const World& world, const RemoverLease& lease, Outbox& out);
  void handle(const Now& now, const World& world, const RemoverLease& lease, EtcdView& view, const Purpose& purpose,
              const etcd::Result& result, Outbox& out);

  bool busy() const { return step_ != Step::kIdle; }
  // What it does or waits for, for status; empty if there is nothing.
  const std::string& waits_for() const { return waits_for_; }
  // Why the open decision in etcd is not carried out; empty if it is.
  const std::string& flaw() const { return flaw_; }

 private:
  enum class Step : std::uint32_t { kIdle, kOpening, kStatus, kRemaining, kReadBack, kListing, kCalling, kClosing };
  static bool leave_stands(const World& world, const record::Record& record);
  bool victim_lives(const World& world, const record::Record& record) const;
  static std::string flaw_of(const World& world, const record::Record& record);
  bool mine(Epoch epoch, const RemoverLease& lease) const;
  void ask(Step step, etcd::Call call, Duration deadline, Outbox& out);
  void look(const Now& now, const World& world, const record::Record& record, Outbox& out);
  void ask_the_remaining(const Now& now, const World& world, const record::Record& record, Outbox& out);
  void read_back(const Now& now, const World& world, Outbox& out);
  void took_status(const Now& now, const World& world, const RemoverLease& lease, const etcd::Result& result, Outbox& out);
  void took_read_back(const Now& now, const World& world, const RemoverLease& lease, const etcd::RangeResult& range, Outbox& out);
  void took_list(const Now& now, const World& world, const RemoverLease& lease, const etcd::MemberList& list, Outbox& out);
  void took_call(const Now& now, const World& world, const RemoverLease& lease, EtcdView& view, const etcd::Result& result, Outbox& out);
  void done(const Now& now, const World& world, const RemoverLease& lease, const std::vector<etcd::Member>& members, Outbox& out);
  void close(const Now& now, const World& world, const RemoverLease& lease, const std::string& outcome, const std::string& detail,
             MemberId added, Outbox& out);
  static etcd::Call call_for(const record::Change& change);

  Step step_ = Step::kIdle;
  record::Record writing_;         // while kOpening or kClosing
  Epoch opened_;                   // the decision that this process opened …
  std::int64_t opened_under_ = 0;  // … under this remover key …
  bool uncalled_ = false;          // … and has not called yet
  Epoch epoch_;                    // the decision that is carried on …
  TimePoint epoch_since_{};        // … and since when we know of it: only younger signs of life speak against it
  TimePoint last_call_{};          // TimePoint{}: this process never called for `called_`
  Epoch called_;
  Epoch silent_;                     // the promotion whose learner's etcd, or the leave after which too few etcds, answered the last look
  std::vector<MemberId> remaining_;  // after a leave: voters whose etcd is still to be asked …
  MemberId asked_;                   // … the one that is being asked …
  std::size_t answered_ = 0;         // … and how many have answered
  Epoch unclear_;                    // the decision for which a call had no clear answer …
  TimePoint unclear_at_{};           // … when that was known, the last time
  TimePoint looked_at_key_{};        // when the read-back was sent
  TimePoint not_before_{};           // back-off after an answer that was not "done"
  std::string waits_for_;
  std::string flaw_;
  std::optional<std::pair<Epoch, std::uint64_t>> flaw_for_;  // the record's revision, and the view's version: that of the keys
};

}  // namespace fluxpg::supervisor
