#include "gossip/net/options.hpp"

#include <zmq.h>

namespace fluxpg::net {
namespace {

// Frames of up to four times the limit reach us and are counted; beyond that ZeroMQ cuts the connection, which nobody can count. The
// handshake's own frames need 512 bytes.
constexpr std::int64_t kCutFactor = 4;
constexpr std::int64_t kHandshakeFrame = 512;

}  // namespace

void set_common_options(Socket& socket, const TransportConfig& config) {
  socket.set(ZMQ_LINGER, 0);
  socket.set(ZMQ_IPV6, 0);
  socket.set(ZMQ_SNDHWM, config.high_water_mark);
  socket.set(ZMQ_RCVHWM, config.high_water_mark);
  socket.set(ZMQ_HANDSHAKE_IVL, static_cast<int>(to_ms(config.handshake_timeout)));
  socket.set(ZMQ_TCP_MAXRT, static_cast<int>(to_ms(config.unacknowledged)));
  // A host that vanished while nothing was under way to it: noticed after 2 minutes, so that its descriptor is not held for ever.
  socket.set(ZMQ_TCP_KEEPALIVE, 1);
  socket.set(ZMQ_TCP_KEEPALIVE_IDLE, 60);
  socket.set(ZMQ_TCP_KEEPALIVE_INTVL, 10);
  socket.set(ZMQ_TCP_KEEPALIVE_CNT, 6);
  socket.set_max_message(kCutFactor * static_cast<std::int64_t>(config.max_frame) + kHandshakeFrame);
}

}  // namespace fluxpg::net
