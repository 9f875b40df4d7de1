// Nobody gives way to a recovered cluster but on the signed word of a voter of its own.
#include "tests/supervisor-core/recovery_fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

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

// It was promoted and recovered in the moment before we ended.
TEST_F(GivenUp, AVoterBelievesWhoeverWasALearnerWhenItLastKnew) {
  seen.etcd.state = Process::State::kStopped;
  house.persistent.learners = {{MemberId{8}, node_id(7), "node-7"}, {MemberId{7}, node_id(8), "node-7"}};
  reads(word_of_node_7());
  for (int i = 0; i < 6; ++i) passes(seconds(3));
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty()) << "another seat, or another node";
  house.persistent.learners = {{MemberId{7}, node_id(7), "node-7"}};
  reads(word_of_node_7());
  for (int i = 0; i < 6; ++i) passes(seconds(3));
  EXPECT_FALSE(house.done<SetAsideEtcdData>().empty());
}

TEST_F(GivenUp, AVoterBelievesOnlyVotersThatItKnew) {
  seen.etcd.state = Process::State::kStopped;
  reads(word_of_node_7());
  for (int i = 0; i < 6; ++i) passes(seconds(3));
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty());
}

// It ended before it could see that the one who signs had become a voter, or a learner.
TEST_F(GivenUp, AWordOfSomebodyUnknownIsTheOperatorsBusiness) {
  seen.etcd.state = Process::State::kStopped;
  reads(word_of_node_7());
  passes(seconds(1));
  EXPECT_NE(successor.problem().find("fluxpgctl recover --rejoin"), std::string::npos) << successor.problem();
  EXPECT_TRUE(successor.keeps_etcd_down()) << "it may be so: the old cluster would live again beside the new one";
  successor.rejoin();
  passes(seconds(3));
  EXPECT_EQ(house.done<SetAsideEtcdData>().size(), 1U);
}

TEST_F(GivenUp, AForgedWordIsNobodysBusiness) {
  reads(word(3));
  record::Superseded of_others = word();
  of_others.cluster = ClusterId{0xc7};
  of_others.signature = FakeSigning(node_id(2)).sign(record::signed_bytes(of_others));
  reads(of_others);
  passes(seconds(1));
  EXPECT_EQ(successor.problem().find("--rejoin"), std::string::npos) << successor.problem();
  successor.rejoin();
  for (int i = 0; i < 6; ++i) passes(seconds(3));
  EXPECT_TRUE(house.done<StopEtcd>().empty());
}

// A member of the recovered cluster that is behind has no word of it yet; one without a leader tells what it has.
TEST_F(GivenUp, WhatAStrangersOwnCopySaysCountsOnlyIfItHoldsTheWord) {
  house.started = house.now.boot;
  seen.etcd.state = Process::State::kStopped;
  std::vector<bool> serializable;
  const auto answer = [&](bool has_word) {
    passes(seconds(2));
    for (const Asked& ask : house.asked()) {
      serializable.push_back(std::get<etcd::Range>(ask.call).serializable);
      if (!serializable.back()) continue;  // it has no leader
      etcd::RangeResult result{{ClusterId{0xc2}, MemberId{9}, 1, 1}, {}, 0};
      if (has_word) result.kvs.push_back({"k", record::to_json(word()), 1, 1, {}});
      successor.handle(house.world(), ask.purpose, etcd::Answer{result});
    }
  };
  for (int i = 0; i < 4; ++i) answer(false);
  EXPECT_EQ(serializable, (std::vector<bool>{false, true, false, true}));
  EXPECT_TRUE(successor.keeps_etcd_down()) << "it may be behind";
  for (int i = 0; i < 2; ++i) answer(true);
  passes(seconds(1));
  EXPECT_NE(successor.doing().at(0).what.find("joining the recovered cluster"), std::string::npos);
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

}  // namespace
}  // namespace fluxpg::supervisor::test
