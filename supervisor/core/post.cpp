#include "supervisor/core/post.hpp"

#include <algorithm>

namespace fluxpg::supervisor {

namespace {
constexpr Duration kVoteLives = seconds(30);
constexpr Duration kLookEvery = milliseconds(400);
constexpr Duration kTryAgain = milliseconds(500);
constexpr std::int64_t kMostVotes = 64;
}  // namespace

void Post::ask(Step step, const Nonce& ballot, etcd::Call call, Outbox& out) {
  out.ask_own({Purpose::Part::kPost, static_cast<std::uint32_t>(step), ballot}, std::move(call), seconds(2));
}

void Post::tick(const Now& now, const World& world, const RemoverLease& lease, const Collector& collector, Outbox& out) {
  next_ = kNever;
  if (under_way_ || !collector.busy() || !lease.held()) return;
  const verdict::Ballot& ballot = collector.certificate().ballot;
  const std::string& app = world.config.app;
  const bool there = put_ == ballot.id;
  const TimePoint due = there ? not_before_ : std::max(not_before_, collector.tries_etcd_at(now, world));
  if (now.boot < due) {
    next_ = due;
    return;
  }
  under_way_ = true;
  if (there) return ask(Step::kReadVotes, ballot.id, etcd::Range{record::votes_prefix(app), true, false, kMostVotes, false}, out);
  // Only the remover asks, and its ballot goes with its key.
  ask(Step::kPutBallot, ballot.id,
      etcd::Txn{{lease.is_ours(app)}, {etcd::Put{record::referendum_key(app), record::to_json(ballot), lease.id()}}}, out);
}

const verdict::Ballot* Post::arrived(const World& world) {
  if (std::exchange(read_, world.view.referendum_revision()) == world.view.referendum_revision()) return nullptr;
  const auto& ballot = world.view.referendum();
  if (!ballot || ballot->opener == world.self()) return nullptr;
  asked_ = ballot->id;
  return &*ballot;
}

void Post::leave_vote(const verdict::Vote& vote, Outbox& out) {
  vote_ = vote;
  if (std::exchange(granting_, true)) return;
  ask(Step::kGrant, vote.ballot, etcd::GrantLease{kVoteLives}, out);
}

// While its ballot stands: the key of a later one says that nobody waits for this vote any more.
void Post::put_vote(const World& world, etcd::LeaseId lease, Outbox& out) {
  const auto& ballot = world.view.referendum();
  if (!ballot || ballot->id != vote_.ballot) return;
  const std::string& app = world.config.app;
  const etcd::Compare stands{etcd::Compare::What::kModRevision, record::referendum_key(app), world.view.referendum_revision()};
  ask(Step::kPutVote, vote_.ballot, etcd::Txn{{stands}, {etcd::Put{record::vote_key(app, vote_.voter), record::to_json(vote_), lease}}},
      out);
}

void Post::handle(const Now& now, const World& world, const Purpose& purpose, const etcd::Result& result, Collector& collector,
                  Outbox& out) {
  switch (static_cast<Step>(purpose.step)) {
    case Step::kPutBallot: {
      under_way_ = false;
      not_before_ = now.boot + kTryAgain;
      const auto* txn = result ? std::get_if<etcd::TxnResult>(&*result) : nullptr;
      if (txn == nullptr || !txn->succeeded) return;
      put_ = purpose.tag;
      seen_ = txn->header.revision;
      ++counters_["verdict.ballots_by_etcd"];
      return;
    }
    case Step::kReadVotes:
      under_way_ = false;
      not_before_ = now.boot + kLookEvery;
      if (const auto* range = result ? std::get_if<etcd::RangeResult>(&*result) : nullptr) took_votes(now, world, *range, collector);
      return;
    case Step::kGrant: {
      granting_ = false;
      const auto* lease = result ? std::get_if<etcd::Lease>(&*result) : nullptr;
      if (lease != nullptr) put_vote(world, lease->id, out);
      return;
    }
    case Step::kPutVote:
      if (const auto* txn = result ? std::get_if<etcd::TxnResult>(&*result) : nullptr; txn != nullptr && txn->succeeded) {
        ++counters_["verdict.votes_left_in_etcd"];
      }
      return;
  }
}

// Older ones answer earlier ballots. What cannot be read is counted and dropped, whatever lies beside it.
void Post::took_votes(const Now& now, const World& world, const etcd::RangeResult& range, Collector& collector) {
  std::int64_t newest = seen_;
  for (const etcd::KeyValue& kv : range.kvs) {
    if (kv.mod_revision <= seen_) continue;
    newest = std::max(newest, kv.mod_revision);
    if (const auto vote = record::vote_from_json(kv.value)) {
      collector.take(now, world, *vote, Collector::Way::kEtcd);
    } else {
      ++counters_["verdict.malformed_votes"];
    }
  }
  seen_ = newest;
}

}  // namespace fluxpg::supervisor
