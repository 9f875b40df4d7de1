// SIGTERM and SIGINT as a descriptor of the poll loop; SIGHUP and SIGPIPE are ignored.
#pragma once

namespace fluxpg::runtime {

class Signals {
 public:
  // Before any thread is started: threads inherit the mask.
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  int descriptor() const { return fd_; }
  // How many requests to stop came since the last call.
  int take();

 private:
  int fd_ = -1;
};

}  // namespace fluxpg::runtime
