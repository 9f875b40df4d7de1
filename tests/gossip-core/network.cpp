#include "tests/gossip-core/network.hpp"

#include <algorithm>
#include <map>

#include "gossip/core/precedence.hpp"
#include "gossip/wire/codec.hpp"

namespace fluxpg::gossip::test {

NodeId id_of(std::size_t index) {
  NodeId id;
  id.bytes.fill(static_cast<std::uint8_t>(0xa0 + index % 7));
  id.bytes[0] = static_cast<std::uint8_t>(index + 1);
  return id;
}

NodeInfo info_of(std::size_t index) {
  NodeInfo info;
  info.id = id_of(index);
  info.address = "198.18.0." + std::to_string(index + 1);
  info.name = "node-198-18-0-" + std::to_string(index + 1);
  info.version = "0.1.0";
  info.data = DataState::kHasEtcd;
  info.cluster = ClusterId{0x7384a1c09b5e2f4f};
  info.member = MemberId{0x8e9e05c521646900 + index};
  info.system_id = "7412345678901234567";
  info.postgres_role = "replica";
  return info;
}

Now at(Duration since_start) {
  const Duration t = since_start + seconds(1000);
  return Now{TimePoint(t), SteadyPoint(t), WallPoint(t)};
}

Network::Network(std::size_t nodes, std::uint64_t seed, Conditions conditions, Config config)
    : conditions_(conditions), config_(config), random_(seed) {
  std::vector<Endpoint> seeds;
  for (std::size_t i = 0; i < nodes; ++i) seeds.push_back(info_of(i).gossip_endpoint());
  for (std::size_t i = 0; i < nodes; ++i) {
    hosts_.push_back(Host{std::make_unique<Node>(config_, info_of(i), Incarnation{}, random_.next(), at(now_)), seeds[i], {}, true, {}});
    schedule(random_.below(milliseconds(500)), i, Seeds{seeds});
  }
}

void Network::schedule(Duration when, std::size_t host, Event event) { queue_.push(Happening{when, order_++, host, std::move(event)}); }

void Network::step() {
  Happening next = queue_.top();
  queue_.pop();
  now_ = next.when;
  Host& host = hosts_[next.host];
  if (!host.up) return;
  if (host.stalled_until > now_) {
    schedule(host.stalled_until, next.host, std::move(next.event));
    return;
  }
  if (std::holds_alternative<Tick>(next.event) && host.node->next_deadline() > at(now_).boot) return;  // a stale alarm
  inject(next.host, next.event);
}

void Network::inject(std::size_t index, const Event& event) {
  Host& host = hosts_[index];
  const TimePoint before = host.node->next_deadline();
  perform(index, host.node->handle(at(now_), event));
  const TimePoint after = host.node->next_deadline();
  if (after != before) schedule(now_ + std::max(Duration{}, after - at(now_).boot), index, Tick{});
}

void Network::perform(std::size_t index, const Effects& effects) {
  for (const Effect& effect : effects) {
    mix(effect.index() + 8 * index + 4096 * static_cast<std::uint64_t>(now_.count()));
    if (const auto* send = std::get_if<SendTo>(&effect)) transmit(index, *send);
    if (const auto* reserve = std::get_if<ReserveIncarnations>(&effect)) hosts_[index].reserved = reserve->limit;
    if (const auto* change = std::get_if<StateChanged>(&effect)) {
      changes_.push_back(Change{now_, index, change->id, change->to});
      for (std::size_t i = 0; i < hosts_.size(); ++i) {
        if (id_of(i) == change->id && is_gone(change->to) && hosts_[i].up && hosts_[i].stalled_until <= now_) ++false_deaths_;
      }
    }
  }
}

void Network::transmit(std::size_t from, const SendTo& sent) {
  const std::string frame = wire::encode(sent.message);
  for (const char c : frame) mix(static_cast<unsigned char>(c));
  bytes_ += frame.size();
  ++messages_;
  std::size_t to = hosts_.size();
  if (const auto* route = std::get_if<Route>(&sent.to)) to = route->value - 1;
  for (std::size_t i = 0; to == hosts_.size() && i < hosts_.size(); ++i) {
    if (Destination{hosts_[i].endpoint} == sent.to) to = i;
  }
  if (to == hosts_.size() || cuts_.contains({from, to}) || random_.below(100u) < conditions_.loss_percent) return;
  auto message = wire::decode(frame);
  CHECK(message && *message == sent.message);
  const Duration delay = conditions_.delay + random_.below(conditions_.jitter);
  schedule(now_ + delay, to, Received{Route{from + 1}, std::move(*message)});
}

void Network::run(Duration for_how_long) {
  const Duration end = now_ + for_how_long;
  while (!queue_.empty() && queue_.top().when <= end) step();
  now_ = end;
}

Duration Network::run_until(const std::function<bool()>& condition, Duration patience) {
  const Duration start = now_;
  while (now_ - start < patience && !condition()) run(milliseconds(10));
  return now_ - start;
}

void Network::kill(std::size_t index) {
  hosts_[index].up = false;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    if (i == index) continue;
    schedule(now_ + milliseconds(1), i, ConnectionLost{hosts_[index].endpoint, false});
    for (int retry = 0; retry < 5; ++retry) {
      schedule(now_ + milliseconds(180 + 500 * retry) + random_.below(milliseconds(20)), i, ConnectionLost{hosts_[index].endpoint, true});
    }
  }
}

void Network::vanish(std::size_t index) { hosts_[index].up = false; }

void Network::restart(std::size_t index, const NodeInfo& info) {
  Host& host = hosts_[index];
  host.up = true;
  host.endpoint = info.gossip_endpoint();
  host.node = std::make_unique<Node>(config_, info, host.reserved, random_.next(), at(now_));
  std::vector<Endpoint> seeds;
  for (const Host& other : hosts_) seeds.push_back(other.endpoint);
  schedule(now_, index, Seeds{seeds});
}

void Network::stall(std::size_t index, Duration for_how_long) { hosts_[index].stalled_until = now_ + for_how_long; }

void Network::part(const std::set<std::size_t>& side) {
  for (std::size_t a = 0; a < hosts_.size(); ++a) {
    for (std::size_t b = 0; b < hosts_.size(); ++b) {
      if (side.contains(a) != side.contains(b)) cut(a, b);
    }
  }
}

State Network::seen(std::size_t by, std::size_t subject) {
  const auto& members = hosts_[by].node->members();
  const auto it = members.find(id_of(subject));
  return it == members.end() ? State::kLeft : it->second.state;
}

bool Network::all_see(std::size_t subject, State state) {
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    if (i != subject && hosts_[i].up && seen(i, subject) != state) return false;
  }
  return true;
}

bool Network::all_see_all_alive() {
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    if (!all_see(i, State::kAlive)) return false;
  }
  return true;
}

}  // namespace fluxpg::gossip::test
