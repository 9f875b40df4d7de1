// fluxpgctl as an operator meets it: the real program, asked through a shell, against a socket that the test serves.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <thread>

#include "supervisor/runtime/status_socket.hpp"
#include "tests/runtime/scratch.hpp"

namespace fluxpg {
namespace {

using runtime::StatusReply;
using runtime::StatusRequest;

struct Ran {
  int exit = -1;
  std::string output;  // both streams
};

Ran run(const std::string& arguments) {
  Ran ran;
  std::FILE* pipe = ::popen((FLUXPGCTL " " + arguments + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> buffer;
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) ran.output.append(buffer.data(), n);
  ran.exit = WEXITSTATUS(::pclose(pipe));
  return ran;
}

class Ctl : public testing::Test {
 protected:
  Ctl() {
    auto opened = runtime::StatusSocket::open(path_, [this](const StatusRequest& request) {
      asked_ = request;
      return answers_ ? answers_(request) : reply_;
    });
    if (!opened) return;
    socket_ = std::move(*opened);
    server_ = std::thread([this] {
      while (!stop_) {
        std::vector<pollfd> waits;
        for (const auto& w : socket_->waits()) {
          waits.push_back({w.fd, static_cast<short>((w.readable ? POLLIN : 0) | (w.writable ? POLLOUT : 0)), 0});
        }
        ::poll(waits.data(), waits.size(), 5);
        socket_->drive(TimePoint{});
      }
    });
  }
  ~Ctl() override {
    stop_ = true;
    if (server_.joinable()) server_.join();
  }
  std::string at() const { return "--socket " + path_ + " "; }

  test::Scratch scratch_;
  std::string path_ = scratch_ / "status.sock";
  std::unique_ptr<runtime::StatusSocket> socket_;
  StatusReply reply_{0, "fine\n"};
  std::function<StatusReply(const StatusRequest&)> answers_;
  StatusRequest asked_;
  std::atomic<bool> stop_ = false;
  std::thread server_;
};

TEST_F(Ctl, PrintsTheAnswerAndExitsAsTheDaemonSays) {
  reply_ = {1, "degraded: node 3 is dead\n"};
  const Ran ran = run(at() + "status");
  EXPECT_EQ(ran.output, "degraded: node 3 is dead\n");
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(asked_, (StatusRequest{"status", {}, false}));
}

TEST_F(Ctl, PassesArgumentsAndFormatOnBothSidesOfTheVerb) {
  EXPECT_EQ(run(at() + "--json explain 8e9e05c52164694d").exit, 0);
  EXPECT_EQ(asked_, (StatusRequest{"explain", {"8e9e05c52164694d"}, true}));
  EXPECT_EQ(run("explain x --json " + at()).exit, 0);
  EXPECT_EQ(asked_, (StatusRequest{"explain", {"x"}, true}));
  EXPECT_EQ(run(at() + "evictions pause").exit, 0);
  EXPECT_EQ(asked_, (StatusRequest{"evictions", {"pause"}, false}));
  EXPECT_EQ(run(at() + "found --without 198.18.0.13").exit, 0);
  EXPECT_EQ(asked_, (StatusRequest{"found", {"198.18.0.13"}, false}));
}

TEST_F(Ctl, ALeaveIsFollowedUntilTheDaemonSaysThatItIsOver) {
  int asked = 0;
  answers_ = [&asked](const StatusRequest& request) {
    if (request.args.empty()) return StatusReply{runtime::kUnderWay, ""};
    ++asked;
    return asked < 3 ? StatusReply{runtime::kUnderWay, "handing over"} : StatusReply{0, "left"};
  };
  const Ran ran = run(at() + "leave");
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.output, "handing over\nleft\n") << "a line for each thing that is waited for";
  asked = 0;
  EXPECT_EQ(run(at() + "--json leave").output, "left\n") << "JSON is of the end";
  answers_ = [](const StatusRequest& request) { return StatusReply{request.args.empty() ? runtime::kUnderWay : 1, "refused"}; };
  EXPECT_EQ(run(at() + "leave").exit, 1);
}

TEST_F(Ctl, ALeaveIsTakenBackWithOneQuestion) {
  EXPECT_EQ(run(at() + "leave --cancel").output, "fine\n");
  EXPECT_EQ(asked_, (StatusRequest{"leave", {"cancel"}, false}));
}

TEST_F(Ctl, FindsTheSocketInTheEnvironment) {
  ::setenv("STATUS_SOCKET", path_.c_str(), 1);
  EXPECT_EQ(run("members").exit, 0);
  ::unsetenv("STATUS_SOCKET");
  EXPECT_EQ(asked_.verb, "members");
}

TEST_F(Ctl, MisuseExits64) {
  for (const char* wrong : {"", "frobnicate", "explain", "evictions maybe", "found", "status surplus", "--port 3 status"}) {
    EXPECT_EQ(run(at() + wrong).exit, 64) << wrong;
  }
  EXPECT_EQ(asked_, StatusRequest{});
}

TEST_F(Ctl, HelpTeachesWithExamples) {
  const Ran ran = run("--help");
  EXPECT_EQ(ran.exit, 0);
  EXPECT_NE(ran.output.find("fluxpgctl explain 8e9e05c52164694d"), std::string::npos) << ran.output;
}

TEST(CtlAlone, SaysWhichSocketNobodyAnswersOn) {
  const test::Scratch scratch;
  const Ran ran = run("--socket " + (scratch / "none.sock") + " status");
  EXPECT_EQ(ran.exit, 3);
  EXPECT_EQ(ran.output, "fluxpgd cannot be reached on " + (scratch / "none.sock") + ": No such file or directory.\n");
}

TEST(CtlAlone, GivesUpOnASilentDaemonWithinTwoSeconds) {
  const test::Scratch scratch;
  const auto deaf = runtime::StatusSocket::open(scratch / "deaf.sock", [](const StatusRequest&) { return StatusReply{}; });
  ASSERT_TRUE(deaf) << deaf.error();
  const auto begin = std::chrono::steady_clock::now();
  const Ran ran = run("--socket " + (scratch / "deaf.sock") + " status");
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(took, std::chrono::seconds(12));  // that it gives up; ten seconds are the machine's, to start a program
  EXPECT_EQ(ran.exit, 3);
  EXPECT_EQ(ran.output, "fluxpgd does not answer on " + (scratch / "deaf.sock") + " within two seconds.\n");
}

}  // namespace
}  // namespace fluxpg
