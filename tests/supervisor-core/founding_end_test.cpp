// A founding plan that was started and not chosen: when it is given up, and what may never happen to it afterwards.
#include "tests/supervisor-core/founding_fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

// The plan of round 4 was promised and started here, and its etcd runs.
struct Founds : Fresh {
  Founds() {
    tick();
    receive(foreign(4));
    start(foreign(4));
    seen.etcd.state = Process::State::kRunning;
    seen.etcd_data = true;
  }
};

TEST_F(Founds, AStartedPlanIsNotGivenUpBeforeItsTime) {
  wait(house.config.rules.founding_patience - milliseconds(1));
  EXPECT_FALSE(receive(foreign(5)).promised);
  EXPECT_TRUE(house.done<StopEtcd>().empty());
  EXPECT_EQ(house.persistent.promised->round, 4U);
}

TEST_F(Founds, AStartedPlanWhoseEtcdHasALeaderIsNeverGivenUp) {
  tick();
  wait(house.config.rules.founding_patience - milliseconds(1));
  house.pass(milliseconds(2));
  house.etcd.members = {{MemberId{1}, "n1", {"https://n1"}, {}, false}};
  house.read();
  EXPECT_FALSE(receive(foreign(5)).promised);
  EXPECT_TRUE(house.done<StopEtcd>().empty());
}

TEST_F(Founds, AHigherRoundIsPromisedOnlyAfterTheEarlierEtcdStoppedAndItsDataIsSetAside) {
  wait(house.config.rules.founding_patience);
  EXPECT_FALSE(receive(foreign(5)).promised);
  EXPECT_EQ(house.done<StopEtcd>().size(), 1U);
  EXPECT_TRUE(house.persistent.abandons());
  tick();
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty()) << "only of a stopped etcd";
  EXPECT_FALSE(receive(foreign(5)).promised);
  seen.etcd.state = Process::State::kStopped;
  house.pass(seconds(2));
  tick();
  EXPECT_EQ(house.done<SetAsideEtcdData>().size(), 1U);
  EXPECT_FALSE(receive(foreign(5)).promised);
  seen.etcd_data = false;
  house.pass(seconds(2));
  tick();
  EXPECT_FALSE(house.persistent.abandons());
  EXPECT_TRUE(receive(foreign(5)).promised);
}

struct GaveUp : Founds {
  GaveUp() {
    wait(house.config.rules.founding_patience);
    receive(foreign(5));
    seen.etcd.state = Process::State::kStopped;
    seen.etcd_data = false;  // it was set aside
    house.pass(seconds(2));
    tick();
  }
};

TEST_F(GaveUp, ItsPlanIsNeverPromisedNorStartedAgain) {
  ASSERT_EQ(house.persistent.given_up_token, "token4");
  ASSERT_TRUE(house.persistent.started_token.empty());
  EXPECT_FALSE(receive(foreign(4)).promised) << "its etcd would start with an empty disk, and has voted";
  start(foreign(4));
  EXPECT_TRUE(house.persistent.started_token.empty());
  EXPECT_TRUE(receive(foreign(5)).promised);
}

TEST_F(Founds, AGivenUpPlanIsWrittenDownBeforeItsDataIsTouched) {
  wait(house.config.rules.founding_patience);
  receive(foreign(5));
  ASSERT_EQ(house.done<Persist>().back().state.given_up_token, "token4");
  founding = Founding{};  // the daemon crashes, and starts again
  seen.etcd.state = Process::State::kExited;
  tick();
  EXPECT_EQ(house.done<SetAsideEtcdData>().size(), 1U);
  tick();
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty()) << "the disk is looked at again first";
  EXPECT_TRUE(house.persistent.abandons());
}

TEST_F(Founds, TheTimeInWhichThisProcessStoodStillIsNoPatience) {
  tick();
  house.pass(house.config.rules.founding_patience);
  EXPECT_FALSE(receive(foreign(5)).promised);
  tick();
  wait(house.config.rules.founding_patience - seconds(1));
  EXPECT_TRUE(house.done<StopEtcd>().empty());
}

// They start their etcds again, and then the plan may be chosen any moment.
TEST_F(Founds, APlanHasItsTimeAgainWhenAFounderIsBack) {
  wait(house.config.rules.founding_patience);
  house.hears(info_of(2), gossip::State::kAlive, Duration::zero());
  wait(house.config.rules.founding_patience - seconds(1));
  EXPECT_FALSE(receive(foreign(5)).promised);
  EXPECT_TRUE(house.done<StopEtcd>().empty());
  wait(seconds(2));
  receive(foreign(5));
  EXPECT_EQ(house.done<StopEtcd>().size(), 1U);
}

TEST_F(Founds, ANewcomerIsNoFounderWhoIsBack) {
  wait(house.config.rules.founding_patience);
  house.hears(info_of(4), gossip::State::kAlive, Duration::zero());
  receive(foreign(5, 4));
  EXPECT_EQ(house.done<StopEtcd>().size(), 1U);
}

// ---- another cluster lives ----

struct CutOff : Founds {
  CutOff() {
    gossip::NodeInfo other = info_of(2);
    other.cluster = ClusterId{7};
    other.member = MemberId{2};
    house.hears(other);
  }
  // The questions for the `founded` key of a living cluster, answered as by one that was founded by the plan of that token.
  std::size_t answered(const std::string& token) {
    const record::Founded founded{token, ClusterId{7}, 4, {}, 0, {}};
    const auto asked = house.asked();
    for (const Asked& ask : asked) {
      const etcd::Header header{ClusterId{7}, MemberId{2}, 1, 1};
      const etcd::KeyValue key{record::founded_key(house.config.app), record::to_json(founded), 1, 1, {}};
      founding.handle(ask.purpose, etcd::RangeResult{header, {key}, 1}, house.persistent);
    }
    return asked.size();
  }
};

TEST_F(CutOff, APlanIsGivenUpForAClusterThatAnotherPlanFounded) {
  wait(house.config.rules.founding_patience - milliseconds(1));
  EXPECT_EQ(answered("another"), 0U) << "its own etcd has its time first";
  house.pass(seconds(1));
  tick();
  EXPECT_EQ(answered("another"), 1U);
  tick();
  EXPECT_EQ(house.done<StopEtcd>().size(), 1U);
  EXPECT_TRUE(house.persistent.abandons());
}

// It was chosen after the decision to give it up was on disk.
TEST_F(CutOff, APlanThatWasChosenAfterAllIsNotGivenUp) {
  house.persistent.given_up_token = "token4";
  founding = Founding{};  // the daemon crashed then
  seen.etcd.state = Process::State::kStopped;
  tick();
  EXPECT_EQ(answered("token4"), 1U);
  house.done<Persist>();
  tick();
  EXPECT_FALSE(house.persistent.abandons());
  EXPECT_EQ(house.persistent.started_token, "token4");
  const auto noted = house.done<Persist>();
  ASSERT_EQ(noted.size(), 1U);
  EXPECT_EQ(noted[0].state.given_up_token, "");
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty());
}

TEST_F(CutOff, ALivingClusterIsAskedOnceMoreBeforeThePlanIsSetAside) {
  house.persistent.given_up_token = "token4";
  founding = Founding{};
  seen.etcd.state = Process::State::kStopped;
  for (int i = 0; i < 19; ++i) {
    tick();
    house.pass(seconds(1));
  }
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty());
  answered("another");
  tick();
  EXPECT_EQ(house.done<SetAsideEtcdData>().size(), 1U);
}

TEST_F(CutOff, AClusterWhoseEtcdDoesNotAnswerIsNotWaitedForForEver) {
  house.persistent.given_up_token = "token4";
  founding = Founding{};
  seen.etcd.state = Process::State::kStopped;
  tick();
  house.pass(seconds(20));
  tick();
  EXPECT_EQ(house.done<SetAsideEtcdData>().size(), 1U);
}

TEST_F(Founds, AfterARestartTheOthersAreHeardBeforeThePlanIsSetAside) {
  house.persistent.given_up_token = "token4";
  founding = Founding{};
  house.started = house.now.boot;
  seen.etcd.state = Process::State::kStopped;
  tick();
  house.pass(seconds(5));
  tick();
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty());
  house.pass(seconds(1));
  tick();
  EXPECT_EQ(house.done<SetAsideEtcdData>().size(), 1U);
}

TEST_F(CutOff, TheClusterOfItsOwnPlanIsWaitedFor) {
  wait(house.config.rules.founding_patience + seconds(1));
  tick();
  EXPECT_EQ(answered("token4"), 1U);
  wait(minutes(10));
  EXPECT_TRUE(house.done<StopEtcd>().empty());
}

}  // namespace
}  // namespace fluxpg::supervisor::test
