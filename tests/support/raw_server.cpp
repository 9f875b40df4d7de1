#include "tests/support/raw_server.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/check.hpp"

namespace fluxpg::test {
namespace {

template <class Address>
void bind_to(int fd, const Address& address) {
  CHECK(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

int bind_loopback(int fd) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bind_to(fd, address);
  socklen_t size = sizeof address;
  CHECK(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.sin_port);
}

std::size_t content_length(const std::string& head) {
  const std::size_t at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
}

}  // namespace

bool Connection::readable(int ms) const {
  pollfd p{fd_, POLLIN, 0};
  for (int waited = 0; waited < ms && !stopping_; waited += 10) {
    if (poll(&p, 1, std::min(10, ms)) > 0) return true;
  }
  return false;
}

std::string Connection::read_request() {
  std::string request;
  while (readable(30000)) {
    char buffer[4096];
    const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    if (got <= 0) return {};
    request.append(buffer, static_cast<std::size_t>(got));
    const std::size_t end = request.find("\r\n\r\n");
    if (end != std::string::npos && request.size() >= end + 4 + content_length(request)) return request;
  }
  return {};
}

bool Connection::send(std::string_view bytes) {
  while (!bytes.empty() && !stopping_) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return bytes.empty();
}

void Connection::hang() {
  while (!stopping_) {
    if (!pause_ms(100)) return;
  }
}

bool Connection::pause_ms(int ms) {
  if (!readable(ms)) return !stopping_;
  char byte = 0;
  return recv(fd_, &byte, 1, MSG_PEEK) > 0;
}

RawServer::RawServer(Script script, const std::string& unix_socket) : script_(std::move(script)) {
  listener_ = socket(unix_socket.empty() ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(listener_ >= 0);
  if (unix_socket.empty()) {
    port_ = bind_loopback(listener_);
  } else {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    CHECK(unix_socket.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, unix_socket.c_str(), unix_socket.size() + 1);
    bind_to(listener_, address);
  }
  CHECK(listen(listener_, 16) == 0);
  thread_ = std::thread([this] { serve(); });
}

RawServer::~RawServer() {
  stopping_ = true;
  thread_.join();
  close(listener_);
}

std::string RawServer::url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

// One connection after the other: the tests of this client need no more.
void RawServer::serve() {
  while (!stopping_) {
    pollfd p{listener_, POLLIN, 0};
    if (poll(&p, 1, 10) <= 0) continue;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections_;
    Connection connection(fd, stopping_);
    script_(connection);
    close(fd);
  }
}

std::string answer(const std::string& body, const std::string& status, const std::string& headers) {
  return "HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

Script always(std::string bytes) {
  return [bytes = std::move(bytes)](Connection& c) {
    while (!c.read_request().empty()) {
      if (!c.send(bytes)) return;
    }
  };
}

int closed_port() {
  // Bound for good: a free port would soon be another program's.
  static const int port = bind_loopback(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return port;
}

}  // namespace fluxpg::test
