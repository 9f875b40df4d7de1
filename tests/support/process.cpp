#include "tests/support/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/check.hpp"

namespace fluxpg::test {

Process::Process(const std::vector<std::string>& command, const std::string& log_file) {
  std::vector<char*> arguments;
  for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_ = fork();
  CHECK(pid_ >= 0);
  if (pid_ > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::signal(SIGPIPE, SIG_DFL);
  const int log = open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, 0);
  dup2(log, 1);
  dup2(log, 2);
  for (int fd = 3; fd < 256; ++fd) close(fd);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

Process::~Process() { kill(); }

void Process::signal(int number) const {
  if (!exit_code_) ::kill(pid_, number);
}

void Process::kill() {
  signal(SIGKILL);
  wait(seconds(10));
}

std::optional<int> Process::exit_code() {
  int status = 0;
  if (!exit_code_ && waitpid(pid_, &status, WNOHANG) == pid_) {
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return exit_code_;
}

std::optional<int> Process::wait(Duration at_most) {
  eventually(at_most, [this] { return exit_code().has_value(); });
  return exit_code_;
}

Output run(const std::vector<std::string>& command) {
  const TemporaryDirectory directory;
  Process process(command, directory.path() + "/output");
  const std::optional<int> code = process.wait(seconds(30));
  return {code.value_or(-1), read_file(directory.path() + "/output")};
}

TemporaryDirectory::TemporaryDirectory() : path_((std::filesystem::temp_directory_path() / "fluxpg-test-XXXXXX").string()) {
  CHECK(mkdtemp(path_.data()) != nullptr);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Below those that the system gives to connections: our own attempts to reach the listener to come could take one of them.
int free_port(const std::string& address) {
  constexpr int kFirst = 20000, kCount = 12000;
  static int tried = getpid() * 37;
  sockaddr_in wanted{};
  wanted.sin_family = AF_INET;
  CHECK(inet_pton(AF_INET, address.c_str(), &wanted.sin_addr) == 1);
  for (int tries = 0; tries < kCount; ++tries) {
    const int port = kFirst + ++tried % kCount;
    wanted.sin_port = htons(static_cast<std::uint16_t>(port));
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool is_free = bind(fd, reinterpret_cast<const sockaddr*>(&wanted), sizeof wanted) == 0;
    close(fd);
    if (is_free) return port;
  }
  CHECK(false);
  return 0;
}

bool eventually(Duration at_most, const std::function<bool()>& is_true) {
  const auto end = std::chrono::steady_clock::now() + 3 * at_most;
  while (!is_true()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

}  // namespace fluxpg::test
