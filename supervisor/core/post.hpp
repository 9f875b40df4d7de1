// Ballots and votes by way of etcd, when gossip does not carry them (HOLES H18): votes are signed, so the way does not matter.
//
// The opener puts its ballot under one key, bound to its remover's lease; whoever reads it there leaves its vote under a key of its own,
// bound to a lease of 30 s. Nothing about a ballot changes by that: voters gather their evidence after it arrived, and the opener counts a
// vote by its own clock, its nonce and its signature. Where gossip brings enough votes, nothing is written.
#pragma once

#include <map>
#include <string>

#include "supervisor/core/collector.hpp"
#include "supervisor/core/lease.hpp"

namespace fluxpg::supervisor {

class Post {
 public:
  // The opener's side: puts the ballot there when it is due, then looks for votes until the ballot is over.
  void tick(const Now& now, const World& world, const RemoverLease& lease, const Collector& collector, Outbox& out);
  // The voter's side: the ballot in etcd, if it is another's and not seen before; nullptr otherwise.
  const verdict::Ballot* arrived(const World& world);
  // That one is answered in etcd too.
  bool asks_for(const Nonce& ballot) const { return ballot == asked_; }
  void leave_vote(const verdict::Vote& vote, Outbox& out);
  // The ballot of the vote that is to be left, and its end: what was heard of the victim since it was signed makes it untrue.
  const Nonce& leaving() const { return vote_.ballot; }
  void withdraw() { vote_ = {}; }
  void handle(const Now& now, const World& world, const Purpose& purpose, const etcd::Result& result, Collector& collector, Outbox& out);
  TimePoint next_deadline() const { return next_; }
  const std::map<std::string, std::uint64_t>& counters() const { return counters_; }

 private:
  enum class Step : std::uint32_t { kPutBallot, kReadVotes, kGrant, kPutVote };
  void ask(Step step, const Nonce& ballot, etcd::Call call, Outbox& out);
  void took_votes(const Now& now, const World& world, const etcd::RangeResult& range, Collector& collector);
  void put_vote(const World& world, etcd::LeaseId lease, Outbox& out);

  // opener
  Nonce put_;               // the ballot that lies in etcd
  std::int64_t seen_ = 0;   // votes of this revision and before are known, or older than the ballot
  bool under_way_ = false;  // putting, or reading
  TimePoint not_before_{};  // the next try, or the next look
  TimePoint next_ = kNever;
  // voter
  std::int64_t read_ = 0;  // the revision of the last ballot that was seen
  Nonce asked_;
  verdict::Vote vote_;  // the latest, until its lease is granted
  bool granting_ = false;

  std::map<std::string, std::uint64_t> counters_;
};

}  // namespace fluxpg::supervisor
