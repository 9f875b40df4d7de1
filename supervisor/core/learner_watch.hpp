// How the one learner of a cluster gets on: every voter measures it itself, so that another remover forgets nothing (HOLES H24).
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace fluxpg::supervisor {

class LearnerWatch {
 public:
  // It is asked for its status now; `ours`: how far our own etcd has applied the log.
  void asked(const Now& now, MemberId learner, std::uint64_t ours) {
    if (learner != learner_) *this = LearnerWatch{learner, now.boot};
    due_ = std::exchange(ours_, ours);
    asked_at_ = now.boot;
  }
  void answered(const Now& now, MemberId member, std::uint64_t applied) {
    if (member != learner_) return;
    answered_at_ = asked_at_;  // an answer is as old as its question: it may have lain here while this process stood still
    has_all_ = due_ != 0 && applied >= due_;
    if (has_all_ || applied > applied_) moved_at_ = now.boot;
    applied_ = std::max(applied_, applied);
  }
  TimePoint asked_at() const { return asked_at_; }
  // Within the last 2 s it said that it has everything that we had at the look before.
  bool has_caught_up(const Now& now, MemberId member) const {
    return member == learner_ && has_all_ && now.boot - answered_at_ <= seconds(2);
  }
  // Since it last got on, or had nothing to catch up with; zero if it was never asked.
  Duration stuck_for(const Now& now, MemberId member) const { return member == learner_ ? now.boot - moved_at_ : Duration::zero(); }

  LearnerWatch() = default;

 private:
  LearnerWatch(MemberId learner, TimePoint now) : learner_(learner), moved_at_(now) {}

  MemberId learner_;
  std::uint64_t ours_ = 0;  // at the last look …
  std::uint64_t due_ = 0;   // … and at the one before
  std::uint64_t applied_ = 0;
  bool has_all_ = false;
  TimePoint asked_at_{};
  TimePoint answered_at_{};
  TimePoint moved_at_{};
};

}  // namespace fluxpg::supervisor
