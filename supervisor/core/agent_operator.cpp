// What an operator types on this node, and what comes of it.
#include "supervisor/core/agent_impl.hpp"

namespace fluxpg::supervisor {

namespace {
constexpr Duration kWishLasts = minutes(10);  // then the operator has gone elsewhere, and may have said something else there
constexpr Duration kWishRetry = seconds(5);
}  // namespace

void Agent::Impl::take(const Now& now, const OperatorSays& input) {
  switch (input.what) {
    case OperatorSays::What::kPauseEvictions:
      return wish_paused(now, true);
    case OperatorSays::What::kResumeEvictions:
      return wish_paused(now, false);
    case OperatorSays::What::kFoundWithout:
      out_.warn("an operator says that a cluster may be founded without " + input.address);
      return founding_.without(input.address);
    case OperatorSays::What::kLeave:
      return leave_.begin(now, world(now), persistent_, out_);
    case OperatorSays::What::kCancelLeave:
      return leave_.cancel(persistent_, out_);
    case OperatorSays::What::kRecover:
      return recover(now, input.recover);
    case OperatorSays::What::kRejoin:
      return successor_.rejoin();
  }
}

void Agent::Impl::take(const Now& now, const SwitchoverAnswered& input) {
  (void)now;
  leave_.answered(input, persistent_, out_);
}

// A pause is asked for; a resume is of the very pause that is in force, never of one that is said later, elsewhere. Where etcd cannot be
// read just now, that is the one that is found once it can.
void Agent::Impl::wish_paused(const Now& now, bool paused) {
  pause_wish_ = PauseWish{paused, {}, now.boot, TimePoint{}};
  if (paused) {
    pause_wish_->replaces = 0;
  } else if (view_.keys_are_current(now)) {
    pause_wish_->replaces = view_.paused_create_revision();
  }
}

// Said while etcd has no quorum it would be lost without a trace: it is tried until etcd shows it.
void Agent::Impl::follow_pause_wish(const Now& now) {
  if (!pause_wish_) return;
  if (now.boot - pause_wish_->at > kWishLasts) {
    out_.warn(std::string("etcd took nothing for ten minutes: evictions are not ") + (pause_wish_->paused ? "paused" : "resumed"));
    return pause_wish_.reset();
  }
  if (!view_.keys_are_current(now) || now.boot < pause_wish_->retry_at) return;
  if (!pause_wish_->replaces) pause_wish_->replaces = view_.paused_create_revision();
  const bool nothing_to_end = !pause_wish_->paused && !view_.paused();
  if (nothing_to_end || view_.paused_create_revision() != pause_wish_->replaces) return pause_wish_.reset();
  pause_wish_->retry_at = now.boot + kWishRetry;
  const std::string key = record::paused_key(config_.app);
  const etcd::Write write = pause_wish_->paused ? etcd::Write{etcd::Put{key, "{}", {}}} : etcd::Write{etcd::Delete{key}};
  out_.ask_own({Purpose::Part::kOperator, 0, {}}, etcd::Txn{{{etcd::Compare::What::kCreateRevision, key, *pause_wish_->replaces}}, {write}},
               seconds(3));
}

}  // namespace fluxpg::supervisor
