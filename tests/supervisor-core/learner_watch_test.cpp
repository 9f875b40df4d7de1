#include "supervisor/core/learner_watch.hpp"

#include <gtest/gtest.h>

namespace fluxpg::supervisor {
namespace {

constexpr MemberId kLearner{8};

Now at(Duration time) { return {TimePoint(time), SteadyPoint(time), WallPoint(time)}; }

TEST(LearnerWatch, WhoHasAllThatWeHadALookBeforeHasCaughtUp) {
  LearnerWatch watch;
  watch.asked(at(seconds(1)), kLearner, 100);
  watch.answered(at(seconds(1)), kLearner, 100);
  EXPECT_FALSE(watch.has_caught_up(at(seconds(1)), kLearner)) << "one look tells nothing about what it missed meanwhile";
  watch.asked(at(seconds(2)), kLearner, 120);
  watch.answered(at(seconds(2)), kLearner, 101);
  EXPECT_TRUE(watch.has_caught_up(at(seconds(4)), kLearner));
  EXPECT_FALSE(watch.has_caught_up(at(seconds(5)), kLearner)) << "older than two seconds";
  EXPECT_FALSE(watch.has_caught_up(at(seconds(4)), MemberId{9}));
  watch.asked(at(seconds(5)), kLearner, 140);
  watch.answered(at(seconds(5)), kLearner, 119);
  EXPECT_FALSE(watch.has_caught_up(at(seconds(5)), kLearner));
}

TEST(LearnerWatch, ProgressIsAGrowingIndexOrNothingToCatchUpWith) {
  LearnerWatch watch;
  for (int second = 10; second <= 100; second += 10) {
    watch.asked(at(seconds(second)), kLearner, 100);
    watch.answered(at(seconds(second)), kLearner, 100);
  }
  EXPECT_EQ(watch.stuck_for(at(seconds(100)), kLearner), Duration::zero()) << "in an idle cluster nothing grows";
  for (int second = 110; second <= 200; second += 10) {
    watch.asked(at(seconds(second)), kLearner, 200);
    watch.answered(at(seconds(second)), kLearner, 100);
  }
  EXPECT_EQ(watch.stuck_for(at(seconds(200)), kLearner), seconds(90)) << "behind since the second look that shows it";
  watch.asked(at(seconds(210)), kLearner, 300);
  watch.answered(at(seconds(210)), kLearner, 101);
  EXPECT_EQ(watch.stuck_for(at(seconds(210)), kLearner), Duration::zero()) << "slow is not stuck";
  EXPECT_EQ(watch.stuck_for(at(seconds(900)), kLearner), seconds(690)) << "silence is";
}

TEST(LearnerWatch, AnotherLearnerBeginsAnew) {
  LearnerWatch watch;
  watch.asked(at(seconds(1)), kLearner, 100);
  watch.asked(at(seconds(900)), MemberId{9}, 100);
  EXPECT_EQ(watch.stuck_for(at(seconds(901)), MemberId{9}), seconds(1));
  watch.answered(at(seconds(902)), kLearner, 100);
  EXPECT_FALSE(watch.has_caught_up(at(seconds(902)), kLearner));
}

}  // namespace
}  // namespace fluxpg::supervisor
