#include "supervisor/ctl/connection.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace fluxpg::ctl {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::milliseconds(1900);  // the whole program is promised to end within 2 s

bool ready(int fd, short events, Clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
  pollfd wait{fd, events, 0};
  return left > 0 && ::poll(&wait, 1, static_cast<int>(left)) == 1;
}

bool connect_to(int fd, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    errno = ENAMETOOLONG;
    return false;
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

bool send_all(int fd, const std::string& line, Clock::time_point until) {
  std::size_t done = 0;
  while (done < line.size()) {
    if (!ready(fd, POLLOUT, until)) return false;
    const ssize_t n = ::send(fd, line.data() + done, line.size() - done, MSG_NOSIGNAL);
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

std::string read_all(int fd, Clock::time_point until) {
  std::string line;
  std::array<char, 65536> buffer;
  while (line.size() <= runtime::kMaxReplyBytes && (line.empty() || line.back() != '\n') && ready(fd, POLLIN, until)) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n <= 0) break;
    line.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return line;
}

}  // namespace

std::optional<runtime::StatusReply> ask(const std::string& socket, const runtime::StatusRequest& request, std::string& why) {
  const auto until = Clock::now() + kPatience;
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  std::optional<runtime::StatusReply> reply;
  if (fd < 0 || !connect_to(fd, socket)) {
    why = "fluxpgd cannot be reached on " + socket + ": " + std::strerror(errno) + ".";
  } else if (std::string line; send_all(fd, to_line(request), until) && !(line = read_all(fd, until)).empty()) {
    if (line.back() == '\n') line.pop_back();
    reply = runtime::reply_from_line(line);
    if (!reply) why = "fluxpgd's answer on " + socket + " is cut off or not understood.";
  } else {
    why = "fluxpgd does not answer on " + socket + " within two seconds.";
  }
  if (fd >= 0) ::close(fd);
  return reply;
}

}  // namespace fluxpg::ctl
