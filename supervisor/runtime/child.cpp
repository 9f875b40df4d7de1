#include "supervisor/runtime/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstring>

namespace fluxpg::runtime {

namespace {

constexpr Duration kLookEvery = milliseconds(100);

std::string line(const std::vector<std::string>& command) {
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + word;
  return text;
}

int spawn(const std::vector<std::string>& command, const std::string& output, pid_t& pid) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  std::string api = "ETCDCTL_API=3";
  char* environment[] = {path.data(), api.data(), nullptr};
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::posix_spawn_file_actions_adddup2(&files, 1, 2);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  const int error = ::posix_spawnp(&pid, arguments.front(), &files, &attributes, arguments.data(), environment);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  return error;
}

void look(const Context& context, pid_t pid, const std::string& what, TimePoint give_up, const std::function<void(Done)>& done) {
  int status = 0;
  if (::waitpid(pid, &status, WNOHANG) == pid) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return done({});
    const std::string how =
        WIFEXITED(status) ? "exit code " + std::to_string(WEXITSTATUS(status)) : "signal " + std::to_string(WTERMSIG(status));
    return done(unexpected("`" + what + "` ended with " + how + "."));
  }
  if (context.now().boot >= give_up) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, &status, 0);
    return done(unexpected("`" + what + "` was not done in time."));
  }
  context.later(kLookEvery, [&context, pid, what, give_up, done] { look(context, pid, what, give_up, done); });
}

}  // namespace

void run_child(const Context& context, const std::vector<std::string>& command, const std::string& output, Duration deadline,
               std::function<void(Done)> done) {
  pid_t pid = 0;
  const int error = spawn(command, output, pid);
  const TimePoint give_up = context.now().boot + deadline;
  context.later(kLookEvery, [&context, error, pid, what = line(command), give_up, done = std::move(done)] {
    if (error != 0) return done(unexpected("`" + what + "` cannot be started: " + std::strerror(error) + "."));
    look(context, pid, what, give_up, done);
  });
}

}  // namespace fluxpg::runtime
