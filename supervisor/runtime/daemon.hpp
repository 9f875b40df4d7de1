// fluxpgd from its settings to its exit code: one thread, one poll, until a signal or a broken promise ends it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "supervisor/runtime/address_finder.hpp"
#include "supervisor/runtime/lock.hpp"
#include "supervisor/runtime/node.hpp"
#include "supervisor/runtime/signals.hpp"
#include "supervisor/runtime/status_socket.hpp"
#include "supervisor/runtime/supervisord.hpp"

namespace fluxpg::runtime {

constexpr int kExitBadConfiguration = 78;

class Daemon {
 public:
  explicit Daemon(const Settings& settings);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Returns the exit code.
  int run();

 private:
  struct Failure {
    int exit = 0;  // 0: the disk does not let us just now; tried again, and status says so meanwhile
    std::string sentence;
  };
  void begin();
  std::optional<Failure> open();
  void open_node(const AddressFinder::Found& found);
  void restart_because(const std::string& sentence);
  void end(int exit, const std::string& sentence);
  void stop_requested();
  StatusReply answer_status(const StatusRequest& request);
  void wait() const;
  void work();

  const Settings& settings_;
  Log log_;
  Signals signals_;
  http::Client http_;
  Timers timers_;
  Inbox inbox_;
  Context context_;
  Supervisord supervisord_;
  AddressFinder address_;
  Trouble disk_;
  std::optional<Lock> lock_;
  std::unique_ptr<Signing> identity_;
  supervisor::Persistent state_;
  std::unique_ptr<StatusSocket> status_;
  std::unique_ptr<Node> node_;
  bool stopping_ = false;
  bool ending_ = false;
  std::optional<int> exit_;
};

}  // namespace fluxpg::runtime
