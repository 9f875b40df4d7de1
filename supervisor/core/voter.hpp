// A voter's side of a ballot: gather fresh evidence about the victim after the ballot arrived, judge it, sign the answer.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "gossip/core/node.hpp"
#include "gossip/verdict/answer.hpp"
#include "supervisor/core/outbox.hpp"
#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

class Voter {
 public:
  // A finished answer and the way back.
  struct Answer {
    verdict::Vote vote;
    NodeId opener;
    std::optional<gossip::Route> route;
    verdict::Victim victim;
    bool outlived = false;  // "dead", and its etcd has answered since: it is repeated to nobody
  };

  // A ballot arrived (route: the way it came; nullopt: our own). True if the victim is to be probed through gossip now.
  bool open(const Now& now, const World& world, const verdict::Ballot& ballot, std::optional<gossip::Route> route, Outbox& out);
  // Somebody answered a nonce first-hand.
  void heard(const Now& now, const World& world, const gossip::Answered& answered);
  void handle(const Now& now, const Purpose& purpose, const etcd::Result& result);
  // What was answered to this ballot and may be said again; nullptr: nothing.
  const verdict::Vote* answer_to(const Nonce& ballot) const {
    const auto found = answered_.find(ballot);
    return found == answered_.end() || found->second.outlived ? nullptr : &found->second.vote;
  }
  // It was answered with "dead", and the victim's etcd has answered since.
  bool outlived(const Nonce& ballot) const {
    const auto found = answered_.find(ballot);
    return found != answered_.end() && found->second.outlived;
  }
  // Answers that are ready: on proof of life at once, else when the evidence wait is over.
  std::vector<Answer> tick(const Now& now, const World& world);
  TimePoint next_deadline() const;
  // A ballot about this very member was seen lately: it may not be remover meanwhile.
  bool under_ballot(const Now& now) const { return named_at_ != TimePoint{} && now.boot - named_at_ < seconds(10); }

  // An etcd answered, whatever it was asked: if it is the victim of an open ballot, that is life.
  void note_life(const etcd::Header& answered);

 private:
  enum class Step : std::uint32_t { kVictimStatus, kOwnList };
  struct Inquiry {
    verdict::Ballot ballot;
    std::optional<gossip::Route> route;
    TimePoint since;
    verdict::Findings findings;
    std::vector<verdict::Evidence> evidence;
    bool own_list_answered = false;
    bool status_answered = false;
    bool refused = false;         // one too many: it is answered at the next tick, and says nothing
    bool came_too_early = false;  // before this node knew its own seat: life may have passed by unnoticed since
  };
  static verdict::Vote vote(const Now& now, const World& world, const Inquiry& inquiry);

  std::map<Nonce, Inquiry> inquiries_;
  std::deque<Nonce> too_early_;
  std::map<Nonce, Answer> answered_;  // a repeated ballot gets the same answer
  std::vector<Nonce> answered_order_;
  TimePoint named_at_{};
  Duration wait_{};
};

}  // namespace fluxpg::supervisor
