// `recover` refuses wherever a majority may live or the operator was not explicit.
#include "tests/supervisor-core/recovery_fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

TEST(Recover, OnANodeThatHasLeftIsRefusedInOneSentence) {
  MajorityLoss loss = two_of_three_gone();
  loss.left = true;
  EXPECT_NE(recover_refusal(loss, "app", kOrder).find("has left the cluster"), std::string::npos);
  House house;
  house.persistent.leave = Departure{Departure::Stage::kLeft, 0};
  EXPECT_TRUE(LossEvidence{}.situation(house.now, house.world()).left);
}

TEST(Recover, OfAMajorityThatIsGoneIsDoneOnceTheAppIsNamed) {
  EXPECT_EQ(recover_refusal(two_of_three_gone(), "app", kOrder), "");
  EXPECT_NE(recover_refusal(two_of_three_gone(), "app", {"", {}}), "");
  EXPECT_NE(recover_refusal(two_of_three_gone(), "app", {"another", {}}), "");
}

TEST(Recover, IsRefusedWithoutALossWithALeaderAndWhileAMajorityAnswers) {
  EXPECT_NE(recover_refusal(std::nullopt, "app", kOrder), "");
  MajorityLoss loss = two_of_three_gone();
  loss.has_leader = true;
  EXPECT_NE(recover_refusal(loss, "app", kOrder), "");
  loss = two_of_three_gone();
  loss.live = 2;
  loss.lost.pop_back();
  EXPECT_NE(recover_refusal(loss, "app", kOrder), "");
}

// Patroni was perhaps started with the names of those only that are lost.
TEST(Recover, StartsPatroniAnewOnceTheRecoveredClusterIsThere) {
  House house{1};
  house.config.runs_patroni = true;
  house.persistent.recovery = Recovery{{}, "token", true, false};
  Restoration restoration;
  EXPECT_FALSE(restoration.committed(house.world(), failure(etcd::ErrorKind::kTimeout), house.persistent, house.out));
  EXPECT_TRUE(house.done<StopPatroni>().empty());
  EXPECT_TRUE(restoration.committed(house.world(), etcd::TxnResult{}, house.persistent, house.out));
  EXPECT_EQ(house.done<StopPatroni>().size(), 1U);
  EXPECT_TRUE(house.persistent.recovery->done);
}

TEST(Recover, SaysWhatItDoesUntilItIsDone) {
  Persistent persistent;
  EXPECT_TRUE(Restoration::doing(persistent).empty());
  persistent.recovery = Recovery{{}, "token", false, false};
  ASSERT_EQ(Restoration::doing(persistent).size(), 1U);
  EXPECT_NE(Restoration::doing(persistent)[0].waits_for.find("snapshot"), std::string::npos);
  persistent.recovery->restored = true;
  EXPECT_NE(Restoration::doing(persistent)[0].waits_for.find("keys"), std::string::npos);
  persistent.recovery->done = true;
  EXPECT_TRUE(Restoration::doing(persistent).empty());
}

// To a guest and a newcomer, which have no data, the voters are those of the list they read.
TEST(Recover, ANodeWithoutDataCountsTheVotersOfTheClusterThatItReads) {
  House house{3};
  house.read();
  house.persistent = Persistent{};
  EXPECT_EQ(cluster_in_question(house.world()), kCluster);
  EXPECT_TRUE(speaks_for_seat(house.world(), node_id(2)));
  gossip::NodeInfo other = house.member_info(3);
  other.cluster = ClusterId{4711};
  house.hears(other);
  EXPECT_FALSE(speaks_for_seat(house.world(), node_id(3)));
  const MajorityLoss situation = LossEvidence{}.situation(house.now, house.world());
  EXPECT_EQ(situation.cluster, kCluster);
  EXPECT_EQ(situation.live, 2U);
  ASSERT_EQ(situation.lost.size(), 1U);
  EXPECT_EQ(situation.lost[0].node, node_id(3));
}

TEST(Recover, CountsWhoMayLiveElsewhereAndTakesTheOperatorsWordByAddress) {
  MajorityLoss loss = two_of_three_gone();
  loss.lost = {lost(2, true), lost(3, true)};
  EXPECT_NE(recover_refusal(loss, "app", kOrder), "");
  EXPECT_NE(recover_refusal(loss, "app", {"app", {address_of(4)}}), "");
  EXPECT_EQ(recover_refusal(loss, "app", {"app", {address_of(2)}}), "");  // one alone is no majority of three
  loss.lost = {lost(2, true), lost(3, false)};
  EXPECT_EQ(recover_refusal(loss, "app", kOrder), "");
}

TEST(Recover, IsDoneWhereTheMostDataIs) {
  MajorityLoss loss = two_of_three_gone();
  loss.survivors.push_back(copy_of(4, 40, 1, 101));
  EXPECT_NE(recover_refusal(loss, "app", kOrder).find("run it there"), std::string::npos);
  loss.survivors.back() = copy_of(4, 40, 1, 99);  // PostgreSQL's data counts first
  EXPECT_EQ(recover_refusal(loss, "app", kOrder), "");
  loss.survivors.back() = copy_of(4, 51);
  EXPECT_NE(recover_refusal(loss, "app", kOrder), "");
  loss.survivors.back().voter = false;  // nothing to restore from there
  EXPECT_EQ(recover_refusal(loss, "app", kOrder), "");
  loss.survivors.front().voter = false;
  EXPECT_NE(recover_refusal(loss, "app", kOrder), "");
}

TEST_F(GivenUp, RestoringIsPlannedDurablyDoneOnceAndBegunAgainAfterAFailure) {
  Restoration restoration;
  house.dead(2);
  EXPECT_NE(restoration.begin(house.now, house.world(), two_of_three_gone(), {"wrong", {}}, house.persistent, house.random, house.out), "");
  EXPECT_FALSE(house.persistent.recovery);
  EXPECT_EQ(restoration.begin(house.now, house.world(), two_of_three_gone(), kOrder, house.persistent, house.random, house.out), "");
  ASSERT_EQ(house.done<Persist>().size(), 1U);
  restoration.tick(house.now, house.world(), house.persistent, house.out);
  restoration.tick(house.now, house.world(), house.persistent, house.out);
  const auto orders = house.done<RestoreEtcd>();
  ASSERT_EQ(orders.size(), 1U);
  const std::string host = "https://" + host_name(node_id(1));
  EXPECT_EQ(orders[0].run.client_url, host + ":2379");
  EXPECT_EQ(orders[0].run.peer_url, host + ":2380");
  EXPECT_EQ(orders[0].run.initial_cluster, (std::vector<std::pair<std::string, std::string>>{{"n1", host + ":2380"}}));
  EXPECT_TRUE(orders[0].run.new_cluster);
  EXPECT_EQ(orders[0].run.token, house.persistent.recovery->token);
  EXPECT_EQ(orders[0].run.token.size(), 32U);
  EXPECT_FALSE(restoration.take({"another token", ""}, house.persistent, house.out));
  EXPECT_FALSE(restoration.take({orders[0].run.token, "the disk is full"}, house.persistent, house.out));
  EXPECT_FALSE(house.persistent.recovery);
  EXPECT_EQ(house.persistent.cluster, kCluster);
  EXPECT_NE(restoration.problem().find("the disk is full"), std::string::npos);
}

TEST_F(GivenUp, OnceTheCopyIsInItsPlaceNothingIsKnownOfTheOldClusterButWhatWasGivenUp) {
  Restoration restoration;
  house.dead(2);
  ASSERT_EQ(restoration.begin(house.now, house.world(), two_of_three_gone(), kOrder, house.persistent, house.random, house.out), "");
  house.done<Persist>();
  EXPECT_TRUE(restoration.take({house.persistent.recovery->token, ""}, house.persistent, house.out));
  knows_no_cluster();
  EXPECT_FALSE(house.persistent.cluster);
  EXPECT_TRUE(house.persistent.recovery->restored);
  EXPECT_EQ(house.persistent.recovery->given_up.cluster, kCluster);
  EXPECT_EQ(house.persistent.recovery->given_up.voters.size(), 3U);
  EXPECT_EQ(house.done<Persist>().size(), 1U);
}

}  // namespace
}  // namespace fluxpg::supervisor::test
