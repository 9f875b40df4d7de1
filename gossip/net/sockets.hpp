// ZeroMQ's context, sockets and monitors as values that never block and close themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fluxpg::net {

class Context {
 public:
  explicit Context(std::size_t max_sockets);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  void* handle() const { return handle_; }
  // A new name for an inproc endpoint.
  std::string next_name() { return "inproc://fluxpg-" + std::to_string(++names_); }

 private:
  void* handle_;
  std::uint64_t names_ = 0;
};

enum class Sent : std::uint8_t { kYes, kFull, kNoRoute };

// `type` and `option` are ZeroMQ's constants. A socket that could not be made (no descriptors left) is false and all its calls fail.
class Socket {
 public:
  Socket() = default;
  Socket(const Context& context, int type);
  ~Socket();
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  explicit operator bool() const { return handle_ != nullptr; }
  void* handle() const { return handle_; }

  void set(int option, int value);
  void set(int option, std::string_view value);
  void set_max_message(std::int64_t bytes);
  // 0, or an errno.
  int bind(const std::string& address);
  int connect(const std::string& address);
  std::string last_endpoint() const;
  int descriptor() const;

  bool readable() const;
  bool writable() const;
  Sent send(const std::vector<std::string_view>& parts);
  // All parts of the next message, of which those beyond kMaxParts are discarded; nothing if none waits.
  static constexpr std::size_t kMaxParts = 8;
  std::optional<std::vector<std::string>> receive();

 private:
  int events() const;
  void* handle_ = nullptr;
};

// What happens to the connections of a socket, as ZMQ_EVENT_* numbers. ZeroMQ's I/O thread reports by a send that blocks, for ever if need
// be, and with it every connection of the context: so the queue has no limit of its own, and a monitor that goes tells the watched socket
// first. That socket must therefore outlive its monitor.
class Monitor {
 public:
  Monitor() = default;
  Monitor(Context& context, Socket& watched, int events);
  ~Monitor();
  Monitor(Monitor&& other) noexcept;
  Monitor& operator=(Monitor&& other) noexcept;
  std::optional<int> next();
  const Socket& socket() const { return events_; }

 private:
  void* watched_ = nullptr;
  Socket events_;
};

}  // namespace fluxpg::net
