// A founder that ended before it could note that its plan was chosen: before its etcd starts again it hears what became of that plan.
#include "supervisor/core/successor.hpp"
#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

using fluxpg::testing::node_id;

constexpr ClusterId kNew{0xc2};

// Node 1 of the plan "plan" with nodes 2 and 3; its daemon has just started again, nobody was heard yet.
struct FounderReturns : ::testing::Test {
  FounderReturns() {
    verdict::FoundingPlan plan{1, node_id(1), "plan", 3, {}, {}};
    for (std::uint8_t n = 1; n <= 3; ++n) plan.founders.push_back({node_id(n), "n" + std::to_string(n), "https://n" + std::to_string(n)});
    house.persistent.promised = plan;
    house.persistent.started_token = "plan";
    house.started = house.now.boot;
    house.never_heard(2);
    house.never_heard(3);
    seen.etcd.state = Process::State::kStopped;
    seen.etcd_data = true;
  }
  // Node 2 was recovered.
  void meets_the_recovered() {
    gossip::NodeInfo recovered = house.member_info(2);
    recovered.cluster = kNew;
    recovered.member = MemberId{0x22};
    house.hears(recovered);
  }
  record::Superseded word() const {
    record::Superseded word;
    word.cluster = kCluster;
    word.successor = kNew;
    word.founding_token = "plan";
    word.member = MemberId{0xa2};
    word.node = node_id(2);
    for (std::uint8_t n = 1; n <= 3; ++n) word.voters.push_back({MemberId{0xa0U + n}, node_id(n), "n" + std::to_string(n)});
    return word;
  }
  // The recovered node's etcd answers what is asked of it with this word, as node `signer` signed it.
  void answers(std::optional<record::Superseded> word, std::uint8_t signer = 2) {
    for (const Asked& ask : house.asked()) {
      const auto& range = std::get<etcd::Range>(ask.call);
      EXPECT_EQ(range.key, record::superseded_prefix("app"));
      EXPECT_TRUE(range.prefix) << "it does not know the id of its cluster";
      EXPECT_EQ(ask.target.endpoint, (Endpoint{address_of(2), house.member_info(2).ports.etcd_client}));
      etcd::RangeResult result{{kNew, MemberId{0x22}, 1, 1}, {}, 0};
      if (word) {
        word->signature = FakeSigning(node_id(signer)).sign(record::signed_bytes(*word));
        record::Superseded earlier = *word;  // there may be others
        earlier.founding_token = "another";
        result.kvs.push_back({"k", record::to_json(*word), 1, 1, {}});
        result.kvs.push_back({"l", record::to_json(earlier), 1, 1, {}});
        result.kvs.push_back({"m", "nonsense", 1, 1, {}});
      }
      successor.handle(house.world(), ask.purpose, etcd::Answer{result});
    }
  }
  // Whether its etcd is to stay down.
  bool waits(Duration time) {
    house.pass(time);
    learned = successor.tick(house.now, house.world(), seen, house.persistent, house.out);
    return successor.keeps_etcd_down();
  }

  House house{0};
  Successor successor;
  ProcessesSeen seen;
  bool learned = false;
};

TEST_F(FounderReturns, ItWaitsALittleForTheOtherFoundersWhomItHasNotHeardYet) {
  EXPECT_TRUE(waits(seconds(1)));
  ASSERT_EQ(successor.doing().size(), 1U);
  EXPECT_NE(successor.doing()[0].waits_for.find("others to be heard"), std::string::npos);
  EXPECT_TRUE(waits(seconds(4)));
  EXPECT_FALSE(waits(seconds(1))) << "they may never return";
}

TEST_F(FounderReturns, ItDoesNotWaitWhenAllOtherFoundersAreHere) {
  house.hears(info_of(2));
  house.hears(info_of(3), gossip::State::kDead);
  EXPECT_TRUE(waits(seconds(1))) << "the etcd of a dead daemon may live";
  house.hears(info_of(3));
  EXPECT_FALSE(waits(seconds(1)));
}

// It was recovered, and its daemon is down just now.
TEST_F(FounderReturns, TheEtcdsOfTheSilentAreAskedWhereTheyWere) {
  house.persistent.peers = {{node_id(2), address_of(2), 7946}};
  house.hears(info_of(3));
  EXPECT_TRUE(waits(seconds(1)));
  answers(word());
  waits(seconds(1));
  EXPECT_TRUE(learned);
}

TEST_F(FounderReturns, TheClusterOfItsOwnPlanHasNoWordAgainstIt) {
  meets_the_recovered();
  EXPECT_TRUE(waits(seconds(1)));
  EXPECT_NE(successor.doing().at(0).waits_for.find("etcd of another cluster"), std::string::npos);
  answers(std::nullopt);
  EXPECT_FALSE(waits(seconds(1)));
  EXPECT_FALSE(learned);
  EXPECT_FALSE(house.persistent.chosen);
}

TEST_F(FounderReturns, AnEtcdThatDoesNotAnswerIsNotWaitedForForEver) {
  meets_the_recovered();
  EXPECT_TRUE(waits(seconds(19)));
  EXPECT_FALSE(waits(seconds(1)));
}

TEST_F(FounderReturns, ItIsWaitedForLongerWhereItsDaemonVouchesForIt) {
  meets_the_recovered();
  waits(seconds(40));
  house.vouchers.note(node_id(2), house.now.boot);
  EXPECT_TRUE(waits(seconds(19)));
  EXPECT_FALSE(waits(seconds(1)));
}

TEST_F(FounderReturns, AWordAboutItsPlanTellsItOfWhichClusterItIs) {
  meets_the_recovered();
  waits(seconds(1));
  answers(word());
  EXPECT_TRUE(waits(seconds(4))) << "its etcd would start in this very step";
  EXPECT_TRUE(learned) << "what was read of the other cluster is to be forgotten";
  EXPECT_TRUE(house.persistent.chosen);
  EXPECT_EQ(house.persistent.cluster, kCluster);
  EXPECT_EQ(house.persistent.member, MemberId{0xa1});
  ASSERT_EQ(house.persistent.voters.size(), 3U);
  EXPECT_EQ(house.persistent.voters[1].node, node_id(2));
  EXPECT_EQ(house.persistent.voters[1].address, address_of(2));
  EXPECT_EQ(house.done<Persist>().size(), 1U);
}

// From then on it is a member like any other whose cluster was given up.
TEST_F(FounderReturns, TwoOfThreeStayDownUntilAnOperatorDecides) {
  meets_the_recovered();
  waits(seconds(1));
  answers(word());
  waits(seconds(1));
  gossip::NodeInfo third = house.member_info(3);
  third.cluster = kCluster;
  house.hears(third);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(waits(seconds(3)));
  EXPECT_NE(successor.problem().find("recover --rejoin"), std::string::npos);
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty());
  successor.rejoin();
  waits(seconds(3));
  EXPECT_EQ(house.done<SetAsideEtcdData>().size(), 1U);
}

TEST_F(FounderReturns, ItsSeatIsKnownByItsNameWhereItsKeyWasNeverRead) {
  record::Superseded unread = word();
  unread.voters[0].node = NodeId{};
  unread.voters[2].node = NodeId{};
  meets_the_recovered();
  waits(seconds(1));
  answers(unread);
  waits(seconds(1));
  EXPECT_EQ(house.persistent.member, MemberId{0xa1});
}

TEST_F(FounderReturns, ASeatThatIsBoundToAnotherNodeIsNotOursWhateverItsName) {
  record::Superseded said = word();
  said.voters[0].node = node_id(7);
  meets_the_recovered();
  waits(seconds(1));
  answers(said);
  waits(seconds(1));
  EXPECT_FALSE(learned);
}

// Its daemon ended in that moment.
TEST_F(FounderReturns, WhoeverMetAMemberOfAnotherClusterWaitsForItsAnswerAlsoWhenItIsGone) {
  meets_the_recovered();
  waits(seconds(1));
  house.asked();
  house.hears(house.member_info(2), gossip::State::kDead);
  house.hears(info_of(3));
  EXPECT_TRUE(waits(seconds(17)));
  EXPECT_FALSE(waits(seconds(2)));
}

// Every second and of their own copies, for there is not much time; whoever answers for another cluster is asked on.
TEST_F(FounderReturns, TheSilentAreAskedQuicklyAndTheirAnswerIsWaitedFor) {
  house.persistent.peers = {{node_id(2), address_of(2), 7946}, {node_id(3), address_of(3), 7946}};
  std::vector<std::pair<std::string, bool>> asked;
  Purpose purpose;
  for (int i = 0; i < 4; ++i) {
    waits(seconds(1));
    for (const Asked& ask : house.asked()) {
      asked.emplace_back(ask.target.endpoint.address, std::get<etcd::Range>(ask.call).serializable);
      purpose = ask.purpose;
    }
  }
  const std::vector<std::pair<std::string, bool>> locally{
      {address_of(2), true}, {address_of(3), true}, {address_of(2), true}, {address_of(3), true}};
  EXPECT_EQ(asked, locally);
  successor.handle(house.world(), purpose, etcd::Answer{etcd::RangeResult{{kNew, MemberId{0x22}, 1, 1}, {}, 0}});
  EXPECT_TRUE(waits(seconds(10))) << "it may be behind";
}

TEST_F(FounderReturns, NobodySilentIsAskedWhileItsOwnEtcdRuns) {
  house.persistent.peers = {{node_id(2), address_of(2), 7946}};
  seen.etcd.state = Process::State::kRunning;
  waits(seconds(1));
  EXPECT_TRUE(house.asked().empty());
}

TEST_F(FounderReturns, AWordAboutAnotherPlanOrOthersOrByNobodyOfThePlanIsNone) {
  record::Superseded another = word();
  another.founding_token = "another";
  record::Superseded of_others = word();
  of_others.voters.erase(of_others.voters.begin());
  record::Superseded by_a_stranger = word();
  by_a_stranger.node = node_id(4);
  meets_the_recovered();
  waits(seconds(1));
  for (const auto& [said, signer] : {std::pair(another, 2), std::pair(of_others, 2), std::pair(by_a_stranger, 4), std::pair(word(), 3)}) {
    answers(said, static_cast<std::uint8_t>(signer));
    EXPECT_FALSE(waits(seconds(2)));
    EXPECT_FALSE(house.persistent.chosen);
  }
}

TEST_F(FounderReturns, APlanThatIsBeingGivenUpIsPastAllWords) {
  house.persistent.given_up_token = "plan";
  meets_the_recovered();
  EXPECT_FALSE(waits(seconds(1)));
  EXPECT_TRUE(house.asked().empty());
}

TEST_F(FounderReturns, AnEtcdThatRunsIsNotHeldUpButLearnsOfTheWordToo) {
  seen.etcd.state = Process::State::kRunning;
  meets_the_recovered();
  EXPECT_FALSE(waits(seconds(1)));
  answers(word());
  waits(seconds(1));
  EXPECT_TRUE(house.persistent.chosen);
}

}  // namespace
}  // namespace fluxpg::supervisor::test
