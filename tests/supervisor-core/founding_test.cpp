#include "tests/supervisor-core/founding_fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

// ---- what blocks ----

TEST_F(Fresh, EverybodyListedPresentAndFreshIsNoObstacle) { EXPECT_TRUE(obstacles().empty()); }

TEST_F(Fresh, WithoutANumberOfInstancesNothingIsFounded) {
  house.instances = 0;
  EXPECT_FALSE(obstacles().empty());
  house.config.rules.expected_nodes = 3;
  EXPECT_TRUE(obstacles().empty());
}

TEST_F(Fresh, WithoutAGoodAnswerOfTheListNothingIsFounded) {
  house.listing = discovery::Listing({});
  house.listing.handle(house.now, discovery::Bad{"server1", discovery::Fault::kEmpty, "no rows"});
  EXPECT_FALSE(obstacles().empty());
}

TEST_F(Fresh, ASilentListedNodeMayHoldTheOnlyCopy) {
  house.hears(info_of(3), gossip::State::kDead, minutes(1));
  ASSERT_EQ(obstacles().size(), 1U);
  EXPECT_NE(obstacles()[0].waits_for.find(address_of(3)), std::string::npos);
  house.hears(info_of(3), gossip::State::kSuspect, seconds(1));
  EXPECT_EQ(obstacles().size(), 1U) << "a suspect is not heard either";
  house.never_heard(3);
  EXPECT_EQ(obstacles().size(), 1U);
  EXPECT_TRUE(Founding::obstacles(house.now, house.world(), {address_of(3)}).empty()) << "an operator vouched for it";
}

TEST_F(Fresh, OneBackendsRowIsEnoughToBlock) {
  house.lists({1, 2, 3, 4}, "server2");
  house.lists({1, 2, 3}, "server1");
  EXPECT_FALSE(obstacles().empty());
}

TEST_F(Fresh, ANodeThatHoldsDataBlocks) {
  for (const gossip::DataState data : {gossip::DataState::kUnknown, gossip::DataState::kHasEtcd, gossip::DataState::kOnlyPostgres}) {
    gossip::NodeInfo info = info_of(3);
    info.data = data;
    house.hears(info);
    EXPECT_FALSE(obstacles().empty()) << static_cast<int>(data);
  }
}

TEST_F(Fresh, AnybodyWhoKnowsAClusterBlocksEvenTheDead) {
  house.hears(house.member_info(9), gossip::State::kDead, minutes(20));
  EXPECT_FALSE(obstacles().empty());
}

TEST_F(Fresh, HalfOfTheNodesAreNotEnough) {
  house.listing = discovery::Listing({});
  for (int i = 0; i < 4; ++i) house.pass(seconds(30)), house.lists({1, 2});
  house.hears(info_of(2)), house.never_heard(3);
  house.instances = 4;
  EXPECT_FALSE(obstacles().empty()) << "2 of 4";
  house.instances = 3;
  EXPECT_TRUE(obstacles().empty()) << "2 of 3";
}

// ---- counting ----

TEST_F(Fresh, CountsTheExpectedTheListedAndTheHeard) {
  EXPECT_EQ(count(), 3U);
  house.instances = 5;
  EXPECT_EQ(count(), 5U);
  house.instances = 1;
  house.lists({1, 2, 3, 4}, "server2");
  EXPECT_EQ(count(), 4U);
  house.hears(info_of(9));
  EXPECT_EQ(count(), 5U);
  EXPECT_EQ(count({address_of(9)}), 4U);
}

TEST(FoundingCount, CountsItselfAlsoWhereItIsNotListed) {
  House house{0};
  house.lists({2, 3, 4});
  EXPECT_EQ(Founding::count(house.now, house.world(), {}), 4U);
}

TEST_F(Fresh, WhoWasSeenWithinTenMinutesStillCounts) {
  house.hears(info_of(9), gossip::State::kDead, minutes(9));
  EXPECT_EQ(count(), 4U);
  house.hears(info_of(9), gossip::State::kDead, minutes(10));
  EXPECT_EQ(count(), 3U);
}

// ---- proposing ----

TEST_F(Fresh, TheLowestIdProposesAtOnceDurablyBeforeItSends) {
  tick();
  ASSERT_TRUE(house.persistent.promised && !house.spoke_too_early());
  const FoundingPlan plan = *house.persistent.promised;
  EXPECT_EQ(plan.founders.size(), 3U);
  EXPECT_EQ(plan.counted, 3U);
  EXPECT_EQ(plan.round, 1U);
  EXPECT_EQ(plan.token.size(), 32U);
  EXPECT_EQ(house.done<Persist>().at(0).state.promised, plan);
  EXPECT_EQ(plans().size(), 2U);
  EXPECT_TRUE(house.persistent.started_token.empty());
}

TEST_F(Fresh, HigherRanksWaitTheirTurn) {
  gossip::NodeInfo lower = info_of(0);
  lower.id.bytes[31] = 1;
  house.lists({0, 1, 2, 3});
  house.hears(lower);
  tick();
  EXPECT_FALSE(house.persistent.promised);
  house.pass(house.config.rules.founding_step - milliseconds(1));
  tick();
  EXPECT_FALSE(house.persistent.promised);
  house.pass(milliseconds(1));
  tick();
  EXPECT_TRUE(house.persistent.promised);
}

TEST_F(Fresh, NothingIsProposedWhileAnythingBlocks) {
  house.hears(info_of(3), gossip::State::kDead, minutes(1));
  for (int i = 0; i < 100; ++i) {
    tick();
    house.pass(seconds(1));
  }
  EXPECT_FALSE(house.persistent.promised);
  EXPECT_FALSE(founding.doing().empty());
  founding.without(address_of(3));
  house.lists({1, 2, 3});
  tick();
  ASSERT_TRUE(house.persistent.promised);
  EXPECT_EQ(house.persistent.promised->founders.size(), 1U) << "of two nodes one founds: two founders would be lost with either";
}

TEST_F(Fresh, ANodeWithDataNeverProposes) {
  tick(false);
  EXPECT_FALSE(house.persistent.promised);
  house.persistent.chosen = true;
  tick();
  EXPECT_FALSE(house.persistent.promised);
}

TEST_F(Fresh, ASingleNodeFoundsAlone) {
  House alone(0);
  alone.instances = 1;
  alone.lists({1});
  for (int i = 0; i < 2; ++i) founding.tick(alone.now, alone.world(), seen, true, alone.persistent, alone.random, alone.out);
  ASSERT_TRUE(alone.persistent.promised);
  EXPECT_EQ(alone.persistent.started_token, alone.persistent.promised->token);
}

TEST_F(Fresh, ItStartsOnlyWhenEveryFounderHasPromised) {
  tick();
  promise(2);
  promise(3, false);
  tick();
  EXPECT_TRUE(house.persistent.started_token.empty());
  promise(3);
  tick();
  EXPECT_EQ(house.persistent.started_token, house.persistent.promised->token);
}

// Founders may be fewer than half of the nodes: the rest must promise too, or it could found a second cluster.
TEST_F(Fresh, ItStartsOnlyWhenEveryFreshNodeHasPromisedAndMoreThanHalfOfAll) {
  house.instances = 4;
  house.lists({1, 2, 3, 4});
  house.hears(info_of(4));
  tick();
  ASSERT_EQ(house.persistent.promised->founders.size(), 3U);
  EXPECT_EQ(plans().size(), 3U) << "node 4 is no founder, and is asked";
  promise(2);
  promise(3);
  tick();
  EXPECT_TRUE(house.persistent.started_token.empty());
  promise(4);
  tick();
  EXPECT_FALSE(house.persistent.started_token.empty());
}

TEST_F(Fresh, ARetreatingMajorityOfPromisesIsCountedAgainstAllNodes) {
  house.instances = 2, house.never_heard(3);
  house.listing = discovery::Listing({}), house.lists({1, 2});
  tick();  // a plan that counts two, and has one founder
  house.instances = 1, house.never_heard(2);
  house.listing = discovery::Listing({}), house.lists({1});
  for (int i = 0; i < 30; ++i) {
    tick();
    house.pass(seconds(1));
  }
  EXPECT_TRUE(house.persistent.started_token.empty()) << "1 promise of 2";
}

TEST_F(Fresh, WhoIsNoFounderPromisesButStartsNothing) {
  FoundingPlan others = foreign(4);
  others.founders.erase(others.founders.begin());
  EXPECT_TRUE(receive(others).promised);
  start(others);
  EXPECT_TRUE(house.persistent.started_token.empty());
}

TEST_F(Fresh, PromisesForAnotherPlanDoNotCount) {
  tick();
  const FoundingPlan plan = *house.persistent.promised;
  promise(3);
  for (const FoundingPromise& wrong :
       {FoundingPromise{plan.round, "another", node_id(2), true, ""}, FoundingPromise{plan.round + 1, plan.token, node_id(2), true, ""}}) {
    founding.take(wrong, house.persistent);
    tick();
    EXPECT_TRUE(house.persistent.started_token.empty());
  }
}

TEST_F(Fresh, AnUnansweredPlanIsSentAgain) {
  tick();
  plans();
  house.pass(seconds(1));
  tick();
  EXPECT_EQ(plans().size(), 2U);
}

// ---- promising ----

TEST_F(Fresh, APromiseIsDurableBeforeItIsSent) {
  const FoundingPromise answer = receive(foreign(4));
  EXPECT_TRUE(answer.promised) << answer.reason;
  EXPECT_EQ(house.persistent.promised->round, 4U);
  EXPECT_EQ(house.done<Persist>().size(), 1U);
  EXPECT_TRUE(receive(foreign(4)).promised) << "asked again, the same answer";
}

TEST_F(Fresh, ARoundThatIsNotHigherIsRefused) {
  receive(foreign(4));
  EXPECT_FALSE(receive(foreign(3)).promised);
  FoundingPlan rival = foreign(4);
  rival.token = "rival";
  EXPECT_FALSE(receive(rival).promised);
  EXPECT_TRUE(receive(foreign(5)).promised);
}

TEST_F(Fresh, WhoCountsMoreThanThePlanRefuses) {
  house.hears(info_of(4));
  EXPECT_FALSE(receive(foreign(4, 3)).promised);
  EXPECT_FALSE(house.persistent.promised);
}

TEST_F(Fresh, WhoSeesAnObstacleRefuses) {
  house.hears(info_of(3), gossip::State::kDead, minutes(1));
  EXPECT_FALSE(receive(foreign(4)).promised);
}

TEST_F(Fresh, WhoHoldsDataRefuses) {
  EXPECT_FALSE(receive(foreign(4), false).promised);
  house.persistent.chosen = true;
  EXPECT_FALSE(receive(foreign(4)).promised);
}

TEST_F(Fresh, OnlyThePromisedPlanIsStarted) {
  start(foreign(4));
  EXPECT_TRUE(house.persistent.started_token.empty());
  receive(foreign(4));
  start(foreign(4), false);
  EXPECT_TRUE(house.persistent.started_token.empty());
  start(foreign(4));
  EXPECT_EQ(house.done<Persist>().back().state.started_token, "token4") << "before its etcd starts";
}

// ---- committing ----

struct Founder : Fresh {
  Founder() {
    receive(foreign(4));
    start(foreign(4));
    for (std::uint8_t i = 1; i <= 3; ++i) {
      house.etcd.members.push_back({MemberId{i}, "n" + std::to_string(i), {"https://n" + std::to_string(i)}, {}, false});
    }
    house.read();
  }
  std::vector<etcd::Txn> committed() {
    founding.commit(house.now, house.world(), house.persistent, house.out);
    return calls<etcd::Txn>(house.asked());
  }
};

TEST_F(Founder, TheLeaderCommitsTheFoundingWithWhoSpeaksForWhomOnce) {
  const auto txns = committed();
  ASSERT_EQ(txns.size(), 1U);
  ASSERT_EQ(txns[0].compares.size(), 1U);
  EXPECT_EQ(txns[0].compares[0].key, record::founded_key("app"));
  EXPECT_EQ(txns[0].compares[0].equals, 0);
  EXPECT_EQ(txns[0].writes.size(), 4U);
  EXPECT_TRUE(committed().empty()) << "one is under way";
  house.etcd.answer(txns[0]);
  house.pass(seconds(4));
  house.read();
  EXPECT_EQ(house.view.founded()->token, "token4");
  EXPECT_EQ(house.view.bindings().at(MemberId{2}).node, node_id(2));
  EXPECT_TRUE(committed().empty());
}

TEST_F(Founder, WhoIsNotLeaderOrSeesAnotherListCommitsNothing) {
  house.etcd.leader = MemberId{2};
  house.read();
  EXPECT_TRUE(committed().empty());
  house.etcd.leader = MemberId{1};
  house.etcd.members[2].peer_urls = {"https://other"};
  house.read();
  EXPECT_TRUE(committed().empty());
}

}  // namespace
}  // namespace fluxpg::supervisor::test
