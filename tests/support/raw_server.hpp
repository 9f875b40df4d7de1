// A TCP (or unix) server whose answers are raw bytes, so that a test can misbehave in every way that HTTP forbids.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace fluxpg::test {

// One accepted connection, as the test's script sees it. Every call gives up when the client has gone or the server stops.
class Connection {
 public:
  Connection(int fd, const std::atomic<bool>& stopping) : fd_(fd), stopping_(stopping) {}
  std::string read_request();         // up to the end of its body; empty: no more
  bool send(std::string_view bytes);  // false: the client has gone
  void hang();                        // until the client goes
  bool pause_ms(int ms);              // false: the client has gone

 private:
  bool readable(int ms) const;
  int fd_;
  const std::atomic<bool>& stopping_;
};

using Script = std::function<void(Connection&)>;

class RawServer {
 public:
  explicit RawServer(Script script, const std::string& unix_socket = "");
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  std::string url(const std::string& path = "/") const;
  int port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void serve();
  Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;
};

// A complete answer with a Content-Length.
std::string answer(const std::string& body, const std::string& status = "200 OK", const std::string& headers = "");
// A script that gives this answer to every request of every connection.
Script always(std::string bytes);
// A port of 127.0.0.1 on which nobody listens.
int closed_port();

}  // namespace fluxpg::test
