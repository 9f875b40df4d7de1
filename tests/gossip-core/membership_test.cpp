// What one node says of itself, learns of others, keeps and forgets.
#include "tests/gossip-core/one_node.hpp"

namespace fluxpg::gossip::test {
namespace {

TEST_F(OneNode, StartsAboveItsEarlierLivesAndReservesBeforeItSpeaks) {
  handle(Seeds{{where(0), where(1)}});
  EXPECT_EQ(own(), Incarnation{1025});
  ASSERT_FALSE(effects_.empty());
  ASSERT_TRUE(std::holds_alternative<ReserveIncarnations>(effects_.front()));
  EXPECT_EQ(std::get<ReserveIncarnations>(effects_.front()).limit, Incarnation{1025 + 1024});
  EXPECT_EQ(sent<Ping>(where(1)).size(), 1u);
  EXPECT_EQ(sent<Ping>(where(0)).size(), 0u) << "the listing holds our own address too";
}

TEST_F(OneNode, RefutesAnAccusationInTheVeryAnswerToIt) {
  handle(Tick{});
  meet(1);
  for (const State state : {State::kSuspect, State::kDead, State::kLeft}) {
    const Incarnation before = own();
    receive(Ping{Nonce{}, id_of(1), Incarnation{1}, where(1), false, {bad(state, 0, before.value, 1)}, {}});
    EXPECT_EQ(own().value, before.value + 1);
    ASSERT_EQ(sent<Ack>(kRoute).size(), 1u);
    EXPECT_EQ(sent<Ack>(kRoute)[0].incarnation, own());
  }
}

TEST_F(OneNode, DoesNotAnswerAccusationsOfItsPast) {
  handle(Tick{});
  rumor(bad(State::kDead, 0, 1024, 1));
  EXPECT_EQ(own(), Incarnation{1025});
}

TEST_F(OneNode, GoesAboveWhatOthersRememberOfALifeItForgot) {
  handle(Tick{});
  rumor(alive(0, 5000));
  EXPECT_EQ(own(), Incarnation{5001});
  ASSERT_EQ(all<ReserveIncarnations>().size(), 1u);
  EXPECT_GE(all<ReserveIncarnations>()[0].limit, own());
}

TEST_F(OneNode, AnnouncesOnlyWhatChanged) {
  handle(Tick{});
  meet(1);
  NodeInfo same = node_.self();
  same.incarnation = Incarnation{1};
  EXPECT_TRUE(node_.announce(at(now_), same).empty());
  same.stopping = true;
  effects_ = node_.announce(at(now_), same);
  EXPECT_EQ(own(), Incarnation{1026});
  ASSERT_EQ(sent<Sync>(where(1)).size(), 1u);
  EXPECT_EQ(sent<Sync>(where(1))[0].members[0].info, node_.self());
}

TEST_F(OneNode, HearsAnAnswerThatBringsNewsOfManyOthersAlong) {
  handle(Tick{});
  rumor(alive(1, 1), 1);
  ASSERT_EQ(sent<Ping>(where(1)).size(), 1u);
  std::vector<Rumor> news;
  for (std::size_t i = 2; i < 9; ++i) news.push_back(alive(i, 1));
  receive(Ack{sent<Ping>(where(1))[0].nonce, id_of(1), Incarnation{1}, news, {}, {}});
  EXPECT_EQ(sent<Ping>().size(), 7u) << "each of them is asked";
  ASSERT_EQ(all<Answered>().size(), 1u);
  EXPECT_EQ(all<Answered>()[0].id, id_of(1));
  EXPECT_EQ(node_.members().at(id_of(1)).last_answer, at(now_).boot);
}

TEST_F(OneNode, IsNotWokenForSeedsWhileAllOfThemLive) {
  handle(Tick{});
  meet(1);
  handle(Seeds{{where(0), where(1)}});
  EXPECT_EQ(sent<Ping>().size(), 0u);
  pass(seconds(3), {1});
  const std::size_t before = answered_.size();
  handle(Seeds{{where(0), where(1), where(2)}});
  EXPECT_EQ(sent<Ping>(where(2)).size(), 1u);
  std::size_t knocks = 0;
  for (int i = 0; i < 40; ++i) {
    pass(milliseconds(100), {1});
    knocks += sent<Ping>(where(2)).size();
  }
  EXPECT_GT(knocks, 0u) << "a stranger at a seed is asked again and again";
  EXPECT_GT(answered_.size(), before);
}

TEST_F(OneNode, ReportsATwinOnceAndAnswersItSoThatItLearnsToo) {
  handle(Tick{});
  const Ping ping{Random(9).nonce(), id_of(0), Incarnation{3}, where(8), false, {}, {}};
  receive(ping);
  ASSERT_EQ(all<IdentityConflict>().size(), 1u);
  EXPECT_EQ(all<IdentityConflict>()[0].other, where(8));
  EXPECT_EQ(sent<Ack>(kRoute).size(), 1u);
  receive(ping);
  EXPECT_TRUE(all<IdentityConflict>().empty());
  EXPECT_FALSE(node_.members().contains(id_of(0)));
  EXPECT_EQ(own(), Incarnation{1025});
}

TEST_F(OneNode, LearnsOfATwinFromItsAnswerAtASeed) {
  handle(Seeds{{where(8)}});
  receive(Ack{sent<Ping>(where(8)).at(0).nonce, id_of(0), Incarnation{3}, {}, {}, {}});
  EXPECT_EQ(all<IdentityConflict>().size(), 1u);
}

TEST_F(OneNode, LearnsOfATwinFromNewsThatOthersPassOn) {
  handle(Tick{});
  NodeInfo twin = info(0, own().value);
  twin.address = "198.18.0.99";
  rumor(Rumor{id_of(0), own(), State::kAlive, {}, twin});
  ASSERT_EQ(all<IdentityConflict>().size(), 1u);
  EXPECT_EQ(all<IdentityConflict>()[0].other, twin.gossip_endpoint());
}

TEST_F(OneNode, IsNotItsOwnTwin) {
  handle(Seeds{{Endpoint{"203.0.113.9", 7946}}});  // another name of ours
  receive(sent<Ping>().at(0));
  EXPECT_TRUE(effects_.empty());
  receive(Ping{Nonce{}, id_of(0), Incarnation{3}, where(0), false, {}, {}});  // from before our restart
  EXPECT_TRUE(effects_.empty());
}

TEST_F(OneNode, ReportsTwoOthersWithOneIdentityAndKeepsTheFirst) {
  handle(Tick{});
  meet(1);
  receive(Ping{Nonce{}, id_of(1), Incarnation{1}, where(6), false, {}, {}});
  ASSERT_EQ(all<IdentityConflict>().size(), 1u);
  Rumor other = alive(1, 1);
  other.info->address = "198.18.0.99";
  rumor(other);
  EXPECT_EQ(all<IdentityConflict>().size(), 1u);
  EXPECT_EQ(node_.members().at(id_of(1)).info.address, info_of(1).address);
}

TEST_F(OneNode, AsksForTheStateThatNewsShowsItLacks) {
  handle(Tick{});
  meet(1);
  now_ += seconds(1);
  pass(milliseconds(1), {1});
  rumor(bad(State::kSuspect, 7, 3, 1), 1);
  ASSERT_EQ(sent<Sync>(kRoute).size(), 1u);
  EXPECT_TRUE(sent<Sync>(kRoute)[0].wants_reply);
  rumor(bad(State::kSuspect, 8, 3, 1), 1);
  EXPECT_TRUE(sent<Sync>(kRoute).empty()) << "not at every message";
  EXPECT_FALSE(node_.members().contains(id_of(7)));
}

TEST_F(OneNode, AnswersAQuestionWithWhatItDidNotNameOnly) {
  handle(Tick{});
  meet(1);
  meet(2);
  receive(Sync{id_of(2),
               true,
               {Rumor{id_of(1), Incarnation{1}, State::kAlive, {}, {}}, Rumor{id_of(2), Incarnation{1}, State::kAlive, {}, {}}},
               {}});
  ASSERT_EQ(sent<Sync>(kRoute).size(), 1u);
  const Sync reply = sent<Sync>(kRoute)[0];
  EXPECT_FALSE(reply.wants_reply);
  ASSERT_EQ(reply.members.size(), 1u);
  EXPECT_EQ(reply.members[0].info, node_.self());
}

TEST_F(OneNode, OnlyAHigherIncarnationRaisesTheDead) {
  handle(Tick{});
  meet(1);
  pass(seconds(7));
  ASSERT_EQ(state(1), State::kDead);
  rumor(alive(1, 1));
  EXPECT_EQ(state(1), State::kDead);
  rumor(alive(1, 2));
  EXPECT_EQ(state(1), State::kAlive);
}

TEST_F(OneNode, KeepsKnockingAtTheDeadAndForgetsThemInTheEnd) {
  handle(Tick{});
  meet(1);
  pass(seconds(7));
  ASSERT_EQ(state(1), State::kDead);
  int knocks = 0;
  for (int i = 0; i < 100; ++i) {
    const Duration end = now_ + milliseconds(100);
    if (node_.next_deadline() <= at(end).boot) {
      now_ = std::max(now_, node_.next_deadline() - at(Duration{}).boot);
      handle(Tick{});
      for (const Ping& ping : sent<Ping>(where(1))) {
        EXPECT_EQ(ping.rumors.at(0).state, State::kDead) << "it must hear it to refute it";
        ++knocks;
      }
    }
    now_ = end;
  }
  EXPECT_GE(knocks, 3);
  pass(std::chrono::hours(37));
  ASSERT_TRUE(node_.members().contains(id_of(1)));
  receive(Sync{id_of(2), true, {}, {}});
  const std::vector<Sync> replies = sent<Sync>(kRoute);
  for (const Rumor& told : replies.at(0).members) EXPECT_NE(told.id, id_of(1)) << "an old tombstone is no news";
  pass(std::chrono::hours(36));
  EXPECT_FALSE(node_.members().contains(id_of(1)));
}

TEST_F(OneNode, DropsNewsWhoseAnnouncementIsOfSomebodyElse) {
  handle(Tick{});
  Rumor forged = alive(1, 1);
  forged.info->id = id_of(2);
  rumor(forged);
  EXPECT_TRUE(node_.members().empty());
  Rumor older = alive(1, 1);
  older.incarnation = Incarnation{9};
  rumor(older);
  EXPECT_TRUE(node_.members().empty());
}

TEST_F(OneNode, HasABoundOnMembersAndDropsOnlyTheDeadForNewOnes) {
  Config config;
  config.max_members = 3;
  node_ = Node(config, info_of(0), Incarnation{}, 5, at(now_));
  handle(Tick{});
  for (const std::size_t i : {1u, 2u, 3u, 4u}) rumor(alive(i, 1));
  EXPECT_EQ(node_.members().size(), 3u);
  EXPECT_FALSE(node_.members().contains(id_of(4)));
  pass(seconds(8), {1, 2});
  ASSERT_EQ(state(3), State::kDead);
  rumor(alive(4, 1));
  EXPECT_EQ(node_.members().size(), 3u);
  EXPECT_TRUE(node_.members().contains(id_of(4)));
  EXPECT_FALSE(node_.members().contains(id_of(3)));
}

TEST_F(OneNode, IgnoresMessagesThatAreNotGossip) {
  handle(Tick{});
  receive(verdict::FoundingPromise{});
  EXPECT_TRUE(effects_.empty());
  EXPECT_TRUE(node_.members().empty());
}

}  // namespace
}  // namespace fluxpg::gossip::test
