// Who the voters are when etcd cannot be asked: what is written down before a change is called, and how a majority is counted after it.
#include "supervisor/core/evidence.hpp"
#include "supervisor/core/successor.hpp"
#include "tests/supervisor-core/change_fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

record::Record promotion(const std::string& outcome = "") {
  record::Record record;
  record.change = {record::Kind::kPromote, MemberId{9}, node_id(9), "n9", "", "seat-empty", ""};
  record.outcome = outcome;
  return record;
}

struct Remembering : Changes {
  Remembering() {
    house.etcd.members.push_back({MemberId{9}, "n9", {"https://n9:2380"}, {}, true});
    house.read();
  }
  std::vector<KnownVoter> remembered() const { return voters_to_remember(house.now, house.world()).value_or(std::vector<KnownVoter>{}); }
  bool is_uncertain(MemberId member) const {
    const std::vector<KnownVoter> voters = remembered();
    const KnownVoter* const voter = find(voters, member);
    return voter != nullptr && voter->uncertain;
  }
};

TEST_F(Remembering, AnOpenPromotionIsOfAVoterPerhaps) {
  EXPECT_EQ(remembered().size(), 3U);
  house.open_record(promotion());
  ASSERT_EQ(remembered().size(), 4U);
  EXPECT_TRUE(is_uncertain(MemberId{9}));
  EXPECT_FALSE(is_uncertain(MemberId{2}));
  house.etcd.members.back().learner = false;
  house.read();
  EXPECT_FALSE(is_uncertain(MemberId{9})) << "the list shows it: it is a voter";
  EXPECT_EQ(remembered().size(), 4U);
}

TEST_F(Remembering, AnOpenRemovalIsOfAVoterPerhaps) {
  house.open_record(removal());
  EXPECT_TRUE(is_uncertain(MemberId{3}));
  std::erase_if(house.etcd.members, [](const etcd::Member& member) { return member.id == MemberId{3}; });
  house.read();
  EXPECT_EQ(find(remembered(), MemberId{3}), nullptr);
}

TEST_F(Remembering, WhatIsClosedIsUncertainUntilAListIsAskedForThatFollowsIt) {
  house.open_record(promotion());
  house.view.note_record(house.now, promotion("done"), Epoch{static_cast<std::uint64_t>(house.etcd.revision) + 1});
  EXPECT_TRUE(is_uncertain(MemberId{9})) << "the list that is known was asked for before";
  house.etcd.put(record::record_key("app"), record::to_json(promotion("done")));
  house.pass(seconds(1));
  house.read();
  EXPECT_FALSE(is_uncertain(MemberId{9})) << "an operator has removed it by hand";
  EXPECT_EQ(remembered().size(), 3U);
}

// Whoever is promoted and recovered in the moment after we end is believed by it.
TEST_F(Remembering, TheLearnersAreRememberedAsLongAsTheListCannotBeAsked) {
  house.etcd.put(record::node_key("app", MemberId{9}), record::to_json(record::Binding{MemberId{9}, node_id(9), "n9", ""}));
  house.view = EtcdView("app", 200);
  house.read();
  const auto learners = [this] { return learners_to_remember(house.now, house.world()); };
  const std::vector<KnownLearner> nine{{MemberId{9}, node_id(9), "n9"}};
  EXPECT_EQ(learners(), nine);
  house.persistent.learners = nine;
  house.etcd.members.back().learner = false;
  house.pass(minutes(1));
  EXPECT_EQ(learners(), nine) << "what is known of the list is old";
  house.read();
  EXPECT_TRUE(learners().empty());
  house.persistent.cluster = ClusterId{0xdd};
  EXPECT_EQ(learners(), nine) << "of another cluster";
}

// No key that binds it was read here: then whose it is is remembered, but not that it was in doubt.
TEST_F(Remembering, WhatTheListShowsIsNoLongerInDoubt) {
  house.persistent.voters = {{MemberId{2}, node_id(2), "n2", "", 0, true}};
  house.etcd.keys.erase(record::node_key("app", MemberId{2}));
  house.view = EtcdView("app", 200);
  house.read();
  EXPECT_FALSE(is_uncertain(MemberId{2}));
  const std::vector<KnownVoter> voters = remembered();
  ASSERT_NE(find(voters, MemberId{2}), nullptr);
  EXPECT_EQ(find(voters, MemberId{2})->node, node_id(2));
}

TEST_F(Remembering, ItsOwnSeatIsKnownWithoutAWordOfEtcd) {
  house.view = EtcdView("app", 200);
  house.persistent.member = MemberId{1};
  house.persistent.voters = {{MemberId{1}, {}, "n1", "", 0}, {MemberId{2}, {}, "n2", "", 0}};
  const std::vector<KnownVoter> voters = known_voters(house.world());
  EXPECT_EQ(voters.at(0).node, node_id(1));
  EXPECT_FALSE(voters.at(1).node);
}

TEST_F(Remembering, WhatWasVoidIsForgotten) {
  house.open_record(promotion());
  ASSERT_TRUE(is_uncertain(MemberId{9}));
  house.open_record(promotion("void"));
  EXPECT_EQ(remembered().size(), 3U);
}

TEST_F(Remembering, ItOutlivesARestartWithoutAWordOfEtcd) {
  house.open_record(promotion());
  house.persistent.voters = remembered();
  house.view = EtcdView{"app", 1000};
  EXPECT_TRUE(is_uncertain(MemberId{9}));
}

TEST_F(Remembering, AChangeThatIsNotOnDiskIsNotCalled) {
  be_remover();
  house.open_record(removal());
  for (int i = 0; i < 8; ++i) {
    change.tick(house.now, house.world(), lease, house.out);  // the fixture's would remember first
    answer_all();
  }
  EXPECT_EQ(removals_called, 0);
  pass(seconds(1));
  run();
  EXPECT_EQ(removals_called, 1);
}

// A voter whose etcd serves nobody: all it knows is what it remembers.
struct AloneWithAPromotion : ::testing::Test {
  AloneWithAPromotion() {
    house.persistent.chosen = true;
    house.persistent.cluster = kCluster;
    house.persistent.member = MemberId{1};
    house.view = EtcdView{"app", 1000};
    house.announces(house.member_info(1));
  }
  void promoted_node_2() {
    house.persistent.voters = {{MemberId{1}, node_id(1), "n1", address_of(1), 0}, {MemberId{2}, node_id(2), "n2", address_of(2), 0, true}};
  }

  House house{1};
};

// The only voter has promoted node 2, and nobody knows how that ended.
TEST_F(AloneWithAPromotion, ItIsALossThatMayBeRecoveredFrom) {
  promoted_node_2();
  const auto refusal = [this] { return recover_obstacle(LossEvidence{}.situation(house.now, house.world()), {}); };
  const MajorityLoss loss = LossEvidence{}.situation(house.now, house.world());
  EXPECT_EQ(loss.voters, 2U);
  EXPECT_EQ(loss.needed, 2U);
  EXPECT_EQ(loss.live, 1U);
  ASSERT_EQ(loss.lost.size(), 1U);
  EXPECT_NE(loss.unsure.find("whether n2 is a voter is not known"), std::string::npos);
  EXPECT_EQ(refusal(), "");
  house.persistent.voters.pop_back();
  EXPECT_NE(refusal(), "") << "an only voter elects itself: there is nothing to recover from";
}

// Of two voters one is gone, and the promotion of node 3, which lives, had no end that anybody saw.
TEST_F(AloneWithAPromotion, NobodyIsSentToWhoeverIsAVoterOnlyPerhaps) {
  house.persistent.voters = {{MemberId{1}, node_id(1), "n1", address_of(1), 0},
                             {MemberId{2}, node_id(2), "n2", address_of(2), 1},
                             {MemberId{3}, node_id(3), "n3", address_of(3), 0, true}};
  house.hears(house.member_info(3));
  const MajorityLoss loss = LossEvidence{}.situation(house.now, house.world());
  EXPECT_EQ(loss.voters, 2U) << "without it";
  EXPECT_EQ(loss.live, 1U);
  EXPECT_NE(loss.unsure.find("whether n3 is a voter is not known"), std::string::npos);
  ASSERT_EQ(loss.survivors.size(), 2U);
  EXPECT_TRUE(loss.survivors[0].voter);
  EXPECT_FALSE(loss.survivors[1].voter) << "it may remember that it is none, and refuse as well";
  house.persistent.member = MemberId{3};  // seen from there
  house.persistent.voters[0].node = node_id(9);
  house.persistent.voters[2].node = node_id(1);
  gossip::NodeInfo self = house.member_info(1);
  self.member = MemberId{3};
  house.announces(self);
  EXPECT_TRUE(LossEvidence{}.situation(house.now, house.world()).survivors[0].voter) << "it knows its own data";
}

// … and node 2 was recovered, so it had become a voter: but who knows that here?
TEST_F(AloneWithAPromotion, ItDoesNotGiveWayUnaskedWhereItMayBeTheMajority) {
  promoted_node_2();
  gossip::NodeInfo stranger = house.member_info(2);
  stranger.cluster = ClusterId{0xc2};
  house.hears(stranger);
  record::Superseded word;
  word.cluster = kCluster;
  word.successor = ClusterId{0xc2};
  word.member = MemberId{2};
  word.node = node_id(2);
  word.signature = FakeSigning(node_id(2)).sign(record::signed_bytes(word));
  etcd::RangeResult read;
  read.header = {ClusterId{0xc2}, MemberId{9}, 1, 1};
  read.kvs.push_back({"k", record::to_json(word), 1, 1, {}});
  Successor successor;
  successor.handle(house.world(), {}, etcd::Answer{read});
  ProcessesSeen seen;
  seen.etcd.state = Process::State::kStopped;
  seen.etcd_data = true;
  for (int i = 0; i < 20; ++i) {
    house.pass(seconds(3));
    EXPECT_FALSE(successor.tick(house.now, house.world(), seen, house.persistent, house.out));
  }
  EXPECT_NE(successor.problem().find("--rejoin"), std::string::npos) << successor.problem();
  EXPECT_TRUE(house.done<SetAsideEtcdData>().empty());
}

TEST(ShareOfVoters, AMajorityIsOneByBothElectoratesOrByOneOfThem) {
  std::vector<KnownVoter> voters(4);
  for (std::size_t i = 0; i < voters.size(); ++i) voters[i].member = MemberId{i};
  voters[3].uncertain = true;
  const auto first = [&voters](std::uint64_t n) { return shares(voters, [n](const KnownVoter& v) { return v.member.value < n; }); };
  EXPECT_FALSE(first(1).possibly());
  EXPECT_TRUE(first(2).possibly()) << "two of three";
  EXPECT_FALSE(first(2).surely()) << "two of four";
  EXPECT_EQ(first(2).worse().voters, 4U);
  EXPECT_TRUE(first(3).surely());
}

// Of three voters a fourth was being promoted; two of the three may live elsewhere, and would be enough if it was not.
TEST(Recover, CountsWhoMayLiveElsewhereByBothElectorates) {
  MajorityLoss loss;
  loss.voters = 4;
  loss.needed = loss.majority_with = 3;
  loss.majority_without = 2;
  loss.live = 1;
  loss.survivors.emplace_back();
  loss.survivors.front().self = loss.survivors.front().voter = true;
  LostVoter silent{MemberId{2}, node_id(2), "n2", address_of(2), "", "listed", "silent"};
  loss.lost = {silent, silent};
  EXPECT_NE(recover_obstacle(loss, {}), "");
  loss.lost[1].uncertain = true;
  EXPECT_EQ(recover_obstacle(loss, {}), "") << "one of three, two of four";
  // Of three voters one was being removed: with it two may live elsewhere, which is enough only if it was not.
  loss.voters = 3;
  loss.needed = loss.majority_with = 2;
  EXPECT_NE(recover_obstacle(loss, {}), "") << "two of three, one of two";
}

}  // namespace
}  // namespace fluxpg::supervisor::test
