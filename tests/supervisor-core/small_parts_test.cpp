#include "supervisor/core/facts.hpp"
#include "supervisor/core/statements.hpp"
#include "supervisor/core/wellbeing.hpp"
#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

// ---- the budget ----

record::Record closed(record::Kind kind, const std::string& outcome, const std::string& rule = "unlisted") {
  record::Record record;
  record.change.kind = kind;
  record.change.rule = rule;
  record.outcome = outcome;
  return record;
}

TEST(EvictionsOpen, CountsEvictionsThatNoPromotionHasMadeGood) {
  using record::Kind;
  const auto removed = closed(Kind::kRemove, "done");
  const auto promoted = closed(Kind::kPromote, "done", "seat-empty");
  EXPECT_EQ(evictions_open({}), 0U);
  EXPECT_EQ(evictions_open({removed, removed}), 2U);
  EXPECT_EQ(evictions_open({promoted, removed, removed}), 1U);
  EXPECT_EQ(evictions_open({removed, promoted, promoted}), 1U) << "an earlier promotion is no credit";
}

TEST(EvictionsOpen, IgnoresWhatDidNotHappenAndWhatWasNoVoter) {
  using record::Kind;
  EXPECT_EQ(evictions_open({closed(Kind::kRemove, "refuted"), closed(Kind::kRemove, "void")}), 0U);
  EXPECT_EQ(evictions_open({closed(Kind::kRemove, "done", "ghost-learner")}), 0U);
  EXPECT_EQ(evictions_open({closed(Kind::kPromote, "refused"), closed(Kind::kRemove, "done")}), 1U);
  EXPECT_EQ(evictions_open({closed(Kind::kAddLearner, "done"), closed(Kind::kRemove, "done")}), 1U);
}

// ---- an address that another node has now ----

// Node 4 with an empty disk at the address of node 3, which is dead and still listed. It answers us first-hand if it is asked.
struct Successor : ::testing::Test {
  Successor() {
    house.dead(3);
    gossip::NodeInfo info = info_of(4);
    info.address = address_of(3);
    house.hears(info, gossip::State::kAlive, seconds(30));
  }
  void answers() {
    for (gossip::Effect& effect : house.gossip.handle(house.now, gossip::ProbeNow{node_id(4), false})) {
      const auto* sent = std::get_if<gossip::SendTo>(&effect);
      const auto* ping = sent == nullptr ? nullptr : std::get_if<gossip::Ping>(&sent->message);
      if (ping == nullptr || sent->to != gossip::Destination(Endpoint{address_of(3), 7946})) continue;
      house.gossip.handle(house.now, gossip::Received{kRoute, gossip::Ack{ping->nonce, node_id(4), Incarnation{1}, {}, {}, {}}});
    }
  }
  discovery::Presence presence() const { return house.world().presence(house.now, node_id(3)); }
  House house;
};

TEST_F(Successor, ThatAnswersWhereTheDeadOneWasMeansThatTheRowIsNotOfTheDeadOne) {
  answers();
  EXPECT_EQ(presence(), discovery::Presence::kUnlisted);
  EXPECT_NE(house.world().describe_presence(house.now, node_id(3)).find("another node"), std::string::npos);
}

// All daemons were killed soon after the founding, and the dead one's disk was lost: nobody's gossip has ever heard of it.
TEST_F(Successor, OfADeadOneThatOnlyEtcdRemembersIsFoundByTheAddressThere) {
  house.never_heard(3);
  answers();
  EXPECT_EQ(presence(), discovery::Presence::kUnlisted);
}

TEST_F(Successor, OfWhichOthersOnlyTellMeansNothing) { EXPECT_EQ(presence(), discovery::Presence::kListed); }

TEST_F(Successor, ThatAnsweredAWhileAgoMeansNothing) {
  answers();
  house.pass(seconds(11));
  EXPECT_EQ(presence(), discovery::Presence::kListed);
}

TEST_F(Successor, ThatIsAMemberItselfWasThereFirst) {
  gossip::NodeInfo info = house.member_info(4);
  info.member = MemberId{4};
  info.address = address_of(3);
  house.hears(info, gossip::State::kAlive, seconds(30));
  answers();
  EXPECT_EQ(presence(), discovery::Presence::kListed) << "the dead one announced an address that is not its own";
}

TEST_F(Successor, OfALivingNodeMeansNothing) {
  house.hears(house.member_info(3));
  answers();
  EXPECT_EQ(presence(), discovery::Presence::kListed);
}

// ---- from the world to the planner ----

TEST(Facts, ADeadVoterHasBeenSilentSinceGossipGaveItUp) {
  House house;
  house.dead(3, seconds(42));
  const PlanInput input = gather(house.now, house.world(), {}, {});
  ASSERT_EQ(input.voters.size(), 3U);
  EXPECT_TRUE(input.voters[0].alive);
  EXPECT_TRUE(input.voters[1].alive);
  EXPECT_FALSE(input.voters[2].alive);
  EXPECT_EQ(input.voters[2].silent_for, seconds(42));
}

// A remover that was cut off for a minute had found nobody dead when it came back, and evicted whoever was silent just then.
TEST(Facts, NobodyIsHeldSilentForLongerThanAMajorityIsHeard) {
  House house;
  house.dead(3, seconds(42));
  house.majority_heard_since = house.now.boot - seconds(3);
  EXPECT_EQ(gather(house.now, house.world(), {}, {}).voters[2].silent_for, seconds(3));
  house.majority_heard_since = kNever;
  EXPECT_EQ(gather(house.now, house.world(), {}, {}).voters[2].silent_for, Duration::zero());
}

TEST(Facts, HalfOfTheVotersAreNoMajority) {
  House house(4);
  house.dead(4);
  EXPECT_TRUE(hears_majority(house.now, house.world()));
  house.dead(3);
  EXPECT_FALSE(hears_majority(house.now, house.world()));
  house.vouchers.answered(node_id(3), house.now.boot);
  EXPECT_TRUE(hears_majority(house.now, house.world())) << "only gossip misses it";
}

TEST(Facts, ASuspectStillCountsAsAlive) {
  House house;
  house.hears(house.member_info(3), gossip::State::kSuspect, seconds(1));
  EXPECT_TRUE(gather(house.now, house.world(), {}, {}).voters[2].alive);
}

TEST(Facts, AMemberThatNobodyClaimsIsSilentSinceThatWasNoticed) {
  House house;
  house.never_heard(3);
  house.unclaimed[MemberId{3}] = house.now.boot - seconds(7);
  const PlanInput input = gather(house.now, house.world(), {}, {});
  EXPECT_FALSE(input.voters[2].alive);
  EXPECT_EQ(input.voters[2].silent_for, seconds(7));
  EXPECT_EQ(input.voters[2].presence, discovery::Presence::kListed) << "looked up where etcd says it was";
}

TEST(Facts, SilenceBeforeOurOwnStartIsNotHeldAgainstAnEtcd) {
  House house;
  house.vouchers = {};
  house.started = house.now.boot - seconds(20);
  EXPECT_EQ(gather(house.now, house.world(), {}, {}).voters[2].etcd_silent_for, seconds(20));
}

TEST(Facts, ADaemonThatWasAwayHasTimeToStartItsEtcd) {
  House house;
  house.vouchers = {};
  house.vouchers.note(node_id(3), house.now.boot - minutes(25));
  house.vouchers.died(node_id(3), house.now.boot - minutes(20));
  house.vouchers.returned(node_id(3), house.now.boot - seconds(4));
  EXPECT_EQ(gather(house.now, house.world(), {}, {}).voters[2].etcd_silent_for, seconds(4));
}

TEST(Facts, ADaemonThatRestartsOverAndOverIsGivenNoMoreTime) {
  House house;
  house.vouchers = {};
  house.vouchers.note(node_id(3), house.now.boot - minutes(9));
  for (int i = 20; i > 0; --i) {
    house.vouchers.died(node_id(3), house.now.boot - seconds(20 * i + 3));
    house.vouchers.returned(node_id(3), house.now.boot - seconds(20 * i));
  }
  EXPECT_EQ(gather(house.now, house.world(), {}, {}).voters[2].etcd_silent_for, minutes(9));
}

TEST(Facts, WhoIsNoMemberAndAliveIsANewcomer) {
  House house;
  house.lists({1, 2, 3, 9});
  house.pass(minutes(1));
  house.hears(info_of(9), gossip::State::kAlive, minutes(2));
  const PlanInput input = gather(house.now, house.world(), {}, {});
  ASSERT_EQ(input.newcomers.size(), 1U);
  EXPECT_EQ(input.newcomers[0].node, node_id(9));
  EXPECT_EQ(input.newcomers[0].alive_for, minutes(2));
  EXPECT_EQ(input.newcomers[0].listed_for, minutes(1));
  EXPECT_TRUE(input.newcomers[0].fresh);
}

TEST(Facts, TheDeadTheStoppingTheLeavingAndTheUnlistedAreNoUsableNewcomers) {
  House house;
  house.hears(info_of(9), gossip::State::kDead, seconds(1));
  gossip::NodeInfo stopping = info_of(10);
  stopping.stopping = true;
  house.hears(stopping);
  gossip::NodeInfo left = info_of(12);
  left.leaving = true;
  house.hears(left);
  EXPECT_TRUE(gather(house.now, house.world(), {}, {}).newcomers.empty());
  house.hears(info_of(11));
  EXPECT_EQ(gather(house.now, house.world(), {}, {}).newcomers.at(0).listed_for, Duration::zero());
}

TEST(Facts, WhoHasLostTheLearnersSlotLetsTheOthersGoFirst) {
  House house;
  house.hears(info_of(9));
  house.hears(info_of(10));
  const auto first = [&house] { return gather(house.now, house.world(), {}, {}).newcomers.at(0).node; };
  ASSERT_EQ(first(), node_id(9));
  record::Record ghost;
  ghost.change = {record::Kind::kRemove, MemberId{9}, node_id(9), "n9", "", "ghost-learner", "silent"};
  ghost.outcome = "done";
  house.etcd.put(record::history_key("app", Epoch{1}), record::to_json(ghost));
  house.view = EtcdView("app", 200);
  house.read();
  ASSERT_EQ(house.view.history().size(), 1U);
  EXPECT_EQ(first(), node_id(10));
}

TEST(Facts, PostgresDataOfThisVeryClusterKeepsNobodyOut) {
  House house;
  gossip::NodeInfo returned = info_of(9);  // evicted, its etcd data set aside
  returned.data = gossip::DataState::kOnlyPostgres;
  returned.cluster = kCluster;
  house.hears(returned);
  EXPECT_TRUE(gather(house.now, house.world(), {}, {}).newcomers.at(0).fresh);
  returned.cluster = ClusterId{0xbad};
  house.hears(returned);
  EXPECT_FALSE(gather(house.now, house.world(), {}, {}).newcomers.at(0).fresh) << "another cluster's data is nobody's to overwrite";
  returned.cluster = {};
  house.hears(returned);
  EXPECT_FALSE(gather(house.now, house.world(), {}, {}).newcomers.at(0).fresh);
  house.etcd.put(record::patroni_config_key("app"), "{}");
  house.etcd.put(record::patroni_initialize_key("app"), "7001");
  house.read();
  for (const char* const database : {"7001", "7002"}) {  // its etcd volume was lost, and PostgreSQL's was not
    returned.system_id = database;
    house.hears(returned);
    EXPECT_EQ(gather(house.now, house.world(), {}, {}).newcomers.at(0).fresh, database == std::string("7001")) << database;
  }
}

// Its etcd may have been caught up a moment ago, and its host gone since.
TEST(Facts, ALearnerIsInSyncOnlyWhileItsDaemonAnswersToo) {
  House house(4);
  house.etcd.members[3].learner = true;
  house.read();
  LearnerWatch watch;
  const auto in_sync = [&] {
    for (int i = 0; i < 2; ++i) {
      watch.asked(house.now, MemberId{4}, 100);
      watch.answered(house.now, MemberId{4}, 100);
    }
    return gather(house.now, house.world(), watch, {}).learners.at(0).in_sync;
  };
  house.answers_a_probe(4);
  EXPECT_TRUE(in_sync());
  house.pass(seconds(3));
  EXPECT_FALSE(in_sync());
}

TEST(Facts, EvictionsArePausedByAnOperatorOrByPatroni) {
  House house;
  EXPECT_FALSE(gather(house.now, house.world(), {}, {}).paused);
  house.etcd.put(record::paused_key("app"), "{}");
  house.read();
  EXPECT_TRUE(gather(house.now, house.world(), {}, {}).paused);
  house.etcd.keys.erase(record::paused_key("app"));
  house.etcd.put(record::patroni_config_key("app"), R"({"pause":true})");
  house.read();
  EXPECT_TRUE(gather(house.now, house.world(), {}, {}).paused);
}

// ---- our own judgement ----

struct Body {
  Now now{TimePoint(seconds(100)), SteadyPoint(seconds(100)), WallPoint(seconds(100))};
  Wellbeing wellbeing{now};
  void note(Duration boot, Duration steady, Duration wall, TimePoint promised = kNever) {
    now = {now.boot + boot, now.steady + steady, now.wall + wall};
    wellbeing.note(now, promised, seconds(5));
  }
  bool well() const { return wellbeing.unwell(now).empty(); }
};

TEST(Wellbeing, PunctualTimersAreWell) {
  Body body;
  for (int i = 0; i < 20; ++i) body.note(seconds(1), seconds(1), seconds(1), body.now.boot + seconds(1));
  EXPECT_TRUE(body.well());
}

TEST(Wellbeing, ASuspensionMakesUnwellForOneDwell) {
  Body body;
  body.note(seconds(30), seconds(1), seconds(30));
  EXPECT_NE(body.wellbeing.unwell(body.now).find("suspension"), std::string::npos);
  body.note(seconds(4), seconds(4), seconds(4));
  EXPECT_FALSE(body.well());
  body.note(seconds(1), seconds(1), seconds(1));
  EXPECT_TRUE(body.well());
}

TEST(Wellbeing, LateTimersAreIllHealthButALittleLateIsNot) {
  Body body;
  body.note(seconds(2), seconds(2), seconds(2), body.now.boot + seconds(1));
  EXPECT_TRUE(body.well());
  body.note(seconds(2), seconds(2), seconds(2), body.now.boot + milliseconds(999));
  EXPECT_NE(body.wellbeing.unwell(body.now).find("late"), std::string::npos);
}

TEST(Wellbeing, AClockThatJumpsAllTheTimeDoesNotSilenceForEver) {
  Body body;
  int well = 0;
  for (int i = 0; i < 60; ++i) {
    body.note(seconds(1), seconds(1), seconds(i % 2 == 0 ? 10 : -10));
    if (body.well()) ++well;
  }
  EXPECT_GT(well, 20);
  EXPECT_LT(well, 60);
}

// ---- a node's word about its etcd ----

struct Word {
  FakeSigning signing{node_id(3)};
  Nonce nonce = Random(1).nonce();
  gossip::Statement statement = make_statement(signing, nonce, MemberId{3}, kCluster, seconds(5));
  bool proves() const { return vouches(statement, nonce, node_id(3), MemberId{3}, kCluster, seconds(5), signing); }
};

TEST(Statements, AFreshSignedWordProvesLife) { EXPECT_TRUE(Word().proves()); }

TEST(Statements, NothingElseDoes) {
  Word word;
  EXPECT_FALSE(vouches(word.statement, Random(2).nonce(), node_id(3), MemberId{3}, kCluster, seconds(5), word.signing)) << "replayed";
  EXPECT_FALSE(vouches(word.statement, word.nonce, node_id(2), MemberId{3}, kCluster, seconds(5), word.signing)) << "another node's";
  EXPECT_FALSE(vouches(word.statement, word.nonce, node_id(3), MemberId{2}, kCluster, seconds(5), word.signing)) << "another member's";
  EXPECT_FALSE(vouches(word.statement, word.nonce, node_id(3), MemberId{3}, ClusterId{2}, seconds(5), word.signing)) << "another cluster's";
  EXPECT_FALSE(vouches(word.statement, word.nonce, node_id(3), MemberId{3}, kCluster, milliseconds(4999), word.signing)) << "old";
  Word younger;
  younger.statement.age = seconds(1);
  EXPECT_FALSE(younger.proves()) << "the age is signed";
  Word future{word.signing, word.nonce, make_statement(word.signing, word.nonce, MemberId{3}, kCluster, seconds(-1))};
  EXPECT_FALSE(future.proves());
  Word nobody{word.signing, word.nonce, make_statement(word.signing, word.nonce, MemberId{}, kCluster, seconds(1))};
  EXPECT_FALSE(vouches(nobody.statement, nobody.nonce, node_id(3), MemberId{}, kCluster, seconds(5), word.signing));
}

}  // namespace
}  // namespace fluxpg::supervisor::test
