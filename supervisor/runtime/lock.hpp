// One daemon per data directory: two with one identity would vote twice.
#pragma once

#include <string>

#include "base/expected.hpp"

namespace fluxpg::runtime {

class Lock {
 public:
  struct Refused {
    std::string sentence;
    bool held = false;  // by another process; else the disk does not let us
  };
  // Held until the process ends, however it ends.
  static Expected<Lock, Refused> take(const std::string& path);
  Lock(Lock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Lock& operator=(Lock&&) = delete;
  ~Lock();

 private:
  explicit Lock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace fluxpg::runtime
