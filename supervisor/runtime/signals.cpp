#include "supervisor/runtime/signals.hpp"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/check.hpp"

namespace fluxpg::runtime {

Signals::Signals() {
  ::signal(SIGHUP, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t stop;
  ::sigemptyset(&stop);
  ::sigaddset(&stop, SIGTERM);
  ::sigaddset(&stop, SIGINT);
  CHECK(::pthread_sigmask(SIG_BLOCK, &stop, nullptr) == 0);
  fd_ = ::signalfd(-1, &stop, SFD_NONBLOCK | SFD_CLOEXEC);
  CHECK(fd_ >= 0);
}

Signals::~Signals() { ::close(fd_); }

int Signals::take() {
  int count = 0;
  signalfd_siginfo info{};
  while (::read(fd_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) ++count;
  return count;
}

}  // namespace fluxpg::runtime
