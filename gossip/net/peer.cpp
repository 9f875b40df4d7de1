#include "gossip/net/peer.hpp"

#include <zmq.h>

#include <algorithm>

#include "gossip/net/options.hpp"

namespace fluxpg::net {

Peer::Peer(Context& context, const TransportConfig& config, Counters& counters, Endpoint endpoint)
    : context_(context), config_(config), counters_(counters), endpoint_(std::move(endpoint)) {}

void Peer::begin_attempt(TimePoint now) {
  const CurveKeys& keys = config_.keys[key_];
  drop_connection();
  dealer_ = Socket(context_, ZMQ_DEALER);
  set_common_options(dealer_, config_);
  dealer_.set(ZMQ_IMMEDIATE, 1);  // nothing queues in ZeroMQ for a peer that is not connected
  dealer_.set(ZMQ_RECONNECT_IVL, -1);
  dealer_.set(ZMQ_CONNECT_TIMEOUT, static_cast<int>(to_ms(config_.connect_timeout)));
  dealer_.set(ZMQ_CURVE_SERVERKEY, keys.server_public);
  dealer_.set(ZMQ_CURVE_PUBLICKEY, keys.client_public);
  dealer_.set(ZMQ_CURVE_SECRETKEY, keys.client_secret);
  monitor_ = Monitor(context_, dealer_, ZMQ_EVENT_ALL);
  since_ = now;
  syn_sent_ = false;
  state_ = State::kConnecting;
  if (!dealer_ || !monitor_.socket() || dealer_.connect("tcp://" + to_text(endpoint_)) != 0) pause(now);
}

void Peer::drop_connection() {
  monitor_ = Monitor();  // first: it needs the socket that it watches
  dealer_ = Socket();
}

void Peer::pause(TimePoint now) {
  drop_connection();
  state_ = State::kPausing;
  retry_at_ = now + std::min(config_.reconnect * (std::int64_t{1} << std::min(failures_, 20)), config_.reconnect_max);
  ++failures_;
}

void Peer::send(std::string frame) {
  last_used_ = kNever;
  flush();
  if (waiting_.empty() && transmit(frame)) return;
  if (state_ == State::kUp || config_.max_waiting == 0) {  // up, but not writable: the peer does not read
    ++counters_.send_dropped;
    return;
  }
  if (waiting_.size() >= config_.max_waiting) {
    waiting_.pop_front();
    ++counters_.send_dropped;
  }
  waiting_.push_back({std::move(frame)});
}

void Peer::flush() {
  while (!waiting_.empty() && transmit(waiting_.front().frame)) waiting_.pop_front();
}

void Peer::drop_stale(TimePoint now) {
  for (Waiting& one : waiting_) one.since = std::min(one.since, now);
  while (!waiting_.empty() && now - waiting_.front().since > config_.waiting_age) {
    waiting_.pop_front();
    ++counters_.send_dropped;
  }
}

bool Peer::transmit(const std::string& frame) {
  // Asking first lets the socket notice a connection that has just come up.
  if (!dealer_.writable() || dealer_.send({frame}) != Sent::kYes) return false;
  ++counters_.sent;
  counters_.bytes_sent += frame.size();
  return true;
}

void Peer::read(TimePoint now, News& news) {
  while (news.messages.size() < config_.max_per_drive) {
    auto message = dealer_.receive();
    if (!message) return;
    last_used_ = now;
    news.messages.push_back(std::move(*message));
  }
}

Peer::News Peer::drive(TimePoint now) {
  News news;
  last_used_ = std::min(last_used_, now);
  if (state_ == State::kPausing && now >= retry_at_) begin_attempt(now);
  if (state_ != State::kPausing) {
    const Outcome outcome = look(now);
    read(now, news);  // also after the connection has ended: what it brought is valid
    if (outcome != Outcome::kNone) end_attempt(now, outcome, news);
  }
  drop_stale(now);
  flush();
  return news;
}

Peer::Outcome Peer::look(TimePoint now) {
  while (const auto event = monitor_.next()) {
    const Outcome outcome = outcome_of(*event, now);
    if (outcome != Outcome::kNone) return outcome;
  }
  // ZeroMQ ends every attempt itself, except when it runs out of descriptors: then it says nothing at all.
  const Duration longest = config_.connect_timeout + config_.handshake_timeout + seconds(1);
  return state_ == State::kConnecting && now - since_ > longest ? Outcome::kUnreachable : Outcome::kNone;
}

// The order of events is measured: README.md.
Peer::Outcome Peer::outcome_of(int event, TimePoint now) {
  switch (event) {
    case ZMQ_EVENT_CONNECT_DELAYED:
      syn_sent_ = true;
      return Outcome::kNone;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      state_ = State::kUp;
      since_ = now;
      keys_refused_ = 0;
      return Outcome::kNone;
    case ZMQ_EVENT_CLOSED:
      return syn_sent_ && now - since_ < config_.connect_timeout / 2 ? Outcome::kRefused : Outcome::kUnreachable;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      return Outcome::kHandshakeFailed;
    case ZMQ_EVENT_DISCONNECTED:  // before the handshake's end: the other side does not speak ZeroMQ
      return state_ == State::kUp ? Outcome::kLost : Outcome::kHandshakeFailed;
    default:
      return Outcome::kNone;
  }
}

void Peer::end_attempt(TimePoint now, Outcome outcome, News& news) {
  bool at_once = false;
  if (outcome == Outcome::kLost) {
    news.lost = true;
    // A killed process refuses the next attempt within milliseconds. A connection that keeps breaking at once waits like any failure.
    at_once = now - since_ >= config_.reconnect;
    failures_ = 0;
  } else if (outcome == Outcome::kRefused) {
    news.refused = true;
  } else if (outcome == Outcome::kHandshakeFailed) {
    ++counters_.handshake_failed;
    key_ = (key_ + 1) % config_.keys.size();
    at_once = ++keys_refused_ < config_.keys.size();
    if (!at_once) keys_refused_ = 0;
  }
  if (at_once) {
    begin_attempt(now);
  } else {
    pause(now);
  }
}

void Peer::add_descriptors(std::vector<int>& out) const {
  if (dealer_) out.push_back(dealer_.descriptor());
  if (monitor_.socket()) out.push_back(monitor_.socket().descriptor());
}

}  // namespace fluxpg::net
