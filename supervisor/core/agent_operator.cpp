// What an operator types on this node, and what comes of it.
#include "supervisor/core/agent_impl.hpp"

namespace fluxpg::supervisor {

void Agent::Impl::take(const Now& now, const OperatorSays& input) {
  switch (input.what) {
    case OperatorSays::What::kPauseEvictions:
      return pause_evictions(true);
    case OperatorSays::What::kResumeEvictions:
      return pause_evictions(false);
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

void Agent::Impl::pause_evictions(bool paused) {
  const std::string key = record::paused_key(config_.app);
  const std::int64_t now_paused = view_.paused_create_revision();
  if (paused == (now_paused != 0)) return;
  const etcd::Write write = paused ? etcd::Write{etcd::Put{key, "{}", {}}} : etcd::Write{etcd::Delete{key}};
  out_.ask_own({Purpose::Part::kOperator, 0, {}}, etcd::Txn{{{etcd::Compare::What::kCreateRevision, key, now_paused}}, {write}},
               seconds(3));
}

}  // namespace fluxpg::supervisor
