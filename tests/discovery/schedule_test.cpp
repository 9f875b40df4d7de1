#include "discovery/schedule.hpp"

#include <gtest/gtest.h>

namespace fluxpg::discovery {
namespace {

const Bad kFault{"b", Fault::kTimeout, "as told."};

Good rows(std::initializer_list<const char*> addresses) {
  Good good{"b", {}};
  for (const char* address : addresses) good.rows.push_back({address, 16127});
  return good;
}

// Polls at once whenever one is due, and tells how long the schedule waited.
struct Poller {
  Schedule schedule{ScheduleConfig{}, 1, 7};
  TimePoint now{minutes(5)};

  Duration waited_after(const Answer& answer) {
    schedule.start(now);
    schedule.answered(answer);
    const Duration wait = schedule.next() - now;
    now = schedule.next();
    return wait;
  }
};

void expect_about(Duration actual, Duration expected) {
  EXPECT_LE(actual, expected);
  EXPECT_GE(actual, expected * 9 / 10);
}

TEST(Schedule, AsksAtOnceAndThenOncePerPeriodWithJitter) {
  Poller p;
  EXPECT_LE(p.schedule.next(), p.now);
  std::set<Duration> waits;
  for (int i = 0; i < 20; ++i) {
    waits.insert(p.waited_after(rows({"1.1.1.1"})));
    expect_about(*waits.rbegin(), seconds(60));
    expect_about(*waits.begin(), seconds(60));
  }
  EXPECT_GT(waits.size(), 10U);
}

TEST(Schedule, WaitsForTheAnswerOfAPollUnderWay) {
  Poller p;
  p.schedule.start(p.now);
  EXPECT_EQ(p.schedule.next(), kNever);
}

TEST(Schedule, RetriesSoonerAfterAFaultAndBacksOffToThePeriod) {
  Poller p;
  for (const int expected : {10, 20, 40, 60, 60}) expect_about(p.waited_after(kFault), seconds(expected));
  for (int i = 0; i < 100; ++i) expect_about(p.waited_after(kFault), seconds(60));
  expect_about(p.waited_after(rows({"1.1.1.1"})), seconds(60));
  expect_about(p.waited_after(kFault), seconds(10));
}

TEST(Schedule, TakesTheBaseUrlsInTurn) {
  Schedule schedule(ScheduleConfig{}, 3, 1);
  for (const std::size_t expected : {0U, 1U, 2U, 0U}) EXPECT_EQ(schedule.start(TimePoint(minutes(1))), expected);
}

TEST(Schedule, HurriesToConfirmAVanishedAddressUntilTheWindowIsOver) {
  Poller p;
  p.waited_after(rows({"1.1.1.1", "2.2.2.2"}));
  const TimePoint vanished = p.now;
  std::set<Duration> waits;
  while (p.now - vanished < seconds(70)) waits.insert(p.waited_after(rows({"1.1.1.1"})));
  EXPECT_LE(*waits.rbegin(), seconds(5));
  EXPECT_GE(*waits.begin(), milliseconds(2000));
  EXPECT_GT(*waits.rbegin() - *waits.begin(), seconds(1)) << "spread, so that nodes do not hurry in step";
  while (p.now - vanished < seconds(75)) p.waited_after(rows({"1.1.1.1"}));
  expect_about(p.waited_after(rows({"1.1.1.1"})), seconds(60));
}

TEST(Schedule, DoesNotHurryForANewAddress) {
  Poller p;
  p.waited_after(rows({"1.1.1.1"}));
  expect_about(p.waited_after(rows({"1.1.1.1", "2.2.2.2"})), seconds(60));
}

TEST(Schedule, AsksMoreOftenWhileAVoterIsSilent) {
  Poller p;
  p.waited_after(rows({"1.1.1.1"}));
  p.schedule.start(p.now);
  p.schedule.answered(rows({"1.1.1.1"}));
  p.schedule.set_urgent(true);
  EXPECT_EQ(p.schedule.next(), p.now + seconds(4)) << "also the poll that was already planned";
  p.now = p.schedule.next();
  expect_about(p.waited_after(rows({"1.1.1.1"})), seconds(4));
  expect_about(p.waited_after(kFault), seconds(10));
  expect_about(p.waited_after(kFault), seconds(20));
  p.schedule.set_urgent(false);
  expect_about(p.waited_after(rows({"1.1.1.1"})), seconds(60));
}

TEST(Schedule, StaysPoliteWhenBackendsContradictEachOtherForEver) {
  Poller p;
  const TimePoint start = p.now;
  int polls = 0;
  for (; p.now - start < std::chrono::hours(10); ++polls) p.waited_after(polls % 2 ? rows({"1.1.1.1"}) : rows({"2.2.2.2"}));
  EXPECT_LE(polls, 30 + 2 * 10 * 60 * 10 / 9);
}

}  // namespace
}  // namespace fluxpg::discovery
