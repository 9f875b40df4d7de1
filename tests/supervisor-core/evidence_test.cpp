// Who may live elsewhere when the majority is lost, and who is a copy to recover from: what `recover` refuses by.
#include "supervisor/core/evidence.hpp"

#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

TEST(Evidence, IsGatheredEveryThreeSecondsAndNotInBetween) {
  House house{3};
  house.config.runs_patroni = true;
  LossEvidence evidence;
  const auto asked = [&] {
    evidence.tick(house.now, house.world(), house.out);
    return calls<etcd::GetStatus>(house.asked()).size();
  };
  EXPECT_EQ(asked(), 2U) << "the etcds of the other two";
  EXPECT_EQ(house.done<AskPostgres>().size(), 3U) << "and everybody's PostgreSQL";
  house.pass(seconds(2));
  EXPECT_EQ(asked(), 0U);
  house.pass(seconds(1));
  EXPECT_EQ(asked(), 2U);
}

struct WhatIsLeft : ::testing::Test {
  WhatIsLeft() {
    house.persistent.cluster = kCluster;
    house.persistent.member = MemberId{1};
    house.dead(3, minutes(2));
  }
  MajorityLoss situation() const { return LossEvidence{}.situation(house.now, house.world()); }
  std::string why_3_may_live() const {
    const MajorityLoss loss = situation();
    const auto found = std::find_if(loss.lost.begin(), loss.lost.end(), [](const LostVoter& voter) { return voter.node == node_id(3); });
    return found == loss.lost.end() ? "it is not lost" : found->may_live;
  }
  // Long enough and often enough that whoever is not named is unlisted.
  void list_only(const std::vector<std::uint8_t>& nodes) {
    for (int i = 0; i < 3; ++i) {
      house.pass(seconds(40));
      house.lists(nodes);
    }
  }
  House house;
};

TEST_F(WhatIsLeft, WhoIsListedMayLiveElsewhere) { EXPECT_NE(why_3_may_live().find("it is listed, and only silent"), std::string::npos); }

TEST_F(WhatIsLeft, WithoutTheFluxApiNobodyIsKnownToBeDead) {
  house.pass(minutes(6));
  EXPECT_NE(why_3_may_live().find("is not known"), std::string::npos);
}

TEST_F(WhatIsLeft, WhoIsUnlistedIsDeadOnceItHasBeenSilentForAMinute) {
  list_only({1, 2});
  house.dead(3, seconds(59));
  EXPECT_NE(why_3_may_live().find("less than a minute"), std::string::npos);
  house.dead(3, seconds(60));
  EXPECT_EQ(why_3_may_live(), "");
}

TEST_F(WhatIsLeft, WhoseAddressAnotherNodeHasWillNotReturnWithItsDisk) {
  gossip::NodeInfo another = info_of(9);
  another.address = address_of(3);
  house.hears(another, gossip::State::kDead);
  EXPECT_NE(why_3_may_live(), "") << "the other one is gone too";
  house.hears(another);
  EXPECT_EQ(why_3_may_live(), "");
}

TEST_F(WhatIsLeft, WhoAnswersWithDataOfAnotherClusterIsLostToThisOneAndReplacedByNobody) {
  gossip::NodeInfo elsewhere = house.member_info(3);
  elsewhere.cluster = ClusterId{0xbad};
  house.hears(elsewhere);
  EXPECT_NE(why_3_may_live(), "") << "it lives at its own address";
  EXPECT_NE(situation().lost.at(0).since.find("another cluster"), std::string::npos);
}

TEST_F(WhatIsLeft, ACopyIsThatOfAVoterUnderItsOwnKeyWithDataOfThisCluster) {
  const auto copies = [this] {
    std::set<NodeId> nodes;
    for (const Survivor& survivor : situation().survivors) {
      if (survivor.voter) nodes.insert(survivor.node);
    }
    return nodes;
  };
  house.announces(house.member_info(1));
  EXPECT_EQ(copies(), (std::set{node_id(1), node_id(2)}));
  gossip::NodeInfo clone = house.member_info(2);  // another machine that says that it is this member
  clone.id = node_id(9);
  house.hears(clone);
  EXPECT_EQ(copies(), (std::set{node_id(1), node_id(2)}));
  gossip::NodeInfo emptied = house.member_info(2);
  emptied.data = gossip::DataState::kOnlyPostgres;
  house.hears(emptied);
  EXPECT_EQ(copies(), (std::set{node_id(1)}));
}

}  // namespace
}  // namespace fluxpg::supervisor::test
