#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/golden/golden.hpp"
#include "tests/report/snapshots.hpp"

namespace fluxpg::report {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(StatusText, IsTheGoldenFile) {
  expect_golden("report/status-healthy.txt", status_text(healthy()));
  expect_golden("report/status-degraded.txt", status_text(degraded()));
  expect_golden("report/status-majority-lost.txt", status_text(majority_lost()));
  expect_golden("report/status-empty.txt", status_text(empty()));
}

TEST(StatusText, BeginsWithHealthVotersAndWhatItSurvives) {
  EXPECT_THAT(status_text(healthy()), StartsWith("orders-db: HEALTHY, 3 of 3 voters live, survives 1 more failure\n"));
  EXPECT_THAT(status_text(degraded()), StartsWith("orders-db: DEGRADED, 2 of 3 voters live, survives NO further failure\n"));
  EXPECT_THAT(status_text(majority_lost()), StartsWith("orders-db: MAJORITY LOST, 1 of 3 voters live, 2 are needed"));
  EXPECT_THAT(status_text(empty()), StartsWith("orders-db: DEGRADED, no etcd voter is known yet\n"));
}

TEST(StatusText, ShowsAnOpenDecisionWhateverElseIsUnderWay) {
  Snapshot s = healthy();
  s.open_decision = record::samples::promotion();
  EXPECT_THAT(status_text(s), HasSubstr("open decision since 2026-10-26 07:34:50 UTC, rule seat-empty: node-198-18-0-14 is being"));
  EXPECT_THAT(status_text(s), Not(HasSubstr("nothing is under way")));
}

TEST(StatusText, SaysWhyNothingIsEvicted) {
  Snapshot s = healthy();
  s.evictions = "shadow";
  EXPECT_THAT(status_text(s), HasSubstr("evictions in SHADOW"));
  s.evictions = "paused";
  EXPECT_THAT(status_text(s), HasSubstr("evictions PAUSED by an operator"));
}

TEST(StatusText, KeepsToTheWidthWhereWordsAllow) {
  TextOptions narrow;
  narrow.width = 100;
  std::istringstream lines(status_text(degraded(), narrow));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST(StatusText, HasColoursOnlyOnRequest) {
  EXPECT_THAT(status_text(degraded()), Not(HasSubstr("\033")));
  TextOptions color;
  color.color = true;
  EXPECT_THAT(status_text(degraded(), color), HasSubstr("\033[33mDEGRADED\033[0m"));
}

TEST(Tables, AreTheGoldenFiles) {
  Snapshot s = degraded();
  s.history.insert(s.history.begin(), record::samples::removal());
  expect_golden("report/matrix.txt", matrix_text(s));
  expect_golden("report/decisions.txt", decisions_text(s));
  EXPECT_EQ(decisions_text(empty()), "  no decision has been taken yet\n");
}

TEST(ExitCode, IsTheHealth) {
  EXPECT_EQ(exit_code(healthy()), 0);
  EXPECT_EQ(exit_code(degraded()), 1);
  EXPECT_EQ(exit_code(majority_lost()), 2);
}

}  // namespace
}  // namespace fluxpg::report
