#include "discovery/listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fluxpg::discovery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kA = "198.18.0.11", kB = "198.18.0.12", kC = "198.18.0.13", kD = "198.18.0.14", kE = "198.18.0.15";

Now at(Duration since_boot) {
  Now now;
  now.boot = TimePoint(minutes(100) + since_boot);
  return now;
}

// A listing, told what is heard at which second.
struct Story {
  Listing listing{ListingConfig{}};
  Now now = at(seconds(0));

  void good(int second, const std::string& backend, const std::vector<std::string>& addresses) {
    now = at(seconds(second));
    Good answer{backend, {}};
    for (const auto& address : addresses) answer.rows.push_back({address, 16127});
    listing.handle(now, answer);
  }
  void bad(int second, Fault fault) {
    now = at(seconds(second));
    listing.handle(now, Bad{"b", fault, "as told."});
  }
  Presence of(const std::string& address) const { return listing.presence(now, address); }
};

TEST(Listing, KnowsNothingBeforeTheFirstGoodAnswer) {
  Story s;
  EXPECT_EQ(s.of(kA), Presence::kUnknown);
  EXPECT_EQ(s.listing.absent_since(s.now, kA), std::nullopt);
  EXPECT_FALSE(s.listing.has_good_answer());
  s.bad(0, Fault::kTimeout);
  EXPECT_EQ(s.listing.describe(s.now, kA), "unknown: no good answer yet (timeout: as told.)");
}

TEST(Listing, UnlistsAfterTheWindowAndEnoughAnswers) {
  Story s;
  s.good(0, "b", {kA, kB, kC});
  EXPECT_EQ(s.of(kC), Presence::kListed);
  s.good(50, "b", {kA, kB});
  s.good(109, "b", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kUnknown) << "one second too early";
  s.good(110, "b", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kUnlisted);
  EXPECT_EQ(s.listing.absent_since(s.now, kC), at(seconds(50)).boot);
  EXPECT_EQ(s.listing.describe(s.now, kC), "absent from 3 answers of 1 backend since 60 s ago");
  EXPECT_EQ(s.of(kA), Presence::kListed);
}

// A database that is broken for ten seconds just when somebody reboots must not look as if it had been broken for a minute.
TEST(Listing, CountsAnAbsenceFromTheFirstAnswerThatShowsIt) {
  Story s;
  s.good(0, "b1", {kA, kB, kC});
  for (int t = 55; t <= 65; t += 2) s.good(t, t % 4 == 1 ? "b2" : "b3", {kA, kB});
  EXPECT_NE(s.of(kC), Presence::kUnlisted) << "named 65 s ago, missed for 10 s";
  EXPECT_EQ(s.listing.absent_since(s.now, kC), std::nullopt) << "b1 still names it";
}

TEST(Listing, NeedsMoreThanOneAnswerHoweverLongTheWait) {
  Story s;
  s.good(0, "b", {kA, kB, kC});
  s.good(200, "b", {kA, kB});
  s.bad(290, Fault::kTimeout);
  EXPECT_EQ(s.of(kC), Presence::kUnknown);
  EXPECT_EQ(s.listing.describe(s.now, kC),
            "absent from 1 answer of 1 backend since 90 s ago; unlisted after 60 s and 2 answers of 1 backend");
}

TEST(Listing, CountsAnAbsenceUntilTheLastLookNotUntilNow) {
  Story s;
  s.good(0, "b", {kA, kB, kC});
  for (const int t : {50, 80, 109}) s.good(t, "b", {kA, kB});
  s.bad(200, Fault::kTimeout);
  EXPECT_EQ(s.of(kC), Presence::kUnknown) << "three answers of 59 s; of what came since nothing is known";
}

TEST(Listing, NeedsTwoBackendsWhileTwoAreHeard) {
  Story s;
  s.good(0, "b1", {kA, kB, kC});
  s.good(1, "b2", {kA, kB, kC});
  for (int t = 10; t <= 290; t += 10) s.good(t, "b1", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kListed) << "one backend alone";
  s.good(291, "b2", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kUnlisted);
}

TEST(Listing, OneBackendIsEnoughWhenTheOtherIsNotHeardAnyMore) {
  Story s;
  s.good(0, "gone", {kA, kB, kC});
  for (int t = 10; t <= 300; t += 10) s.good(t, "b", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kListed);
  s.good(301, "b", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kUnlisted);
}

// With a hundred backends behind one name, those that were asked before the row vanished are rarely asked again in time to say so.
TEST(Listing, WhatABackendSaidBeforeTheAbsenceDoesNotOutweighIt) {
  Story s;
  s.good(0, "b1", {kA, kB, kC});
  s.good(30, "b2", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kListed);
  s.good(89, "b3", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kListed);
  s.good(90, "b4", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kUnlisted);
  s.good(91, "b5", {kA, kB, kC});
  EXPECT_EQ(s.of(kC), Presence::kListed) << "one backend that still names it begins the count anew";
}

TEST(Listing, OneEmptyAnswerUnlistsNobodyNorDoAThousandBadOnes) {
  Story s;
  s.good(0, "b", {kA});
  for (int t = 1; t < 1000; ++t) s.bad(t, t % 2 ? Fault::kEmpty : Fault::kTimeout);
  EXPECT_EQ(s.of(kA), Presence::kUnknown) << "silent for long: unknown, never unlisted";
  EXPECT_EQ(s.listing.faults().at(Fault::kEmpty), 500U);
  EXPECT_EQ(s.listing.faults().at(Fault::kTimeout), 499U);
  EXPECT_EQ(s.listing.good_answers(), 1U);
  EXPECT_THAT(s.listing.describe(s.now, kA), HasSubstr("the last good answer is 999 s old (empty: as told.)"));
}

TEST(Listing, TakesBackAnAbsenceThatNobodyConfirmsAnyMore) {
  Story s;
  s.good(0, "b", {kA, kB, kC});
  s.good(5, "b", {kA, kB});
  s.good(65, "b", {kA, kB});
  s.bad(365, Fault::kTimeout);
  EXPECT_EQ(s.of(kC), Presence::kUnlisted);
  s.bad(366, Fault::kTimeout);
  EXPECT_EQ(s.of(kC), Presence::kUnknown);
}

TEST(Listing, StartsCountingAnewAfterASilence) {
  Story s;
  s.good(0, "b", {kA, kB, kC});
  s.bad(100, Fault::kUnreachable);
  s.good(1000, "b", {kA, kB});
  s.good(1005, "b", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kUnknown) << "two answers in five seconds after an outage";
  EXPECT_EQ(s.of(kD), Presence::kUnknown) << "nor is one whom no answer ever named held absent during it";
  s.good(1060, "b", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kUnlisted);
  EXPECT_EQ(s.of(kD), Presence::kUnlisted);
}

TEST(Listing, ForgetsAnAbsenceWhenTheAddressReappears) {
  Story s;
  s.good(0, "b", {kA, kB, kC});
  s.good(40, "b", {kA, kB});
  s.good(50, "b", {kA, kB, kC});
  s.good(70, "b", {kA, kB});
  s.good(129, "b", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kUnknown);
  s.good(130, "b", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kUnlisted);
  s.good(140, "b", {kA, kB, kC});
  EXPECT_EQ(s.of(kC), Presence::kListed);
  EXPECT_EQ(s.listing.absent_since(s.now, kC), std::nullopt);
}

TEST(Listing, CountsAnAnswerThatLacksMostOfTheListHalf) {
  Story s;
  s.good(0, "b", {kA, kB, kC});
  s.good(5, "b", {kA});
  s.good(60, "b", {kA});
  s.good(65, "b", {kA});
  EXPECT_EQ(s.of(kC), Presence::kUnknown) << "three halves are not two";
  EXPECT_THAT(s.listing.describe(s.now, kC), HasSubstr("count half"));
  s.good(70, "b", {kA});
  EXPECT_EQ(s.of(kC), Presence::kUnlisted);
}

TEST(Listing, CountsHalfOfTheListMissingInFull) {
  Story s;
  s.good(0, "b", {kA, kB});
  s.good(5, "b", {kA});
  s.good(65, "b", {kA});
  EXPECT_EQ(s.of(kB), Presence::kUnlisted);
}

TEST(Listing, UnlistsAnAddressThatNoAnswerEverNamed) {
  Story s;
  s.good(0, "b1", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kUnknown);
  s.good(30, "b2", {kA, kB});
  s.good(59, "b1", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kUnknown);
  s.good(60, "b1", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kUnlisted);
  EXPECT_EQ(s.listing.absent_since(s.now, kC), at(seconds(0)).boot);
}

TEST(Listing, DoesNotHoldAnAbsenceBeforeSomebodyHadTheAddressAgainstIt) {
  Story s;
  for (int t = 0; t <= 100; t += 10) s.good(t, "b", {kA, kB});
  s.listing.expect(at(seconds(105)), kC);
  EXPECT_NE(s.of(kC), Presence::kUnlisted);
  s.good(110, "b", {kA, kB});
  s.good(169, "b", {kA, kB});
  EXPECT_NE(s.of(kC), Presence::kUnlisted);
  EXPECT_THAT(s.listing.listed_within(s.now, minutes(10)), ElementsAre(kA, kB)) << "expected is not named";
  s.good(170, "b", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kUnlisted);
}

TEST(Listing, NeedsTwoBackendsForAStrangerToo) {
  Story s;
  for (int t = 0; t <= 120; t += 10) s.good(t, "b1", {kA, kB});
  EXPECT_EQ(s.of(kC), Presence::kUnlisted) << "only one backend is known";
  Story two;
  two.good(0, "b2", {kA, kB, kC});
  for (int t = 10; t <= 120; t += 10) two.good(t, "b1", {kA, kB});
  EXPECT_EQ(two.of(kC), Presence::kListed);
  EXPECT_EQ(two.of(kD), Presence::kUnlisted);
}

TEST(Listing, TellsSinceWhenAnAddressIsListedAcrossSilenceAndContradiction) {
  Story s;
  s.good(0, "b1", {kA});
  s.good(60, "b2", {kA, kB});
  s.good(120, "b1", {kA});
  s.bad(180, Fault::kTimeout);
  EXPECT_EQ(s.listing.listed_since(kB), at(seconds(60)).boot) << "b2 still names it";
  EXPECT_EQ(s.listing.describe(s.now, kB), "listed by 1 backend for 120 s");
  s.good(240, "b2", {kA});
  EXPECT_EQ(s.listing.listed_since(kB), std::nullopt);
  s.good(300, "b2", {kA, kB});
  EXPECT_EQ(s.listing.listed_since(kB), at(seconds(300)).boot);
}

TEST(Listing, ListsTheUnionOfFreshAnswersAndRemembersRecentOnes) {
  Story s;
  s.good(0, "b1", {kA, kB});
  s.good(10, "b2", {kA, kC});
  EXPECT_THAT(s.listing.listed(s.now), ElementsAre(kA, kB, kC));
  s.good(20, "b1", {kA});
  EXPECT_THAT(s.listing.listed(s.now), ElementsAre(kA, kC));
  EXPECT_THAT(s.listing.listed_within(s.now, minutes(10)), ElementsAre(kA, kB, kC));
  s.good(601, "b1", {kA});
  EXPECT_THAT(s.listing.listed_within(s.now, minutes(10)), ElementsAre(kA, kC));
  EXPECT_THAT(s.listing.listed(at(seconds(1000))), IsEmpty());
}

TEST(Listing, StaysBoundedAndUnlistsNobodyByForgettingHim) {
  ListingConfig config;
  config.max_addresses = 3;
  config.max_backends = 2;
  Listing listing(config);
  const auto good = [&](int second, const std::string& backend, const std::vector<std::string>& addresses) {
    Good answer{backend, {}};
    for (const auto& address : addresses) answer.rows.push_back({address, 16127});
    listing.handle(at(seconds(second)), answer);
  };
  good(0, "b0", {kA, kB, kC});
  good(200, "b1", {kA, kB, kC});
  good(205, "b2", {kA, kD, kE});  // B and C are forgotten here
  good(206, "b3", {kA, kD, kE});
  EXPECT_THAT(listing.listed_within(at(seconds(206)), minutes(60)), ElementsAre(kA, kD, kE));
  EXPECT_EQ(listing.presence(at(seconds(206)), kB), Presence::kUnknown) << "it was listed six seconds ago";
  good(264, "b4", {kA, kD, kE});
  EXPECT_NE(listing.presence(at(seconds(264)), kB), Presence::kUnlisted) << "first missed 59 s ago";
  good(265, "b4", {kA, kD, kE});
  EXPECT_EQ(listing.presence(at(seconds(265)), kB), Presence::kUnlisted);
}

TEST(Listing, GivesTheSameAnswersForTheSameStory) {
  const auto tell = [] {
    Story s;
    s.good(0, "b1", {kC, kA, kB});
    s.good(60, "b2", {kB});
    s.bad(70, Fault::kShape);
    return s.listing.describe(s.now, kA) + s.listing.describe(s.now, kC);
  };
  EXPECT_EQ(tell(), tell());
}

}  // namespace
}  // namespace fluxpg::discovery
