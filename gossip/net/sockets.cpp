#include "gossip/net/sockets.hpp"

#include <zmq.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.hpp"

namespace fluxpg::net {

Context::Context(std::size_t max_sockets) : handle_(zmq_ctx_new()) {
  CHECK(handle_ != nullptr);
  zmq_ctx_set(handle_, ZMQ_MAX_SOCKETS, static_cast<int>(max_sockets));
  zmq_ctx_set(handle_, ZMQ_BLOCKY, 0);  // linger 0 for every socket: leaving never waits for a peer
}

Context::~Context() { zmq_ctx_term(handle_); }

Socket::Socket(const Context& context, int type) : handle_(zmq_socket(context.handle(), type)) {}

Socket::~Socket() {
  if (handle_ != nullptr) zmq_close(handle_);
}

Socket::Socket(Socket&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

void Socket::set(int option, int value) {
  if (handle_ != nullptr) CHECK(zmq_setsockopt(handle_, option, &value, sizeof value) == 0);
}

void Socket::set(int option, std::string_view value) {
  if (handle_ != nullptr) CHECK(zmq_setsockopt(handle_, option, value.data(), value.size()) == 0);
}

void Socket::set_max_message(std::int64_t bytes) {
  if (handle_ != nullptr) CHECK(zmq_setsockopt(handle_, ZMQ_MAXMSGSIZE, &bytes, sizeof bytes) == 0);
}

int Socket::bind(const std::string& address) { return zmq_bind(handle_, address.c_str()) == 0 ? 0 : zmq_errno(); }
int Socket::connect(const std::string& address) { return zmq_connect(handle_, address.c_str()) == 0 ? 0 : zmq_errno(); }

std::string Socket::last_endpoint() const {
  char text[256] = "";
  std::size_t size = sizeof text;
  if (zmq_getsockopt(handle_, ZMQ_LAST_ENDPOINT, text, &size) != 0) return "";
  return text;
}

int Socket::descriptor() const {
  int fd = -1;
  std::size_t size = sizeof fd;
  CHECK(zmq_getsockopt(handle_, ZMQ_FD, &fd, &size) == 0);
  return fd;
}

int Socket::events() const {
  int events = 0;
  std::size_t size = sizeof events;
  if (handle_ == nullptr || zmq_getsockopt(handle_, ZMQ_EVENTS, &events, &size) != 0) return 0;
  return events;
}

bool Socket::readable() const { return (events() & ZMQ_POLLIN) != 0; }
bool Socket::writable() const { return (events() & ZMQ_POLLOUT) != 0; }

Sent Socket::send(const std::vector<std::string_view>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const int flags = ZMQ_DONTWAIT | (i + 1 < parts.size() ? ZMQ_SNDMORE : 0);
    if (zmq_send(handle_, parts[i].data(), parts[i].size(), flags) < 0) return zmq_errno() == EHOSTUNREACH ? Sent::kNoRoute : Sent::kFull;
  }
  return Sent::kYes;
}

std::optional<std::vector<std::string>> Socket::receive() {
  if (handle_ == nullptr) return std::nullopt;
  std::vector<std::string> parts;
  bool more = true;
  while (more) {
    zmq_msg_t part;
    zmq_msg_init(&part);
    if (zmq_msg_recv(&part, handle_, ZMQ_DONTWAIT) < 0) {
      zmq_msg_close(&part);
      return std::nullopt;  // only ever before the first part: ZeroMQ hands out whole messages
    }
    if (parts.size() < kMaxParts) parts.emplace_back(static_cast<const char*>(zmq_msg_data(&part)), zmq_msg_size(&part));
    more = zmq_msg_more(&part) != 0;
    zmq_msg_close(&part);
  }
  return parts;
}

Monitor::Monitor(Context& context, Socket& watched, int events) {
  const std::string name = context.next_name();
  // The end of the watching is no event: it would be sent also when there is nobody to receive it.
  if (zmq_socket_monitor(watched.handle(), name.c_str(), events & ~ZMQ_EVENT_MONITOR_STOPPED) != 0) return;
  watched_ = watched.handle();
  events_ = Socket(context, ZMQ_PAIR);
  events_.set(ZMQ_RCVHWM, 0);
  if (events_ && events_.connect(name) != 0) events_ = Socket();
}

Monitor::~Monitor() {
  if (watched_ != nullptr) zmq_socket_monitor(watched_, nullptr, 0);
}

Monitor::Monitor(Monitor&& other) noexcept : watched_(std::exchange(other.watched_, nullptr)), events_(std::move(other.events_)) {}

Monitor& Monitor::operator=(Monitor&& other) noexcept {
  std::swap(watched_, other.watched_);
  events_ = std::move(other.events_);
  return *this;
}

std::optional<int> Monitor::next() {
  const auto parts = events_.receive();
  // Frame 1: 16 bits of event, 32 bits of value (a descriptor or an interval, never an errno); frame 2: the address.
  if (!parts || parts->front().size() != 6) return std::nullopt;
  std::uint16_t event = 0;
  std::memcpy(&event, parts->front().data(), sizeof event);
  return event;
}

}  // namespace fluxpg::net
