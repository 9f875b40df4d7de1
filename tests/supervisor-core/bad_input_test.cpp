// What a node does about its copy, about strangers, and about data that it cannot read.
#include "supervisor/core/identity.hpp"
#include "supervisor/core/one_way.hpp"
#include "supervisor/core/seat.hpp"
#include "supervisor/core/stranger.hpp"
#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

constexpr TimePoint kNoon(std::chrono::hours(12));
const Endpoint kElsewhere{"198.18.0.99", 7946};

TEST(Identities, ACopyKeepsItsEtcdDownForGood) {
  Identities identities;
  EXPECT_FALSE(identities.keeps_etcd_down());
  EXPECT_TRUE(identities.heard(kNoon, node_id(1), kElsewhere, true, {}));
  identities.serves();  // too late: whatever serves now, it did not when the other was heard
  EXPECT_TRUE(identities.keeps_etcd_down());
  EXPECT_EQ(identities.problems(kNoon + minutes(60)).size(), 1U) << "the other may only be cut off";
}

TEST(Identities, TheOriginalGoesOnAndSpeaksOfItsCopyWhileItIsHeard) {
  Identities identities;
  identities.serves();
  EXPECT_TRUE(identities.heard(kNoon, node_id(1), kElsewhere, true, {}));
  EXPECT_FALSE(identities.heard(kNoon + seconds(5), node_id(1), kElsewhere, true, {})) << "no news";
  EXPECT_FALSE(identities.keeps_etcd_down());
  EXPECT_EQ(identities.problems(kNoon + seconds(6)).size(), 1U);
  EXPECT_TRUE(identities.problems(kNoon + seconds(66)).empty());
}

TEST(Identities, OfTwoOthersIsSaidWhatLastsAndKeepsNobodyDown) {
  Identities identities;
  EXPECT_TRUE(identities.heard(kNoon, node_id(3), kElsewhere, false, {"198.18.0.3", 7946}));
  EXPECT_TRUE(identities.problems(kNoon).empty()) << "it may have moved just now";
  identities.heard(kNoon + seconds(5), node_id(3), kElsewhere, false, {"198.18.0.3", 7946});
  ASSERT_EQ(identities.problems(kNoon + seconds(5)).size(), 1U);
  EXPECT_NE(identities.problems(kNoon + seconds(5))[0].find("at 198.18.0.3:7946 and at 198.18.0.99:7946"), std::string::npos);
  EXPECT_FALSE(identities.keeps_etcd_down());
}

// Node 1 holds data of kCluster; 2 and 3 live with another cluster.
struct Strangers : ::testing::Test {
  Strangers() {
    house.persistent.chosen = true;
    house.persistent.cluster = kCluster;
    house.persistent.member = MemberId{1};
    for (const std::uint8_t node : {std::uint8_t{2}, std::uint8_t{3}}) {
      gossip::NodeInfo info = house.member_info(node);
      info.cluster = ClusterId{0xbad};
      house.hears(info);
      house.vouchers.note(node_id(node), house.now.boot);
    }
  }
  std::size_t starts() {
    ProcessesSeen seen{{Process::State::kStopped, 0}, {}, true, false, ""};
    Seat seat;
    seat.tick(house.now, house.world(), seen, false, house.persistent, house.out);
    problem = seat.problem();
    return house.done<RunEtcd>().size();
  }
  House house;
  std::string problem;
};

TEST_F(Strangers, ThatServeAndAreMoreKeepOurEtcdDown) {
  EXPECT_EQ(starts(), 0U);
  EXPECT_NE(problem.find("stay down here"), std::string::npos);
}

TEST_F(Strangers, ThatAreNotKnownToServeDoNotOnceTheyWereAsked) {
  house.vouchers.note(node_id(2), house.now.boot - minutes(1));
  EXPECT_EQ(starts(), 1U);
  house.started = house.now.boot - seconds(10);
  house.config.rules.identity_wait = seconds(3);
  EXPECT_EQ(starts(), 0U) << "not asked yet";
}

// Whoever returns with data of the cluster that was given up for ours keeps its etcd down until we answer.
TEST_F(Strangers, WithDataOfTheClusterThatWasGivenUpHereDoNot) {
  house.started = house.now.boot - seconds(10);
  house.config.rules.identity_wait = seconds(3);
  Recovery recovery;
  recovery.done = true;
  recovery.given_up.cluster = ClusterId{0xfe};
  house.persistent.recovery = recovery;
  EXPECT_EQ(starts(), 0U) << "another one was given up";
  house.persistent.recovery->given_up.cluster = house.gossip.members().at(node_id(2)).info.cluster;
  EXPECT_EQ(starts(), 1U);
}

TEST_F(Strangers, ThatAreNotMoreThanWeDoNot) {
  gossip::NodeInfo ours = house.member_info(4);
  ours.cluster = kCluster;
  house.hears(ours);
  EXPECT_EQ(starts(), 1U);
}

TEST_F(Strangers, AreNobodysBusinessWhoHasNoDataOfItsOwn) {
  house.persistent = {};
  EXPECT_TRUE(strangers(house.world()).empty());
  EXPECT_EQ(outnumbered(house.now, house.world()), "");
}

// Node 2 refuses connections at its port, and pings us all the same.
struct OneWays : ::testing::Test {
  OneWays() {
    house.gossip.handle(house.now, gossip::ConnectionLost{info_of(2).gossip_endpoint(), true});
    house.gossip.handle(house.now, gossip::ConnectionLost{info_of(2).gossip_endpoint(), true});
  }
  void seconds_pass(int count, bool pings) {
    for (int i = 0; i < count; ++i) {
      if (pings) one_way.pinged(house.now.boot, node_id(2));
      one_way.look(house.now.boot, house.gossip);
      house.pass(seconds(1));
    }
  }
  House house;
  OneWay one_way;
};

TEST_F(OneWays, ANodeThatSpeaksAndIsNotReachedIsNamedAfterAWhile) {
  seconds_pass(9, true);
  EXPECT_TRUE(one_way.problems(house.now.boot, house.gossip).empty());
  seconds_pass(3, true);
  const auto problems = one_way.problems(house.now.boot, house.gossip);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].find("the gossip port of n2 (198.18.0.2:7946) is not reached from here"), std::string::npos) << problems[0];
}

TEST_F(OneWays, ANodeThatIsSimplySilentIsNot) {
  seconds_pass(30, false);
  EXPECT_TRUE(one_way.problems(house.now.boot, house.gossip).empty());
}

TEST_F(OneWays, WeOurselvesAreNamedIfAllThatWeReachSaySo) {
  gossip::LinkRow row{node_id(3), 1, {{house.signing.id(), {gossip::LinkState::kCut, 0}}}};
  house.gossip.handle(house.now, gossip::Received{kRoute, gossip::Sync{node_id(3), false, {}, {row}}});
  seconds_pass(12, false);
  const auto problems = one_way.problems(house.now.boot, house.gossip);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].find("reached by none of the others"), std::string::npos) << problems[0];
}

TEST(Unreadable, DataIsNotStartedOn) {
  House house;
  house.persistent.chosen = true;
  ProcessesSeen seen{{Process::State::kStopped, 0}, {}, false, false, "/d cannot be read: Input/output error."};
  Seat seat;
  seat.tick(house.now, house.world(), seen, false, house.persistent, house.out);
  EXPECT_TRUE(house.done<RunEtcd>().empty());
}

}  // namespace
}  // namespace fluxpg::supervisor::test
