#include "gossip/net/transport.hpp"

#include <gmock/gmock.h>

#include "tests/net/station.hpp"

namespace fluxpg::net {
namespace {

constexpr std::size_t kWithoutPeers = 4;  // descriptors

TEST(Transport, TheFirstMessageToANewPeerArrivesAndIsAnsweredOverItsRoute) {
  Station a, b;
  b.echoes = true;
  a.send(b.endpoint(), "hello");
  ASSERT_TRUE(drive_until({&a, &b}, [&] { return a.heard("echo of hello"); }));
  EXPECT_EQ(b.count("hello"), 1U);
  EXPECT_EQ(a.counters().sent, 1U);
  EXPECT_EQ(a.counters().bytes_sent, 9U);
  EXPECT_EQ(b.counters().received, 1U);
  EXPECT_EQ(b.counters().bytes_received, 9U);
  EXPECT_EQ(b.counters().auth_refused, 0U);
}

TEST(Transport, AReplyHasARouteToo) {
  Station a, b;
  a.send(b.endpoint(), "one");
  ASSERT_TRUE(drive_until({&a, &b}, [&] { return b.heard("one"); }));
  b.send(b.inbox.back().first, "two");
  ASSERT_TRUE(drive_until({&a, &b}, [&] { return a.heard("two"); }));
  a.send(a.inbox.back().first, "three");
  ASSERT_TRUE(drive_until({&a, &b}, [&] { return b.heard("three"); }));
  EXPECT_EQ(b.inbox.back().first, b.inbox.front().first);
}

TEST(Transport, ANodeCanTalkToItself) {
  Station a;
  a.send(a.endpoint(), "me");
  EXPECT_TRUE(drive_until({&a}, [&] { return a.heard("me"); }));
}

TEST(Transport, TheDescriptorsAnnounceEveryMessageEvenIfASendSwallowedTheWakeUp) {
  Station a, b;
  b.echoes = true;
  a.send(b.endpoint(), "warm up");
  ASSERT_TRUE(drive_until({&a, &b}, [&] { return a.heard("echo of warm up"); }));
  for (int i = 0; i < 50; ++i) {
    const std::string text = std::to_string(i);
    a.send(b.endpoint(), text);
    ASSERT_TRUE(drive_until({&b}, [&] { return b.heard(text); }));
    // The answer is there already when a sends again: the connection's descriptor (its monitor's is the last) announces it only once.
    const std::vector<int> descriptors = a.transport->descriptors();
    pollfd arrived{descriptors[descriptors.size() - 2], POLLIN, 0};
    ASSERT_EQ(::poll(&arrived, 1, kPatienceMs), 1);
    a.send(b.endpoint(), "more");
    ASSERT_TRUE(drive_until(
        {&a}, [&] { return a.heard("echo of " + text); }, kNoTick))
        << i;
  }
}

TEST(Transport, ItWaitsLongOnlyWhileEveryPeerIsConnected) {
  Station a;
  EXPECT_EQ(a.transport->wait_at_most(), seconds(1));
  {
    Station b;
    a.send(b.endpoint(), "hello");
    EXPECT_EQ(a.transport->wait_at_most(), milliseconds(100));
    ASSERT_TRUE(drive_until({&a, &b}, [&] { return b.heard("hello") && a.transport->wait_at_most() == seconds(1); }));
  }
  EXPECT_TRUE(drive_until({&a}, [&] { return a.transport->wait_at_most() == milliseconds(100); }));
}

TEST(Transport, ALostPeerIsAnnouncedByItsDescriptorsAlone) {
  Station a;
  Endpoint gone;
  {
    Station b;
    gone = b.endpoint();
    a.send(gone, "hello");
    ASSERT_TRUE(drive_until({&a, &b}, [&] { return b.heard("hello") && a.transport->wait_at_most() == seconds(1); }));
  }
  EXPECT_TRUE(drive_until(
      {&a}, [&] { return a.losses(gone, false) == 1; }, kNoTick));
}

TEST(Transport, ARouteWhoseConnectionIsGoneIsDroppedAndCounted) {
  Station b;
  {
    Station a;
    a.send(b.endpoint(), "hello");
    ASSERT_TRUE(drive_until({&a, &b}, [&] { return b.heard("hello"); }));
  }
  ASSERT_TRUE(drive_until({&b}, [&] {
    b.send(b.inbox.front().first, "too late");
    return b.counters().stale_route > 0;
  }));
}

TEST(Transport, ARouteThatWasNeverGivenIsDroppedAndCounted) {
  Station a;
  a.send(gossip::Route{12345}, "nowhere");
  EXPECT_EQ(a.counters().stale_route, 1U);
  EXPECT_EQ(a.counters().sent, 0U);
}

TEST(Transport, OnlyAnIpv4AddressAndAPortAreAnEndpoint) {
  Station a;
  a.send(Endpoint{"localhost", 7946}, "x");
  a.send(Endpoint{"127.0.0.1:1;127.0.0.1", 7946}, "x");
  a.send(Endpoint{"127.0.0.1", 0}, "x");
  EXPECT_EQ(a.counters().send_dropped, 3U);
  EXPECT_EQ(a.transport->descriptors().size(), kWithoutPeers);
}

TEST(Transport, AMessageLongerThanTheLimitIsNotSent) {
  Station a, b;
  a.send(b.endpoint(), std::string(64 * 1024, 'x'));
  EXPECT_EQ(a.counters().send_dropped, 1U);
  a.send(b.endpoint(), std::string(64 * 1024 - 4, 'y'));
  ASSERT_TRUE(drive_until({&a, &b}, [&] { return !b.inbox.empty(); }));
  EXPECT_EQ(b.inbox.front().second.size(), 64U * 1024 - 4);
}

TEST(Transport, ATakenPortIsNamed) {
  Station a;
  TransportConfig config = test_config();
  config.listen = a.endpoint();
  const auto second = Transport::open(
      config, [](auto, auto) {}, [](const auto&, bool) {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error(), "gossip cannot listen on " + to_text(a.endpoint()) + ": another process has this port");
}

TEST(Transport, AnAddressThatIsNotOursIsNamed) {
  TransportConfig config = test_config();
  config.listen = {"192.0.2.1", 7946};
  const auto opened = Transport::open(
      config, [](auto, auto) {}, [](const auto&, bool) {});
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error(), "gossip cannot listen on 192.0.2.1:7946: this machine does not have that address");
  config.listen = {"localhost", 7946};
  EXPECT_FALSE(Transport::open(
                   config, [](auto, auto) {}, [](const auto&, bool) {})
                   .has_value());
}

TEST(Transport, TheLongestUnusedPeerIsClosedWhenThereAreTooMany) {
  TransportConfig config = test_config();
  config.max_peers = 2;
  Station a(config), b, c, d;
  for (Station* to : {&b, &c, &d}) {
    a.send(to->endpoint(), "hello");
    ASSERT_TRUE(drive_until({&a, &b, &c, &d}, [&] { return to->heard("hello"); }));
    EXPECT_LE(a.transport->descriptors().size(), kWithoutPeers + 4);
  }
  a.send(c.endpoint(), "still there");
  a.send(b.endpoint(), "again");
  EXPECT_TRUE(drive_until({&a, &b, &c, &d}, [&] { return b.heard("again") && c.heard("still there"); }));
}

TEST(Transport, AnIdleConnectionIsClosedAndOpenedAgainWhenNeeded) {
  Station a, b;
  a.send(b.endpoint(), "hello");
  ASSERT_TRUE(drive_until({&a, &b}, [&] { return b.heard("hello"); }));
  EXPECT_GT(a.transport->descriptors().size(), kWithoutPeers);
  a.transport->drive(boot_now() + minutes(4));
  EXPECT_GT(a.transport->descriptors().size(), kWithoutPeers);
  a.transport->drive(boot_now() + minutes(6));
  EXPECT_EQ(a.transport->descriptors().size(), kWithoutPeers);
  EXPECT_THAT(a.lost, testing::IsEmpty());
  a.send(b.endpoint(), "again");
  EXPECT_TRUE(drive_until({&a, &b}, [&] { return b.heard("again"); }));
}

TEST(Transport, AFloodIsTakenInPortions) {
  TransportConfig config = test_config();
  config.max_per_drive = 3;
  Station a, b(config);
  a.send(b.endpoint(), "first");
  ASSERT_TRUE(drive_until({&a, &b}, [&] { return b.heard("first"); }));
  for (int i = 0; i < 50; ++i) a.send(b.endpoint(), "flood");
  std::size_t most = 0;
  ASSERT_TRUE(drive_until({&b}, [&, before = b.inbox.size()]() mutable {
    most = std::max(most, b.inbox.size() - before);
    before = b.inbox.size();
    return b.count("flood") == 50;
  }));
  EXPECT_EQ(most, 3U);
}

}  // namespace
}  // namespace fluxpg::net
