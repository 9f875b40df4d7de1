#include "gossip/core/node.hpp"

#include <algorithm>

#include "gossip/core/impl.hpp"
#include "gossip/core/precedence.hpp"

namespace fluxpg::gossip {

Node::Impl::Impl(Config config, NodeInfo self, Incarnation limit, std::uint64_t seed, const Now& now)
    : deadline_(now.boot),
      self_(std::move(self)),
      links_(self_.id, (limit.value + 1) << 20),  // a million changes per incarnation before two lives could mix
      health_(now),
      config_(config),
      random_(seed),
      now_(now),
      reserved_(limit),
      rumors_(4 * config.max_members),
      probes_(config.max_pending_probes) {
  self_.incarnation = Incarnation{limit.value + 1};
}

void Node::Impl::start() {
  started_ = true;
  next_probe_ = now_.boot + random_.below(config_.probe_period);
  next_sync_ = now_.boot + random_.below(config_.sync_period);
  next_seed_ = now_.boot;
  next_revive_ = now_.boot + random_.below(config_.revive_period);
  raise_incarnation(self_.incarnation);
}

void Node::Impl::begin(const Now& now) {
  now_ = now;
  if (!started_) {
    start();
  } else if (const Duration lost = health_.observe(config_, now, deadline_); lost > Duration{}) {
    probes_.excuse(lost, config_.probe_timeout);
    for (auto& [id, suspicion] : suspicions_) suspicion.excuse(lost, now.boot, config_.probe_timeout);
  }
}

Effects Node::Impl::handle(const Now& now, const Event& event) {
  begin(now);
  // The event first: an answer that arrived together with its deadline is an answer.
  std::visit([this](const auto& e) { on(e); }, event);
  run_timers();
  return finish();
}

Effects Node::Impl::receive(const Now& now, Route route, const Message& message) {
  begin(now);
  take(route, message);
  run_timers();
  return finish();
}

Effects Node::Impl::announce(const Now& now, NodeInfo info) {
  now_ = now;
  info.id = self_.id;
  info.incarnation = self_.incarnation;
  if (!started_) {
    self_ = std::move(info);
    start();
  } else if (info != self_) {
    self_ = std::move(info);
    raise_incarnation(Incarnation{self_.incarnation.value + 1});
  }
  return finish();
}

Effects Node::Impl::finish() {
  flush_urgent();
  deadline_ = first_deadline();
  return std::exchange(effects_, {});
}

void Node::Impl::send(Destination to, Message&& message) {
  if (effects_.empty()) effects_.reserve(kMostly);
  effects_.emplace_back(SendTo{std::move(to), std::move(message)});
}

void Node::Impl::take(Route route, const Message& message) {
  std::visit(
      [&](const auto& what) {
        if constexpr (requires { receive(what, route); }) receive(what, route);
      },
      message);
}

// A refusal is the operating system's word that nothing listens there. It is believed once per link: a path that keeps refusing while
// others do hear the member (a firewall) shows in the matrix and must not accuse it again and again.
void Node::Impl::on(const ConnectionLost& lost) {
  for (auto& [id, member] : members_) {
    if (is_gone(member.state) || !member.info.listens_at(lost.endpoint)) continue;
    if (lost.refused) {
      const LinkState before = links_.state(id);
      links_.set(id, LinkState::kRefused);
      if (before == LinkState::kOk || before == LinkState::kSuspect) accuse(id, "connection refused");
    }
    probe(id);
  }
}

void Node::Impl::on(const Seeds& seeds) {
  seeds_ = seeds.endpoints;
  if (seeds_.size() > config_.max_seeds) seeds_.resize(config_.max_seeds);
  knock_at_seeds();
}

void Node::Impl::on(const ProbeNow& wish) {
  if (find(wish.target) != nullptr) ask_member(wish.target, wish.wants_statement);
}

Node::Node(Config config, NodeInfo self, Incarnation incarnation_limit, std::uint64_t seed, const Now& now)
    : impl_(std::make_unique<Impl>(config, std::move(self), incarnation_limit, seed, now)) {}
Node::~Node() = default;
Node::Node(Node&&) noexcept = default;
Node& Node::operator=(Node&&) noexcept = default;

Effects Node::handle(const Now& now, const Event& event) { return impl_->handle(now, event); }
Effects Node::receive(const Now& now, Route route, const Message& message) { return impl_->receive(now, route, message); }
TimePoint Node::next_deadline() const { return impl_->deadline_; }
Effects Node::announce(const Now& now, NodeInfo info) { return impl_->announce(now, std::move(info)); }
void Node::set_statement_source(StatementSource source, void* context) {
  impl_->statement_source_ = source;
  impl_->statement_context_ = context;
}
const NodeInfo& Node::self() const { return impl_->self_; }
const std::map<NodeId, MemberView>& Node::members() const { return impl_->members_; }
std::uint64_t Node::version() const { return impl_->version_; }
const std::map<NodeId, LinkRow>& Node::links() const { return impl_->links_.rows(); }
int Node::ill_health() const { return impl_->health_.level(); }

}  // namespace fluxpg::gossip
