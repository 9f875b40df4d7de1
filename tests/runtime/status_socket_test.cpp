#include "supervisor/runtime/status_socket.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "supervisor/runtime/timers.hpp"
#include "tests/runtime/scratch.hpp"

namespace fluxpg::runtime {
namespace {

// A client as plain as netcat; nothing blocks, because both ends are driven by the test.
class Caller {
 public:
  explicit Caller(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~Caller() { ::close(fd_); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  bool connected() const { return connected_; }
  void say(const std::string& text) const { (void)!::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
  // What came until now; `closed` tells whether the other side has hung up.
  std::string hear(bool* closed = nullptr, std::size_t at_most = 1 << 20) const {
    std::string text(at_most, '\0');
    const ssize_t n = ::read(fd_, text.data(), text.size());
    if (closed != nullptr) *closed = n == 0 || (n < 0 && errno == ECONNRESET);
    text.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return text;
  }

 private:
  int fd_;
  bool connected_ = false;
};

class StatusSocketTest : public testing::Test {
 protected:
  StatusSocketTest() {
    auto opened = StatusSocket::open(path_, [this](const StatusRequest& request) {
      ++asked_;
      return StatusReply{1, request.verb == "big" ? std::string(2'000'000, 'x') : request.verb + "!"};
    });
    if (opened) socket_ = std::move(*opened);
  }
  void drive(Duration at = Duration(0)) { socket_->drive(TimePoint(at)); }

  test::Scratch scratch_;
  std::string path_ = scratch_ / "run/status.sock";
  std::unique_ptr<StatusSocket> socket_;
  int asked_ = 0;
};

TEST_F(StatusSocketTest, AnswersARequestAndHangsUp) {
  ASSERT_NE(socket_, nullptr);
  const Caller caller(path_);
  caller.say(to_line(StatusRequest{"status", {}, false}));
  drive();
  EXPECT_EQ(caller.hear(), "{\"body\":\"status!\",\"exit\":1}\n");
  drive();
  bool closed = false;
  caller.hear(&closed);
  EXPECT_TRUE(closed);
  EXPECT_EQ(socket_->clients(), 0u);
}

TEST_F(StatusSocketTest, OnlyOwnerAndGroupMayAsk) {
  struct stat seen {};
  ASSERT_EQ(::stat(path_.c_str(), &seen), 0);
  EXPECT_EQ(seen.st_mode & 0777, 0660u);
}

TEST_F(StatusSocketTest, GarbageAndOversizedRequestsAreAnsweredWithASentence) {
  const Caller garbage(path_);
  garbage.say("\xff\xfe not json\n");
  const Caller oversized(path_);
  oversized.say(std::string(3000, 'a'));
  drive();
  oversized.say(std::string(3000, 'a'));
  drive();
  EXPECT_EQ(garbage.hear(), "{\"body\":\"The request is not a JSON object with a verb.\\n\",\"exit\":64}\n");
  EXPECT_EQ(oversized.hear(), "{\"body\":\"The request is longer than 4096 bytes.\\n\",\"exit\":64}\n");
  EXPECT_EQ(asked_, 0);
}

TEST_F(StatusSocketTest, ASlowClientStopsNobodyAndIsDroppedAtItsDeadline) {
  const Caller slow(path_);
  slow.say("{\"verb\"");
  drive();
  const Caller quick(path_);
  quick.say(to_line(StatusRequest{"status", {}, false}));
  drive(seconds(1));
  EXPECT_EQ(quick.hear(), "{\"body\":\"status!\",\"exit\":1}\n");
  EXPECT_EQ(socket_->clients(), 1u);
  EXPECT_EQ(socket_->next_deadline(), TimePoint(StatusSocket::kClientDeadline));
  drive(StatusSocket::kClientDeadline);
  EXPECT_EQ(socket_->clients(), 0u);
}

TEST_F(StatusSocketTest, AReaderThatStopsReadingGetsTheRestWhenItReadsOn) {
  const Caller caller(path_);
  caller.say(to_line(StatusRequest{"big", {}, false}));
  drive();
  EXPECT_EQ(socket_->clients(), 1u);  // the kernel's buffer is full
  std::size_t heard = 0;
  for (int i = 0; i < 1000 && socket_->clients() != 0; ++i) {
    heard += caller.hear().size();
    drive();
  }
  heard += caller.hear().size();
  EXPECT_EQ(heard, to_line(StatusReply{1, std::string(2'000'000, 'x')}).size());
}

TEST_F(StatusSocketTest, OneClientTooManyClosesTheOldest) {
  std::vector<std::unique_ptr<Caller>> callers;
  for (std::size_t i = 0; i < StatusSocket::kMaxClients + 3; ++i) {
    callers.push_back(std::make_unique<Caller>(path_));
    drive(milliseconds(i));
  }
  EXPECT_EQ(socket_->clients(), StatusSocket::kMaxClients);
  bool closed = false;
  callers.front()->hear(&closed);
  EXPECT_TRUE(closed);
  callers.back()->say(to_line(StatusRequest{"status", {}, false}));
  drive(milliseconds(100));
  EXPECT_NE(callers.back()->hear(), "");
}

TEST_F(StatusSocketTest, ASecondDaemonIsRefusedAndADeadOnesSocketReplaced) {
  const auto handler = [](const StatusRequest&) { return StatusReply{}; };
  const auto second = StatusSocket::open(path_, handler);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "Another fluxpgd already answers on the status socket " + path_ + ".");

  const std::string stale = scratch_ / "stale.sock";
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  stale.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::close(fd);
  EXPECT_TRUE(StatusSocket::open(stale, handler));

  const std::string file = scratch_.write("file", "precious");
  EXPECT_FALSE(StatusSocket::open(file, handler));
  EXPECT_EQ(scratch_.read("file"), "precious");
  EXPECT_FALSE(StatusSocket::open("/tmp/" + std::string(200, 'a'), handler));
}

TEST(StatusProtocol, LinesComeBackAsTheyWere) {
  const StatusRequest request{"explain", {"n\"\n1"}, true};
  std::string line = to_line(request);
  line.pop_back();
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(request_from_line(line), request);
  EXPECT_EQ(request_from_line("{\"verb\":\"status\"}"), (StatusRequest{"status", {}, false}));
  for (const char* bad : {"", "[]", "1", "{}", "{\"verb\":1}", "{\"verb\":\"a\",\"args\":[1]}"})
    EXPECT_EQ(request_from_line(bad), std::nullopt) << bad;
  EXPECT_EQ(reply_from_line("{\"exit\":\"0\",\"body\":\"\"}"), std::nullopt);
}

TEST(Timers, RunInOrderAndNotBeforeTheirTime) {
  Timers timers;
  std::string ran;
  timers.at(TimePoint(seconds(2)), [&] { ran += "b"; });
  timers.at(TimePoint(seconds(1)), [&] {
    ran += "a";
    timers.at(TimePoint(seconds(1)), [&] { ran += "later"; });
  });
  EXPECT_EQ(timers.next(), TimePoint(seconds(1)));
  timers.run(TimePoint(milliseconds(999)));
  EXPECT_EQ(ran, "");
  timers.run(TimePoint(seconds(2)));
  EXPECT_EQ(ran, "ab");
  timers.run(TimePoint(seconds(2)));
  EXPECT_EQ(ran, "ablater");
  EXPECT_EQ(timers.next(), kNever);
}

}  // namespace
}  // namespace fluxpg::runtime
