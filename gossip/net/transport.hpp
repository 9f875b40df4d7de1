// Messages between nodes over ZeroMQ: one ROUTER that listens, a DEALER per peer, CURVE encryption and ZAP on every connection.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.hpp"
#include "base/expected.hpp"
#include "base/time.hpp"
#include "gossip/core/message.hpp"
#include "gossip/net/keys.hpp"

namespace fluxpg::net {

struct TransportConfig {
  Endpoint listen;                      // 0.0.0.0:7946
  std::vector<CurveKeys> keys;          // one per valid secret, the active one first: the server key comes from the first, ZAP accepts
                                        // the client key of any, a client whose handshake fails tries the next
  std::size_t max_peers = 512;          // DEALER sockets; the longest unused is closed first
  std::size_t max_frame = 64 * 1024;    // bytes; longer frames are dropped by ZeroMQ before we see them
  int high_water_mark = 64;             // messages queued per peer and direction; further ones are dropped
  Duration reconnect = milliseconds(100);       // first retry; doubles up to reconnect_max
  Duration reconnect_max = seconds(2);
  Duration idle_close = minutes(5);     // a DEALER without traffic for this long is closed
};

// What was dropped and counted, never acted on. Names are stable: they appear in status and metrics.
struct Counters {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t bytes_sent = 0;      // payload bytes
  std::uint64_t bytes_received = 0;
  std::uint64_t send_dropped = 0;    // queue full
  std::uint64_t auth_refused = 0;    // ZAP: unknown client key
  std::uint64_t handshake_failed = 0;
  std::map<std::string, std::uint64_t> malformed;  // by the decoder's reason: "version", "oversized", "grammar", …
};

class Transport {
 public:
  using OnMessage = std::function<void(gossip::Route, gossip::Message)>;
  using OnLost = std::function<void(const Endpoint&, bool refused)>;

  // The error is one sentence naming the address: a port that is taken, an address that is not ours.
  static Expected<std::unique_ptr<Transport>, std::string> open(TransportConfig config, OnMessage on_message, OnLost on_lost);
  ~Transport();

  void send(const gossip::Destination& to, const gossip::Message& message);

  // For the poll loop: descriptors that become readable when drive() has work (edge-triggered as ZeroMQ's are: drive() empties everything).
  std::vector<int> descriptors() const;
  void drive(TimePoint now);
  Counters counters() const;

 private:
  class Impl;
  explicit Transport(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fluxpg::net
