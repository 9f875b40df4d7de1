// Broken, refused, silent and absent peers: what is told, how fast, and what it costs.
#include <signal.h>
#include <sys/wait.h>

#include "tests/net/station.hpp"

namespace fluxpg::net {
namespace {

TEST(Loss, AFreshConnectToAPortWithoutListenerIsRefused) {
  Station a;
  const Vacancy vacancy;
  const Endpoint down = vacancy.endpoint();
  a.send(down, "hello");
  ASSERT_TRUE(drive_until({&a}, [&] { return !a.lost.empty(); }));
  EXPECT_EQ(a.lost.front(), std::make_pair(down, true));
}

TEST(Loss, RefusalsAreToldOncePerAttemptAndAttemptsBecomeRarer) {
  Station a;
  const Vacancy vacancy;
  const Endpoint down = vacancy.endpoint();
  const TimePoint start = boot_now();
  a.send(down, "hello");
  ASSERT_TRUE(drive_until({&a}, [&] { return a.losses(down, true) >= 5; }));
  // The attempts begin after 0, 20, 60, 140 and 240 ms: 20 ms doubled up to 100 ms.
  EXPECT_GE(to_ms(boot_now() - start), 240);
  EXPECT_EQ(a.lost.size(), 5U);
}

TEST(Loss, AKilledProcessIsLostAtOnceAndRefusedThereafter) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const Vacancy vacancy;
  const Endpoint b = vacancy.endpoint();
  const pid_t child = ::fork();  // before this process has a context: ZeroMQ's do not survive a fork
  ASSERT_GE(child, 0);
  if (child == 0) {
    TransportConfig config = test_config();
    config.listen = b;
    Station echo(config);
    echo.echoes = true;
    if (::write(ready[1], "!", 1) != 1) ::_exit(1);
    drive_until(
        {&echo}, [] { return false; }, 20, seconds(50));
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  Station a;
  a.send(b, "hello");
  EXPECT_TRUE(drive_until({&a}, [&] { return a.heard("echo of hello"); }));
  const TimePoint killed = boot_now();
  ::kill(child, SIGKILL);
  EXPECT_TRUE(drive_until({&a}, [&] { return a.losses(b, false) == 1; }));
  const Duration until_lost = boot_now() - killed;
  EXPECT_TRUE(drive_until({&a}, [&] { return a.losses(b, true) >= 1; }));
  const Duration until_refused = boot_now() - killed;
  EXPECT_LT(until_lost, seconds(10));  // measured: 1 ms, see README; nothing else would tell before the 20 s of test_config
  EXPECT_LT(until_refused, seconds(15));
  EXPECT_EQ(a.lost.front(), std::make_pair(b, false));
  RecordProperty("lost_us", static_cast<int>(until_lost.count() / 1000));
  RecordProperty("refused_us", static_cast<int>(until_refused.count() / 1000));
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(Loss, APeerThatComesBackIsReachedAgain) {
  const Vacancy vacancy;
  Station a;
  TransportConfig config = test_config();
  config.listen = vacancy.endpoint();
  {
    Station b(config);
    a.send(config.listen, "one");
    ASSERT_TRUE(drive_until({&a, &b}, [&] { return b.heard("one"); }));
  }
  ASSERT_TRUE(drive_until({&a}, [&] { return a.losses(config.listen, true) >= 2; }));
  EXPECT_EQ(a.losses(config.listen, false), 1U);
  Station b(config);
  a.send(config.listen, "two");
  EXPECT_TRUE(drive_until({&a, &b}, [&] { return b.heard("two"); }));
}

TEST(Loss, AListenerThatNeverAnswersProvesNothingAndBlocksNobody) {
  TransportConfig config = test_config();
  config.handshake_timeout = milliseconds(100);
  Station a(config), c;
  c.echoes = true;
  const DeafListener stopped;
  a.send(stopped.endpoint(), "hello?");
  a.send(c.endpoint(), "hello");
  ASSERT_TRUE(drive_until({&a, &c}, [&] { return a.heard("echo of hello"); }));
  ASSERT_TRUE(drive_until({&a, &c}, [&] { return a.counters().handshake_failed >= 3; }));
  EXPECT_EQ(a.inbox.size(), 1U);
  EXPECT_TRUE(a.lost.empty());  // silence is neither a refusal nor a loss
  EXPECT_EQ(a.counters().sent, 1U);
}

TEST(Loss, TheOutcomeOfAnAttemptThatFollowsAtOnceIsAnnouncedByTheDescriptors) {
  Station a(test_config({1, 2}));
  const DeafListener rude;
  a.send(rude.endpoint(), "hello?");
  a.transport->drive(boot_now());
  ASSERT_TRUE(rude.hang_up_on_the_next());
  const auto failed = [&](std::uint64_t times) {
    return drive_until(
        {&a}, [&] { return a.counters().handshake_failed == times; }, kNoTick);
  };
  EXPECT_TRUE(failed(1));
  ASSERT_TRUE(rude.has_caller());
  ASSERT_TRUE(rude.hang_up_on_the_next());  // the second key is tried at once
  EXPECT_TRUE(failed(2));
}

TEST(Loss, AVanishedHostIsNotCalledRefused) {
  TransportConfig config = test_config();
  config.connect_timeout = milliseconds(100);
  Station a(config);
  const DeafListener vanished(true);
  const Vacancy vacancy;
  const Endpoint down = vacancy.endpoint();
  a.send(vanished.endpoint(), "hello?");
  a.send(down, "hello?");
  ASSERT_TRUE(drive_until({&a}, [&] { return a.losses(down, true) >= 9; }));  // 600 ms: at least two attempts timed out
  EXPECT_EQ(a.lost.size(), a.losses(down, true));
}

TEST(Loss, MessagesToAPeerThatIsDownAreDroppedAndCounted) {
  Station a;
  const Vacancy vacancy;
  const Endpoint down = vacancy.endpoint();
  constexpr std::uint64_t kMany = 20000;
  for (std::uint64_t i = 0; i < kMany; ++i) a.send(down, std::string(1000, 'x'));
  EXPECT_EQ(a.counters().send_dropped, kMany - TransportConfig{}.max_waiting);
  // Those that wait do not wait for ever.
  a.transport->drive(boot_now());
  a.transport->drive(boot_now() + seconds(30));
  EXPECT_EQ(a.counters().send_dropped, kMany);
  EXPECT_EQ(a.counters().sent, 0U);
}

TEST(Loss, APeerThatDoesNotReadCostsABoundedQueue) {
  Station a, b;
  a.send(b.endpoint(), "hello");
  ASSERT_TRUE(drive_until({&a, &b}, [&] { return b.heard("hello"); }));
  const std::string text(60000, 'x');
  // b's loop stands still: its queue (64), the system's buffers (some MB) and a's queue (64) fill; then every further message is dropped.
  const bool dropped = drive_until({&a}, [&] {
    for (int i = 0; i < 100; ++i) a.send(b.endpoint(), text);
    return a.counters().send_dropped >= 200;
  });
  ASSERT_TRUE(dropped);
  EXPECT_LT(a.counters().bytes_sent, 100U * 1024 * 1024);
  EXPECT_TRUE(a.lost.empty());
}

}  // namespace
}  // namespace fluxpg::net
