// A transport with its inbox, and a loop that drives several of them until something has happened.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gossip/net/transport.hpp"

namespace fluxpg::net {

inline TimePoint boot_now() {
  timespec t{};
  clock_gettime(CLOCK_BOOTTIME, &t);
  return TimePoint(seconds(t.tv_sec) + Duration(t.tv_nsec));
}

// Secrets of tests do not need Argon2: any 32 bytes are a master key.
inline CurveKeys keys_of(std::uint8_t secret) {
  MasterKey master;
  master.bytes.fill(secret);
  return curve_keys(master);
}

// A codec for one kind of message that carries one text.
inline gossip::Message say(const std::string& text) {
  gossip::Ping ping;
  ping.reply_to.address = text;
  return ping;
}
inline std::string text_of(const gossip::Message& message) { return std::get<gossip::Ping>(message).reply_to.address; }
inline Codec test_codec() {
  Codec codec;
  codec.encode = [](const gossip::Message& message) { return "say:" + text_of(message); };
  codec.decode = [](std::string_view bytes) -> Expected<gossip::Message, std::string_view> {
    if (bytes.substr(0, 4) != "say:") return unexpected(std::string_view("grammar"));
    return say(std::string(bytes.substr(4)));
  };
  return codec;
}

inline TransportConfig test_config(std::vector<std::uint8_t> secrets = {1}) {
  TransportConfig config;
  config.listen = {"127.0.0.1", 0};
  for (const std::uint8_t secret : secrets) config.keys.push_back(keys_of(secret));
  config.codec = test_codec();
  config.reconnect = milliseconds(20);
  config.reconnect_max = milliseconds(100);
  return config;
}

class Station {
 public:
  explicit Station(TransportConfig config = test_config()) {
    auto opened = Transport::open(
        std::move(config), [this](gossip::Route route, gossip::Message message) { on_message(route, message); },
        [this](const Endpoint& endpoint, bool refused) { lost.emplace_back(endpoint, refused); });
    if (!opened) throw std::runtime_error(opened.error());
    transport = std::move(*opened);
  }
  Endpoint endpoint() const { return transport->listening(); }
  void send(const gossip::Destination& to, const std::string& text) { transport->send(to, say(text)); }
  bool heard(const std::string& text) const { return count(text) > 0; }
  std::size_t count(const std::string& text) const {
    std::size_t n = 0;
    for (const auto& one : inbox) n += one.second == text ? 1U : 0U;
    return n;
  }
  std::size_t losses(const Endpoint& of, bool refused) const {
    std::size_t n = 0;
    for (const auto& one : lost) n += one == std::make_pair(of, refused) ? 1U : 0U;
    return n;
  }
  const Counters& counters() const { return transport->counters(); }

  std::unique_ptr<Transport> transport;
  bool echoes = false;  // answers everything over the route it came on
  std::vector<std::pair<gossip::Route, std::string>> inbox;
  std::vector<std::pair<Endpoint, bool>> lost;

 private:
  void on_message(gossip::Route route, const gossip::Message& message) {
    inbox.emplace_back(route, text_of(message));
    if (echoes) send(route, "echo of " + text_of(message));
  }
};

// Waits on the descriptors as a runtime would, at most `tick_ms` at a time. False: it did not happen within `limit`.
inline bool drive_until(const std::vector<Station*>& stations, const std::function<bool()>& happened, Duration limit = seconds(10),
                        int tick_ms = 20) {
  const TimePoint end = boot_now() + limit;
  while (boot_now() < end) {
    std::vector<pollfd> fds;
    for (Station* station : stations) {
      for (const int fd : station->transport->descriptors()) fds.push_back({fd, POLLIN, 0});
    }
    ::poll(fds.data(), fds.size(), tick_ms);
    for (Station* station : stations) station->transport->drive(boot_now());
    if (happened()) return boot_now() < end;
  }
  return false;
}

// A plain TCP socket that listens and never answers, as a stopped process does. With `full`, its queue is full and the system ignores
// further attempts, as a vanished host does.
class DeafListener {
 public:
  explicit DeafListener(bool full = false) : fds_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    EXPECT_EQ(::bind(fds_[0], generic(), size), 0);
    EXPECT_EQ(::listen(fds_[0], full ? 0 : 16), 0);
    EXPECT_EQ(::getsockname(fds_[0], generic(), &size), 0);
    for (int i = 0; full && i < 4; ++i) {
      fds_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      (void)::connect(fds_.back(), generic(), size);
    }
  }
  ~DeafListener() {
    for (const int fd : fds_) ::close(fd);
  }
  DeafListener(const DeafListener&) = delete;
  DeafListener& operator=(const DeafListener&) = delete;
  Endpoint endpoint() const { return {"127.0.0.1", ntohs(address_.sin_port)}; }
  // Waits until somebody has connected.
  bool has_caller() const {
    pollfd waiting{fds_.front(), POLLIN, 0};
    return ::poll(&waiting, 1, 5000) == 1;
  }
  // Takes the next caller, waits for its first bytes, and hangs up on it. False: none came in 5 s.
  bool hang_up_on_the_next() const {
    if (!has_caller()) return false;
    const int caller = ::accept(fds_.front(), nullptr, nullptr);
    pollfd greeting{caller, POLLIN, 0};
    const bool greeted = ::poll(&greeting, 1, 5000) == 1;
    ::close(caller);
    return greeted;
  }
  // Takes the next caller and waits until it hangs up. False: it did not within 5 s.
  bool is_left_by_the_next() const {
    if (!has_caller()) return false;
    const int caller = ::accept(fds_.front(), nullptr, nullptr);
    pollfd end{caller, POLLRDHUP, 0};
    const bool left = ::poll(&end, 1, 5000) == 1;
    ::close(caller);
    return left;
  }

 private:
  sockaddr* generic() { return reinterpret_cast<sockaddr*>(&address_); }
  sockaddr_in address_{};
  std::vector<int> fds_;
};

// A port on which nobody listens (the system does not hand it out again soon).
inline Endpoint nobody() { return DeafListener().endpoint(); }

}  // namespace fluxpg::net
