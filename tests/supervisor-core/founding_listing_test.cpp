// What the Flux API must have told before a cluster is founded without somebody who should exist.
#include <algorithm>

#include "supervisor/core/founding.hpp"
#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

// We are node 1; node 2 is as fresh as we are, and of the third that the specification wants nobody has heard.
struct TwoOfThree : ::testing::Test {
  TwoOfThree() {
    house.lists({1, 2}, "server0");
    house.hears(info_of(2));
  }
  bool waits_for_answers(const std::set<std::string>& without = {}) const {
    const std::vector<Doing> all = Founding::obstacles(house.now, house.world(), without);
    return std::any_of(all.begin(), all.end(),
                       [](const Doing& each) { return each.waits_for.find("may lack a row") != std::string::npos; });
  }
  void answers(const std::string& backend, int times) {
    for (int i = 0; i < times; ++i) {
      house.pass(seconds(20));
      house.lists({1, 2}, backend);
      house.hears(info_of(2));
    }
  }
  House house{0};
};

TEST_F(TwoOfThree, OneAnswerMayLackTheRowOfTheOnlyCopy) { EXPECT_TRUE(waits_for_answers()); }

TEST_F(TwoOfThree, EnoughAnswersOfTwoBackendsForLongEnoughWillDo) {
  house.lists({1, 2}, "server1");
  answers("server0", 1);
  EXPECT_TRUE(waits_for_answers());
  answers("server0", 3);
  answers("server1", 1);
  EXPECT_FALSE(waits_for_answers());
}

TEST_F(TwoOfThree, AnOperatorMayAnswerForTheThird) { EXPECT_FALSE(waits_for_answers({address_of(3)})); }

// Its cluster is unknown for a moment while an operator recovers it: two clusters were founded (found by a random seed).
TEST_F(TwoOfThree, WhoLivesWithEtcdDataBlocksAlsoIfNobodyListsIt) {
  house.hears(info_of(3));
  EXPECT_TRUE(Founding::obstacles(house.now, house.world(), {}).empty());
  gossip::NodeInfo third = info_of(3);
  third.data = gossip::DataState::kHasEtcd;
  house.hears(third);
  const std::vector<Doing> all = Founding::obstacles(house.now, house.world(), {});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_NE(all[0].waits_for.find(address_of(3) + " does not say"), std::string::npos);
  EXPECT_TRUE(Founding::obstacles(house.now, house.world(), {address_of(3)}).empty());
}

TEST_F(TwoOfThree, NobodyIsMissedOnceTheThirdIsHere) {
  house.hears(info_of(3));
  EXPECT_FALSE(waits_for_answers());
}

}  // namespace
}  // namespace fluxpg::supervisor::test
