// A descriptor that is readable from set() to clear(): work that no other descriptor announces.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.hpp"

namespace fluxpg::net {

class Wakeup {
 public:
  Wakeup() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { CHECK(fd_ >= 0); }
  ~Wakeup() { ::close(fd_); }
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;
  void set() {
    if (!is_set_) is_set_ = ::eventfd_write(fd_, 1) == 0;
  }
  void clear() {
    eventfd_t count = 0;
    if (is_set_) is_set_ = ::eventfd_read(fd_, &count) != 0;
  }
  int descriptor() const { return fd_; }

 private:
  int fd_;
  bool is_set_ = false;
};

}  // namespace fluxpg::net
