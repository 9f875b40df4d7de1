#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/golden/golden.hpp"
#include "tests/report/snapshots.hpp"

namespace fluxpg::report {
namespace {

using testing::HasSubstr;

TEST(Metrics, AreTheGoldenFile) { expect_golden("report/metrics.prom", metrics(degraded())); }

TEST(Metrics, EscapeLabels) {
  Snapshot s = healthy();
  s.app = "a\"b\nc\\";
  EXPECT_THAT(metrics(s), HasSubstr(R"(app="a\"b\nc\\")"));
}

TEST(Metrics, SayHowManyFailuresAreLeftInEveryState) {
  EXPECT_THAT(metrics(healthy()), HasSubstr("\nfluxpg_failures_survivable 1\n"));
  EXPECT_THAT(metrics(majority_lost()), HasSubstr("\nfluxpg_health 2\n"));
  EXPECT_THAT(metrics(empty()), HasSubstr("\nfluxpg_voters 0\n"));
}

}  // namespace
}  // namespace fluxpg::report
