// `recover` refuses wherever a majority may live or the operator was not explicit; and nobody gives way but on a voter's own signed word.
#include "supervisor/core/evidence.hpp"
#include "supervisor/core/restoration.hpp"
#include "supervisor/core/successor.hpp"
#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

using fluxpg::testing::node_id;

Survivor copy_of(std::uint8_t node, std::uint64_t index, std::uint32_t timeline = 1, std::uint64_t lsn = 100) {
  Survivor out;
  out.node = node_id(node);
  out.name = "node-" + std::to_string(node);
  out.address = address_of(node);
  out.self = node == 1;
  out.voter = true;
  out.raft_index = index;
  out.postgres = PostgresPlace{"replica", "7", timeline, lsn};
  return out;
}

LostVoter lost(std::uint8_t node, bool may_live) {
  return {MemberId{node}, node_id(node), "node-" + std::to_string(node), address_of(node), "silent", "unknown", may_live ? "silent" : ""};
}

MajorityLoss two_of_three_gone() {
  MajorityLoss loss;
  loss.cluster = kCluster;
  loss.voters = 3;
  loss.needed = loss.majority_with = loss.majority_without = 2;
  loss.live = 1;
  loss.lost = {lost(2, false), lost(3, false)};
  loss.survivors = {copy_of(1, 50)};
  return loss;
}

const RecoverOrder kOrder{"app", {}};

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

// Node 1 of a cluster without a leader meets node 2, which holds data of cluster 0xc2.
class GivenUp : public ::testing::Test {
 protected:
  GivenUp() {
    house.persistent.chosen = true;
    house.persistent.cluster = kCluster;
    house.persistent.member = MemberId{1};
    house.persistent.started_token = "old";
    house.persistent.promised = verdict::FoundingPlan{1, node_id(1), "old", 3, {}, {}};
    for (std::uint8_t n = 1; n <= 3; ++n) {
      house.persistent.voters.push_back({MemberId{n}, node_id(n), "node-" + std::to_string(n), address_of(n), 0});
    }
    gossip::NodeInfo stranger = house.member_info(2);
    stranger.cluster = ClusterId{0xc2};
    house.hears(stranger);
    house.dead(3);
    seen.etcd.state = Process::State::kRunning;
    seen.etcd_data = true;
    house.pass(minutes(1));  // what our etcd said of its leader is old
  }
  void only_a_learner_of_node_2() {
    house.persistent.member = MemberId{9};
    std::erase_if(house.etcd.members, [](const etcd::Member& member) { return member.id != MemberId{2}; });
    house.read();
    house.pass(minutes(1));
  }
  record::Superseded word(std::uint8_t signer = 2) const {
    record::Superseded word;
    word.cluster = kCluster;
    word.successor = ClusterId{0xc2};
    word.member = MemberId{2};
    word.node = node_id(2);
    word.signature = FakeSigning(node_id(signer)).sign(record::signed_bytes(word));
    return word;
  }
  void reads(const record::Superseded& word, ClusterId in = ClusterId{0xc2}) {
    etcd::RangeResult result;
    result.header = {in, MemberId{9}, 1, 1};
    result.kvs.push_back({"k", record::to_json(word), 1, 1, {}});
    successor.handle(house.world(), etcd::Answer{result});
  }
  void knows_no_cluster() const {
    EXPECT_FALSE(house.persistent.chosen);
    EXPECT_FALSE(house.persistent.member);
    EXPECT_EQ(house.persistent.started_token, "");
    EXPECT_FALSE(house.persistent.promised);
    EXPECT_TRUE(house.persistent.voters.empty());
  }
  bool passes(Duration time) {
    house.pass(time);
    return successor.tick(house.now, house.world(), seen, house.persistent, house.out);
  }

  House house;
  Successor successor;
  ProcessesSeen seen;
};

TEST_F(GivenUp, ItGivesWayOnASignedWordStepByStepAndForgetsItsCluster) {
  passes(seconds(1));
  EXPECT_NE(successor.problem().find("another etcd cluster"), std::string::npos);
  reads(word());
  passes(seconds(1));
  EXPECT_TRUE(house.done<StopEtcd>().empty());  // whoever restarts just now is waited for
  passes(seconds(11));
  passes(seconds(3));
  EXPECT_FALSE(house.done<StopEtcd>().empty());
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty());
  seen.etcd.state = Process::State::kStopped;
  passes(seconds(3));
  EXPECT_TRUE(successor.keeps_etcd_down());
  EXPECT_EQ(house.done<SetAsideEtcdData>().size(), 1U);
  seen.etcd_data = false;
  EXPECT_TRUE(passes(seconds(3)));
  knows_no_cluster();
  EXPECT_EQ(house.persistent.cluster, ClusterId{0xc2}) << "whom to join";
}

TEST_F(GivenUp, AForgedWordAStrangersAndOneAboutAnotherClusterChangeNothing) {
  record::Superseded another = word();
  another.cluster = ClusterId{0xc7};
  another.signature = FakeSigning(node_id(2)).sign(record::signed_bytes(another));
  record::Superseded of_nobody = word();
  of_nobody.node = node_id(8);
  of_nobody.signature = FakeSigning(node_id(8)).sign(record::signed_bytes(of_nobody));
  for (const auto& said : {word(3), another, of_nobody}) {
    reads(said);
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(passes(seconds(3)));
    EXPECT_TRUE(house.done<StopEtcd>().empty());
  }
  reads(word(), kCluster);
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(passes(seconds(3))) << "that is no other cluster";
  EXPECT_TRUE(house.done<StopEtcd>().empty());
}

TEST_F(GivenUp, WithAnotherVoterThatHoldsTheOldDataItIsAMajorityAndWaitsForTheOperator) {
  gossip::NodeInfo third = house.member_info(3);
  third.cluster = kCluster;
  house.hears(third);
  house.started = house.now.boot;
  seen.etcd.state = Process::State::kStopped;
  passes(seconds(1));
  EXPECT_TRUE(successor.keeps_etcd_down());  // the stranger's etcd is asked first
  reads(word());
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(passes(seconds(3)));
  EXPECT_TRUE(successor.keeps_etcd_down());
  EXPECT_NE(successor.problem().find("--rejoin"), std::string::npos);
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty());
  successor.rejoin();
  passes(seconds(3));
  EXPECT_EQ(house.done<SetAsideEtcdData>().size(), 1U);
}

// Its word is no majority of one voter, nor of any other number.
TEST_F(GivenUp, WhoeverWasOnlyALearnerOfTheOldClusterGivesWay) {
  only_a_learner_of_node_2();
  seen.etcd.state = Process::State::kStopped;
  reads(word());
  for (int i = 0; i < 6; ++i) passes(seconds(3));
  EXPECT_EQ(successor.problem().find("--rejoin"), std::string::npos) << successor.problem();
  EXPECT_FALSE(house.done<SetAsideEtcdData>().empty());
}

// It joined before the one that was recovered had its vote.
TEST_F(GivenUp, ALearnerBelievesAVoterThatItNeverKnewButTheWordNames) {
  only_a_learner_of_node_2();
  seen.etcd.state = Process::State::kStopped;
  record::Superseded later = word();
  later.member = MemberId{3};
  later.node = node_id(3);
  const auto sign = [&later] { later.signature = FakeSigning(node_id(3)).sign(record::signed_bytes(later)); };
  sign();
  reads(later);
  for (int i = 0; i < 6; ++i) passes(seconds(3));
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty()) << "named by nobody";
  later.voters = {{MemberId{3}, node_id(3), "node-3"}};
  sign();
  reads(later);
  for (int i = 0; i < 6; ++i) passes(seconds(3));
  EXPECT_FALSE(house.done<SetAsideEtcdData>().empty());
}

TEST_F(GivenUp, AVoterBelievesOnlyVotersThatItKnew) {
  record::Superseded later = word();
  later.member = MemberId{7};
  later.node = node_id(7);
  later.voters = {{MemberId{7}, node_id(7), "node-7"}};
  later.signature = FakeSigning(node_id(7)).sign(record::signed_bytes(later));
  seen.etcd.state = Process::State::kStopped;
  reads(later);
  for (int i = 0; i < 6; ++i) passes(seconds(3));
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty());
}

TEST_F(GivenUp, OurOwnSeatIsKnownByOurDataAlsoWhereNoKeyWasReadYet) {
  house.persistent.voters[0].node = NodeId{};
  EXPECT_EQ(known_voters(house.world()).at(0).node, house.world().self());
}

TEST_F(GivenUp, TheOtherFoundersAreKnownByThePlanWhereNoKeyWasReadYet) {
  house.view = EtcdView{"app", 1000};
  house.persistent.voters.clear();
  std::erase_if(house.etcd.keys, [](const auto& entry) { return entry.first.starts_with(record::nodes_prefix("app")); });
  house.read();
  ASSERT_FALSE(known_voters(house.world()).at(1).node);
  verdict::FoundingPlan plan{1, node_id(1), "token", 3, {}, {}};
  for (std::uint8_t n = 1; n <= 3; ++n) plan.founders.push_back({node_id(n), "n", house.etcd.members.at(n - 1U).peer_urls.front()});
  house.persistent.promised = plan;
  EXPECT_FALSE(known_voters(house.world()).at(1).node) << "another plan than that of the data";
  house.persistent.started_token = "token";
  EXPECT_EQ(known_voters(house.world()).at(1).node, node_id(2));
}

TEST_F(GivenUp, AMajorityThatLivesStaysAndRemembersIt) {
  reads(word());
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(house.persistent.outlived, ClusterId{}) << "an etcd that stood still with us may have said so before";
    house.read();  // our etcd has a leader
    EXPECT_FALSE(passes(seconds(1)));
    EXPECT_NE(successor.problem().find("its majority lives"), std::string::npos);
    if (i >= 10) break;
  }
  EXPECT_EQ(house.persistent.outlived, ClusterId{0xc2});
  seen.etcd.state = Process::State::kStopped;  // restarted later, while the third is away
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(passes(seconds(3)));
  EXPECT_FALSE(successor.keeps_etcd_down());
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty());
  EXPECT_NE(successor.problem().find("recover --rejoin"), std::string::npos) << "lost later, it is an operator's business";
  successor.rejoin();
  for (int i = 0; i < 6; ++i) passes(seconds(3));
  EXPECT_FALSE(house.done<SetAsideEtcdData>().empty());
}

TEST_F(GivenUp, AVoterWhoseKeyWasNeverReadIsKnownByItsName) {
  house.view = EtcdView{"app", 1000};
  for (KnownVoter& voter : house.persistent.voters) {
    if (voter.member == MemberId{2}) voter = {MemberId{2}, NodeId{}, "node-2", "", 0};
  }
  seen.etcd.state = Process::State::kStopped;
  const auto listed_as = [this](const std::string& name) {
    record::Superseded said = word();
    said.voters = {{MemberId{2}, node_id(2), name}};
    said.signature = FakeSigning(node_id(2)).sign(record::signed_bytes(said));
    reads(said);
    for (int i = 0; i < 6; ++i) passes(seconds(3));
    return !house.done<SetAsideEtcdData>().empty();
  };
  EXPECT_FALSE(listed_as("another"));
  EXPECT_TRUE(listed_as("node-2"));
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
