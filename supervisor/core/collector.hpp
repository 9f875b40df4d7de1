// The remover's side of a ballot: ask every voter, collect what comes back within the bound, count.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "gossip/verdict/tally.hpp"
#include "supervisor/core/outbox.hpp"
#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

class Collector {
 public:
  enum class State { kNone, kCollecting, kDead, kVetoed, kNotEnough };

  // Opens a ballot about `change.member`. `decides`: a verdict is to be carried out; else it only informs (a survey).
  void open(const Now& now, const World& world, record::Change change, bool decides, Random& random, Outbox& out);
  // A vote that somebody sent us; the caller hands our own in as well. It is signed, so the way it came does not matter.
  enum class Way { kGossip, kEtcd };
  void take(const Now& now, const World& world, const verdict::Vote& vote, Way way = Way::kGossip);
  // When the ballot is to be put into etcd as well: gossip brings too few votes for a verdict. kNever: it does not need to.
  TimePoint tries_etcd_at(const Now& now, const World& world) const;
  void tick(const Now& now, const World& world, Outbox& out);
  TimePoint next_deadline() const;

  bool busy() const { return state_ == State::kCollecting; }
  State state() const { return state_; }
  bool decides() const { return decides_; }
  const record::Change& change() const { return change_; }
  const verdict::Certificate& certificate() const { return certificate_; }
  const verdict::Tally& tally() const { return tally_; }
  TimePoint closed_at() const { return closed_at_; }
  // A ballot that was to decide about this member did not agree, not long ago: other changes get their turn before the next one.
  bool contested(const Now& now, MemberId member) const;
  // When the last ballot about this member was opened; TimePoint{}: never.
  TimePoint asked_about(MemberId member) const;
  // The verdict, if there is one yet, was taken up or dropped by the caller.
  void settle() { decides_ = decides_ && busy(); }
  std::optional<BallotView> view(const Now& now, const World& world) const;
  const std::map<std::string, std::uint64_t>& counters() const { return counters_; }

 private:
  void conclude(const Now& now, State state);
  void send(const World& world, Outbox& out) const;
  bool gossip_reaches_enough(const Now& now, const World& world) const;

  State state_ = State::kNone;
  bool decides_ = false;
  record::Change change_;
  verdict::Certificate certificate_;
  verdict::Tally tally_;
  std::vector<MemberId> by_etcd_;  // whose votes came that way
  TimePoint opened_at_{};
  TimePoint closed_at_{};
  TimePoint resend_at_ = kNever;
  Duration bound_{};
  std::map<MemberId, TimePoint> contested_until_;
  std::map<MemberId, TimePoint> asked_about_;  // of the voters
  std::map<std::string, std::uint64_t> counters_;
};

}  // namespace fluxpg::supervisor
