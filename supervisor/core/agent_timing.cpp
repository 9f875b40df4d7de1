// When the agent wants to be called. Most inputs bring no news and most ticks are gossip's: a step of all parts is taken when something
// new was heard, or when one of them is due.
#include "supervisor/core/agent_impl.hpp"

namespace fluxpg::supervisor {

namespace {
constexpr Duration kHeartbeat = milliseconds(500);
constexpr Duration kCalmHeartbeat = seconds(1);
}  // namespace

// With nothing under way and nobody missing the next step is mostly to see that it is still so.
Duration Agent::Impl::heartbeat_period() const {
  const bool decided = view_.record() && view_.record()->open();
  const bool calm = persistent_.chosen && !misses_a_voter_ && view_.remover() && !decided && seen_.etcd.state == Process::State::kRunning;
  return calm ? kCalmHeartbeat : kHeartbeat;
}

TimePoint Agent::Impl::step_due() const {
  return std::min({heartbeat_, view_.next_deadline(), lease_.next_deadline(), collector_.next_deadline(), voter_.next_deadline(),
                   post_.next_deadline()});
}

TimePoint Agent::Impl::next_deadline() const { return std::min(step_due(), gossip_.next_deadline()); }

}  // namespace fluxpg::supervisor
