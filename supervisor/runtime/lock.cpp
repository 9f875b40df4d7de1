#include "supervisor/runtime/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace fluxpg::runtime {

Expected<Lock, Lock::Refused> Lock::take(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return unexpected(Refused{path + " cannot be opened: " + std::strerror(errno) + "."});
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return Lock(fd);
  const bool held = errno == EWOULDBLOCK;
  const std::string why = std::strerror(errno);
  ::close(fd);
  if (held) return unexpected(Refused{"Another fluxpgd already runs on this data: it holds " + path + ".", true});
  return unexpected(Refused{path + " cannot be locked: " + why + "."});
}

Lock::~Lock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace fluxpg::runtime
