// Who is let in, what is let through, and what is counted of the rest.
#include <zmq.hpp>

#include "tests/net/station.hpp"

namespace fluxpg::net {
namespace {

// A client of our own making, with keys of our choice or none.
class Client {
 public:
  Client(const Endpoint& to, const std::string& server_key, const CurveKeys& own) : socket_(context_, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::curve_serverkey, server_key);
    socket_.set(zmq::sockopt::curve_publickey, own.client_public);
    socket_.set(zmq::sockopt::curve_secretkey, own.client_secret);
    connect(to);
  }
  explicit Client(const Endpoint& to) : socket_(context_, zmq::socket_type::dealer) { connect(to); }
  void send(const std::string& frame) { socket_.send(zmq::buffer(frame), zmq::send_flags::dontwait); }
  void send(const std::string& first, const std::string& second) {
    socket_.send(zmq::buffer(first), zmq::send_flags::dontwait | zmq::send_flags::sndmore);
    socket_.send(zmq::buffer(second), zmq::send_flags::dontwait);
  }

 private:
  void connect(const Endpoint& to) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.connect("tcp://" + to_text(to));
  }
  zmq::context_t context_;
  zmq::socket_t socket_;
};

Client member(const Station& station) { return Client(station.endpoint(), keys_of(1).server_public, keys_of(1)); }

// The station still serves those who belong to it.
testing::AssertionResult still_works(Station& station) {
  Station friendly;
  friendly.send(station.endpoint(), "a friend");
  if (drive_until({&station, &friendly}, [&] { return station.heard("a friend"); })) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "a member no longer gets through";
}

TEST(Security, AnotherSecretDeliversNothingAndIsCountedOnBothSides) {
  Station ours, theirs(test_config({2}));
  theirs.send(ours.endpoint(), "let me in");
  ASSERT_TRUE(
      drive_until({&ours, &theirs}, [&] { return ours.counters().handshake_failed > 0 && theirs.counters().handshake_failed > 0; }));
  EXPECT_TRUE(still_works(ours));
  EXPECT_FALSE(ours.heard("let me in"));
  EXPECT_EQ(ours.counters().received, 1U);
}

TEST(Security, AStrangersClientKeyIsRefusedEvenWithTheRightServerKey) {
  Station ours;
  Client stranger(ours.endpoint(), keys_of(1).server_public, keys_of(7));
  stranger.send("say:let me in");
  ASSERT_TRUE(drive_until({&ours}, [&] { return ours.counters().auth_refused > 0; }));
  EXPECT_EQ(ours.counters().handshake_failed, 0U);
  EXPECT_TRUE(still_works(ours));
  EXPECT_FALSE(ours.heard("let me in"));
}

TEST(Security, AMembersKeyIsLetIn) {
  Station ours;
  Client client = member(ours);
  client.send("say:it is me");
  EXPECT_TRUE(drive_until({&ours}, [&] { return ours.heard("it is me"); }));
  EXPECT_EQ(ours.counters().auth_refused, 0U);
}

TEST(Security, APlainPeerDeliversNothingAndIsCounted) {
  Station ours;
  Client plain(ours.endpoint());
  plain.send("say:let me in");
  ASSERT_TRUE(drive_until({&ours}, [&] { return ours.counters().handshake_failed > 0; }));
  EXPECT_TRUE(still_works(ours));
  EXPECT_FALSE(ours.heard("let me in"));
}

TEST(Security, BytesThatAreNotZeroMqDeliverNothing) {
  Station ours;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(ours.endpoint().port);
  std::vector<int> fds;
  for (const std::string& bytes : {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), std::string(4096, '\0'), std::string(4096, '\xff'),
                                   std::string("\xff\0\0\0\0\0\0\0\x01\x7f\x03", 11)}) {
    fds.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(fds.back(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    EXPECT_GT(::send(fds.back(), bytes.data(), bytes.size(), MSG_NOSIGNAL), 0);
  }
  EXPECT_TRUE(still_works(ours));
  EXPECT_EQ(ours.counters().received, 1U);
  for (const int fd : fds) ::close(fd);
}

TEST(Security, AConnectionThatNeverFinishesItsHandshakeIsClosedAndCounted) {
  TransportConfig config = test_config();
  config.handshake_timeout = milliseconds(100);
  Station ours(config);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(ours.endpoint().port);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  EXPECT_TRUE(drive_until({&ours}, [&] { return ours.counters().handshake_failed == 1; }));
  ::close(fd);
}

TEST(Security, AnOversizedFrameIsDroppedAndCountedAndTheConnectionStays) {
  Station ours;
  Client client = member(ours);
  client.send("say:" + std::string(64 * 1024, 'x'));
  client.send("say:small");
  ASSERT_TRUE(drive_until({&ours}, [&] { return ours.heard("small"); }));
  EXPECT_EQ(ours.counters().malformed.at("oversized"), 1U);
  EXPECT_EQ(ours.inbox.size(), 1U);
}

TEST(Security, AHugeFrameNeverReachesUs) {
  Station ours;
  Client client = member(ours);
  client.send("say:before");
  ASSERT_TRUE(drive_until({&ours}, [&] { return ours.heard("before"); }));
  client.send("say:" + std::string(1024 * 1024, 'x'));
  client.send("say:lost with the connection");
  // The client's socket connects again by itself.
  ASSERT_TRUE(drive_until({&ours}, [&] {
    client.send("say:after");
    return ours.heard("after");
  }));
  EXPECT_EQ(ours.counters().malformed.count("oversized"), 0U);
  EXPECT_LT(ours.counters().bytes_received, 1024U * 1024);
}

TEST(Security, AMalformedFrameIsCountedUnderItsReasonAndTheConnectionStays) {
  Station ours;
  Client client = member(ours);
  client.send("\x01\x02\x03 nonsense");
  client.send("");
  client.send("say:two", "parts");
  client.send("say:fine");
  ASSERT_TRUE(drive_until({&ours}, [&] { return ours.heard("fine"); }));
  EXPECT_EQ(ours.counters().malformed.at("grammar"), 2U);
  EXPECT_EQ(ours.counters().malformed.at("multipart"), 1U);
  EXPECT_EQ(ours.inbox.size(), 1U);
}

struct Rotation {
  std::vector<std::uint8_t> asks, answers;
  bool reaches;
};
void PrintTo(const Rotation& c, std::ostream* out) {
  const auto list = [out](const std::vector<std::uint8_t>& secrets) {
    for (const std::uint8_t secret : secrets) *out << int{secret};
  };
  list(c.asks), *out << " asks ", list(c.answers);
}
class Rotating : public testing::TestWithParam<Rotation> {};

// 1 is the old secret, 2 the new one, the active one first.
INSTANTIATE_TEST_SUITE_P(Secrets, Rotating,
                         testing::Values(Rotation{{2, 1}, {1}, true}, Rotation{{2, 1}, {1, 2}, true}, Rotation{{2, 1}, {2, 1}, true},
                                         Rotation{{2, 1}, {2}, true}, Rotation{{1, 2}, {1}, true}, Rotation{{1, 2}, {2, 1}, true},
                                         Rotation{{1, 2}, {2}, true}, Rotation{{1}, {1, 2}, true}, Rotation{{2}, {2, 1}, true},
                                         // The server key is the first secret's: who does not know that one cannot ask, only answer.
                                         Rotation{{1}, {2, 1}, false}, Rotation{{2}, {1, 2}, false}, Rotation{{1}, {2}, false}));

TEST_P(Rotating, ReachesThoseWhoseFirstSecretItHas) {
  const Rotation& c = GetParam();
  Station a(test_config(c.asks)), b(test_config(c.answers));
  b.echoes = true;
  a.send(b.endpoint(), "hello");
  if (c.reaches) {
    EXPECT_TRUE(drive_until({&a, &b}, [&] {
      a.send(b.endpoint(), "hello");
      return a.heard("echo of hello");
    }));
    EXPECT_EQ(b.counters().auth_refused, 0U);
  } else {
    EXPECT_TRUE(drive_until({&a, &b}, [&] { return a.counters().handshake_failed >= 4; }));
    EXPECT_TRUE(b.inbox.empty());
  }
}

TEST(Security, APeerThatRestartsWithTheNextSecretIsReachedAgain) {
  Station a(test_config({2, 1}));
  TransportConfig config = test_config({1});
  const Vacancy vacancy;
  config.listen = vacancy.endpoint();
  {
    Station b(config);
    ASSERT_TRUE(drive_until({&a, &b}, [&] {
      a.send(config.listen, "old");
      return b.heard("old");
    }));
  }
  config.keys = {keys_of(2)};
  Station b(config);
  ASSERT_TRUE(drive_until({&a, &b}, [&] {
    a.send(config.listen, "new");
    return b.heard("new");
  }));
}

}  // namespace
}  // namespace fluxpg::net
