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

// How messages become bytes is gossip/wire's business: it is passed in. The reason why bytes are refused is a short stable name.
struct Codec {
  std::function<std::string(const gossip::Message&)> encode;
  std::function<Expected<gossip::Message, std::string_view>(std::string_view)> decode;
};

struct TransportConfig {
  Endpoint listen;  // 0.0.0.0:7946; port 0 = any free one, see listening()
  // One per valid secret, the active one first: the server key comes from the first, ZAP accepts the client key of any, a client whose
  // handshake fails tries the next.
  std::vector<CurveKeys> keys;
  Codec codec;

  // Connections that we open; the longest unused is closed first. Each takes 4 descriptors. Range 1 … 4096.
  std::size_t max_peers = 512;
  // Connections opened by others that can still be answered; the longest unused is forgotten first. Range 1 … 65536.
  std::size_t max_routes = 4096;
  // Bytes of a message. Longer ones are dropped and counted; four times longer, and ZeroMQ cuts the connection. Range 1 KB … 16 MB.
  std::size_t max_frame = 64 * 1024;
  // Messages queued per peer and direction while the connection is up; further ones are dropped. More = longer bursts survive, and a
  // stopped peer finds more stale messages when it continues. Range 1 … 10000.
  int high_water_mark = 64;
  // Messages that wait for a connection to come up, and for how long. Longer = fewer first messages lost, but staler. Range 0 … 1000, 0 …
  // 10 s.
  std::size_t max_waiting = 8;
  Duration waiting_age = seconds(1);
  // Pause after the first failed attempt; doubles up to reconnect_max. Range 10 ms … 10 s, … 60 s.
  Duration reconnect = milliseconds(100);
  Duration reconnect_max = seconds(2);
  // A TCP connection attempt without an answer is given up. A failure within half of it is called refused. Range 200 ms … 60 s.
  Duration connect_timeout = seconds(2);
  // A connection that does not finish its CURVE handshake is closed, on both sides. Range 100 ms … 60 s.
  Duration handshake_timeout = seconds(3);
  // Data that stays unacknowledged by the other host for so long ends the connection (TCP_USER_TIMEOUT). Range 1 s … 10 min.
  Duration unacknowledged = seconds(10);
  Duration idle_close = minutes(5);  // a connection of ours without traffic for this long is closed. Range 1 s … 1 day
  // Messages taken per socket and drive(): a flood cannot keep the loop busy for ever; the rest waits for the next call.
  // Range 1 … 100000.
  std::size_t max_per_drive = 1024;
};

// What was done, and what was dropped and counted, never acted on. Names are stable: they appear in status and metrics.
struct Counters {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t bytes_sent = 0;  // payload bytes
  std::uint64_t bytes_received = 0;
  std::uint64_t send_dropped = 0;                  // queue full, peer down, message too long, or an address that is none
  std::uint64_t stale_route = 0;                   // the connection to answer on is gone
  std::uint64_t auth_refused = 0;                  // ZAP: unknown client key
  std::uint64_t handshake_failed = 0;              // either side: another secret, another protocol, or silence
  std::map<std::string, std::uint64_t> malformed;  // "oversized", "multipart", and the decoder's reasons: "version", "grammar", …
};

class Transport {
 public:
  using OnMessage = std::function<void(gossip::Route, gossip::Message)>;
  // refused = false: an established connection broke. refused = true: an attempt to connect was refused; told once per attempt. An attempt
  // that is never answered tells nothing, nor does a failed handshake.
  using OnLost = std::function<void(const Endpoint&, bool refused)>;

  // The error is one sentence naming the address: a port that is taken, an address that is not ours.
  static Expected<std::unique_ptr<Transport>, std::string> open(TransportConfig config, OnMessage on_message, OnLost on_lost);
  ~Transport();

  // Never blocks; what cannot go out is dropped and counted. May be called from the callbacks.
  void send(const gossip::Destination& to, const gossip::Message& message);

  // For the poll loop: descriptors that become readable when drive() has work. The set changes with the peers: ask before each wait.
  // drive() is also to be called after wait_at_most(): attempts to connect and idle times depend on it.
  std::vector<int> descriptors() const;
  // All callbacks come from here.
  Duration wait_at_most() const;
  void drive(TimePoint now);
  Endpoint listening() const;
  const Counters& counters() const;

 private:
  class Impl;
  explicit Transport(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fluxpg::net
