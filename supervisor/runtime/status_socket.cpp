#include "supervisor/runtime/status_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "supervisor/runtime/files.hpp"

namespace fluxpg::runtime {

namespace {

int unix_socket() { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

const sockaddr* as_address(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

// A full backlog (EAGAIN) is a live daemon, too.
bool somebody_answers(const sockaddr_un& address) {
  const int fd = unix_socket();
  const bool live = ::connect(fd, as_address(address), sizeof(address)) == 0 || errno == EAGAIN;
  ::close(fd);
  return live;
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

Expected<std::unique_ptr<StatusSocket>, std::string> StatusSocket::open(const std::string& path, Handler handler) {
  const auto failed = [&] { return unexpected("The status socket " + path + " cannot be opened: " + std::strerror(errno) + "."); };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return unexpected("The status socket " + path + " is not allowed: a unix socket's path has at most 107 characters.");
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  const auto made = make_directories(std::filesystem::path(path).parent_path().string(), 0755);
  if (!made) return unexpected(made.error());
  if (somebody_answers(address)) return unexpected("Another fluxpgd already answers on the status socket " + path + ".");
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode))
      return unexpected("The status socket " + path + " cannot be opened: a file that is not a socket is there.");
    ::unlink(path.c_str());
  }
  const int fd = unix_socket();
  if (fd < 0) return failed();
  const mode_t before = ::umask(0117);  // 0660 from the first moment on
  const bool bound = ::bind(fd, as_address(address), sizeof(address)) == 0;
  ::umask(before);
  if (!bound || ::listen(fd, 64) != 0) {
    const auto error = failed();
    ::close(fd);
    return error;
  }
  return std::unique_ptr<StatusSocket>(new StatusSocket(fd, path, std::move(handler)));
}

StatusSocket::~StatusSocket() {
  for (const auto& [fd, client] : clients_) ::close(fd);
  ::close(fd_);
  ::unlink(path_.c_str());
}

std::vector<Wait> StatusSocket::waits() const {
  std::vector<Wait> waits = {{fd_, true, false}};
  for (const auto& [fd, client] : clients_) waits.push_back({fd, !client.answered, client.answered});
  return waits;
}

TimePoint StatusSocket::next_deadline() const {
  TimePoint next = kNever;
  for (const auto& [fd, client] : clients_) next = std::min(next, client.deadline);
  return next;
}

void StatusSocket::drive(TimePoint now) {
  accept_all(now);
  for (auto it = clients_.begin(); it != clients_.end();) {
    if (now < it->second.deadline && progress(it->first, it->second)) {
      ++it;
    } else {
      ::close(it->first);
      it = clients_.erase(it);
    }
  }
}

void StatusSocket::accept_all(TimePoint now) {
  for (std::size_t i = 0; i < kMaxClients; ++i) {
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (clients_.size() >= kMaxClients) close_oldest();
    clients_[fd] = Client{now + kClientDeadline, {}, {}, 0, false};
  }
}

void StatusSocket::close_oldest() {
  const auto oldest = std::min_element(clients_.begin(), clients_.end(),
                                       [](const auto& a, const auto& b) { return a.second.deadline < b.second.deadline; });
  ::close(oldest->first);
  clients_.erase(oldest);
}

bool StatusSocket::progress(int fd, Client& client) {
  if (!client.answered && !read_some(fd, client)) return false;
  return !client.answered || write_some(fd, client);
}

bool StatusSocket::read_some(int fd, Client& client) {
  std::array<char, kMaxRequestBytes> buffer;
  const ssize_t n = ::read(fd, buffer.data(), buffer.size());
  if (n < 0) return would_block();
  if (n == 0) return false;
  client.in.append(buffer.data(), static_cast<std::size_t>(n));
  const std::size_t end = client.in.find('\n');
  StatusReply reply;
  if (end > kMaxRequestBytes && client.in.size() > kMaxRequestBytes) {
    reply = {64, "The request is longer than " + std::to_string(kMaxRequestBytes) + " bytes.\n"};
  } else if (end == std::string::npos) {
    return true;
  } else if (const auto request = request_from_line(client.in.substr(0, end))) {
    reply = handler_(*request);
  } else {
    reply = {64, "The request is not a JSON object with a verb.\n"};
  }
  if (reply.body.size() > kMaxReplyBytes / 2) reply = {64, "The answer would be larger than 4 MB.\n"};  // escaping may double it
  client.out = to_line(reply);
  client.answered = true;
  return true;
}

bool StatusSocket::write_some(int fd, Client& client) {
  const ssize_t n = ::send(fd, client.out.data() + client.written, client.out.size() - client.written, MSG_NOSIGNAL);
  if (n < 0) return would_block();
  client.written += static_cast<std::size_t>(n);
  return client.written < client.out.size();
}

}  // namespace fluxpg::runtime
