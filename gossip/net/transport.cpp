#include "gossip/net/transport.hpp"

#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.hpp"
#include "gossip/net/doorkeeper.hpp"
#include "gossip/net/options.hpp"
#include "gossip/net/peer.hpp"
#include "gossip/net/routes.hpp"
#include "gossip/net/sockets.hpp"
#include "gossip/net/wakeup.hpp"

namespace fluxpg::net {
namespace {

// A peer holds a DEALER, the monitor's end and ZeroMQ's hidden one; a closed socket counts until ZeroMQ's reaper has had it.
std::size_t sockets_needed(std::size_t peers) { return 6 * peers + 16; }

// ZeroMQ reports attempts to connect without waking us. With every peer connected only idle times are left, and ten wake-ups a second for
// them would be a seventh of an idle daemon's work.
constexpr Duration kAttemptPeriod = milliseconds(100);
constexpr Duration kSettledPeriod = seconds(1);

std::string why_not(const Endpoint& listen, int error) {
  const std::string what = "gossip cannot listen on " + to_text(listen) + ": ";
  if (error == EADDRINUSE) return what + "another process has this port";
  if (error == EADDRNOTAVAIL || error == ENODEV) return what + "this machine does not have that address";
  return what + zmq_strerror(error);
}

}  // namespace

class Transport::Impl {
 public:
  Impl(TransportConfig config, OnMessage on_message, OnLost on_lost)
      : config_(std::move(config)),
        on_message_(std::move(on_message)),
        on_lost_(std::move(on_lost)),
        context_(sockets_needed(config_.max_peers)),
        doorkeeper_(context_, config_.keys),
        router_(context_, ZMQ_ROUTER),
        routes_(config_.max_routes) {
    set_common_options(router_, config_);
    router_.set(ZMQ_ROUTER_MANDATORY, 1);  // say that a route is gone instead of dropping silently; nothing blocks, see Socket::send
    router_.set(ZMQ_CURVE_SERVER, 1);
    router_.set(ZMQ_CURVE_SECRETKEY, config_.keys.front().server_secret);
    router_.set(ZMQ_ZAP_DOMAIN, kZapDomain);
    // Those that the doorkeeper refuses are counted there.
    if (router_) monitor_ = Monitor(context_, router_, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL);
  }

  int bind() {
    if (!router_ || !doorkeeper_.socket() || !monitor_.socket()) return EMFILE;
    if (!is_ipv4(config_.listen.address)) return EINVAL;
    wakeup_.set();  // new sockets announce nothing before they are looked at once
    const std::string port = config_.listen.port == 0 ? "*" : std::to_string(config_.listen.port);
    return router_.bind("tcp://" + config_.listen.address + ":" + port);
  }

  void send(const gossip::Destination& to, const gossip::Message& message) {
    std::string frame = config_.codec.encode(message);
    if (frame.size() > config_.max_frame) {
      ++counters_.send_dropped;
    } else if (const auto* endpoint = std::get_if<Endpoint>(&to)) {
      send_to_peer(*endpoint, std::move(frame));
    } else {
      send_back(std::get<gossip::Route>(to), std::move(frame));
    }
  }

  void drive(TimePoint now) {
    wakeup_.clear();
    counters_.auth_refused += doorkeeper_.serve();
    while (monitor_.next()) ++counters_.handshake_failed;
    read_router();
    drive_peers(now);
    deliver();
  }

  std::vector<int> descriptors() const {
    std::vector<int> result{wakeup_.descriptor(), router_.descriptor(), doorkeeper_.socket().descriptor(), monitor_.socket().descriptor()};
    for (const auto& [endpoint, peer] : peers_) peer.add_descriptors(result);
    return result;
  }

  Duration wait_at_most() const {
    const bool settled = std::all_of(peers_.begin(), peers_.end(), [](const auto& entry) { return entry.second.settled(); });
    return settled ? kSettledPeriod : kAttemptPeriod;
  }

  Endpoint listening() const {
    const std::string text = router_.last_endpoint();
    const auto endpoint = endpoint_from_text(std::string_view(text).substr(std::min<std::size_t>(text.size(), 6)));  // after tcp://
    return endpoint.value_or(config_.listen);
  }

  const Counters& counters() const { return counters_; }

 private:
  void send_to_peer(const Endpoint& endpoint, std::string frame) {
    // Addresses come from other nodes' gossip: a name would be looked up (slow), and ZeroMQ gives some characters a meaning.
    if (!is_ipv4(endpoint.address) || endpoint.port == 0) {
      ++counters_.send_dropped;
      return;
    }
    auto peer = peers_.find(endpoint);
    if (peer == peers_.end()) {
      make_room();
      peer = peers_.try_emplace(endpoint, context_, config_, counters_, endpoint).first;
      wakeup_.set();
    }
    peer->second.send(std::move(frame));
    if (peer->second.has_unread()) wakeup_.set();
  }

  void make_room() {
    if (peers_.size() < config_.max_peers) return;
    const auto longest_unused = std::min_element(peers_.begin(), peers_.end(),
                                                 [](const auto& a, const auto& b) { return a.second.last_used() < b.second.last_used(); });
    peers_.erase(longest_unused);
  }

  void send_back(gossip::Route route, std::string frame) {
    const Way* way = routes_.find(route);
    if (way == nullptr) {
      ++counters_.stale_route;
    } else if (const auto* endpoint = std::get_if<Endpoint>(way)) {
      if (const auto peer = peers_.find(*endpoint); peer != peers_.end()) {
        peer->second.send(std::move(frame));
        if (peer->second.has_unread()) wakeup_.set();
      } else {
        ++counters_.stale_route;
        routes_.forget(route);
      }
    } else {
      send_through_router(route, std::get<Incoming>(*way).routing_id, frame);
    }
  }

  void send_through_router(gossip::Route route, const std::string& routing_id, const std::string& frame) {
    switch (router_.send({routing_id, frame})) {
      case Sent::kYes:
        ++counters_.sent;
        counters_.bytes_sent += frame.size();
        break;
      case Sent::kFull:
        ++counters_.send_dropped;
        break;
      case Sent::kNoRoute:
        ++counters_.stale_route;
        routes_.forget(route);
        break;
    }
    if (router_.readable()) wakeup_.set();
  }

  void read_router() {
    for (std::size_t i = 0; i < config_.max_per_drive; ++i) {
      auto parts = router_.receive();
      if (!parts) return;
      Way way = Incoming{std::move(parts->front())};
      parts->erase(parts->begin());
      take(std::move(way), *parts);
    }
    wakeup_.set();  // there may be more, and ZeroMQ announces it no second time
  }

  void drive_peers(TimePoint now) {
    for (auto peer = peers_.begin(); peer != peers_.end();) {
      const Peer::News news = peer->second.drive(now);
      for (const auto& parts : news.messages) take(peer->first, parts);
      if (peer->second.has_unread()) wakeup_.set();
      if (news.lost || news.refused) lost_.emplace_back(peer->first, news.refused);
      peer = now - peer->second.last_used() > config_.idle_close ? peers_.erase(peer) : std::next(peer);
    }
  }

  void take(Way way, const std::vector<std::string>& parts) {
    if (parts.size() != 1) {
      ++counters_.malformed["multipart"];
      return;
    }
    const std::string& frame = parts.front();
    ++counters_.received;
    counters_.bytes_received += frame.size();
    if (frame.size() > config_.max_frame) {
      ++counters_.malformed["oversized"];
      return;
    }
    auto message = config_.codec.decode(frame);
    if (message) {
      received_.emplace_back(routes_.number(way), std::move(*message));
    } else {
      ++counters_.malformed[std::string(message.error())];
    }
  }

  // Last, and from lists of their own: the callbacks may send, and so add and remove peers.
  void deliver() {
    for (auto& [route, message] : std::exchange(received_, {})) on_message_(route, std::move(message));
    for (const auto& [endpoint, refused] : std::exchange(lost_, {})) on_lost_(endpoint, refused);
  }

  const TransportConfig config_;
  const OnMessage on_message_;
  const OnLost on_lost_;
  Counters counters_;
  Wakeup wakeup_;
  Context context_;  // before all sockets: it waits for them to be closed
  Doorkeeper doorkeeper_;
  Socket router_;
  Monitor monitor_;
  Routes routes_;
  std::map<Endpoint, Peer> peers_;
  std::vector<std::pair<gossip::Route, gossip::Message>> received_;
  std::vector<std::pair<Endpoint, bool>> lost_;
};

Expected<std::unique_ptr<Transport>, std::string> Transport::open(TransportConfig config, OnMessage on_message, OnLost on_lost) {
  CHECK(!config.keys.empty() && config.codec.encode && config.codec.decode && config.max_peers > 0 && config.max_routes > 0);
  const Endpoint listen = config.listen;
  auto impl = std::make_unique<Impl>(std::move(config), std::move(on_message), std::move(on_lost));
  if (const int error = impl->bind(); error != 0) return unexpected(why_not(listen, error));
  return std::unique_ptr<Transport>(new Transport(std::move(impl)));
}

Transport::Transport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Transport::~Transport() = default;

void Transport::send(const gossip::Destination& to, const gossip::Message& message) { impl_->send(to, message); }
std::vector<int> Transport::descriptors() const { return impl_->descriptors(); }
Duration Transport::wait_at_most() const { return impl_->wait_at_most(); }
void Transport::drive(TimePoint now) { impl_->drive(now); }
Endpoint Transport::listening() const { return impl_->listening(); }
const Counters& Transport::counters() const { return impl_->counters(); }

}  // namespace fluxpg::net
