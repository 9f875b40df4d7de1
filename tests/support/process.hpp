// Child processes for native tests: they write to a log, are ended by their pid, and die with the test.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace fluxpg::test {

class Process {
 public:
  // Standard output and error are appended to the log.
  Process(const std::vector<std::string>& command, const std::string& log_file);
  ~Process();  // SIGKILL
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  void kill();  // SIGKILL, and waits for the end
  // As a shell says it: 128 + signal for a killed one. Nothing: it still runs.
  std::optional<int> exit_code();
  std::optional<int> wait(Duration at_most);

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

struct Output {
  int exit_code = -1;
  std::string text;  // standard output and error
};
// Runs to the end, at most 30 s.
Output run(const std::vector<std::string>& command);

// A directory below the system's temporary one, removed with all it holds.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string read_file(const std::string& path);
// A TCP port on which nobody listens on this address (now); each time another one.
int free_port(const std::string& address);
// Asks until it is true; false when the time is over. The time is an idle machine's: three times as much is waited. For native tests only.
bool eventually(Duration at_most, const std::function<bool()>& is_true);

}  // namespace fluxpg::test
