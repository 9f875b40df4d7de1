// One node and what it says to what it hears: every rule that protects somebody has a case here in which it refuses.
#include <gtest/gtest.h>

#include <algorithm>

#include "gossip/core/precedence.hpp"
#include "tests/gossip-core/network.hpp"

namespace fluxpg::gossip::test {
namespace {

constexpr Route kRoute{77};

class OneNode : public testing::Test {
 protected:
  const Effects& handle(const Event& event) { return effects_ = node_.handle(at(now_), event); }
  template <class M>
  const Effects& receive(M message) {
    return handle(Received{kRoute, Message{std::move(message)}});
  }
  template <class E>
  std::vector<E> all() const {
    std::vector<E> result;
    for (const Effect& effect : effects_) {
      if (const auto* e = std::get_if<E>(&effect)) result.push_back(*e);
    }
    return result;
  }
  template <class M>
  std::vector<M> sent(std::optional<Destination> to = {}) const {
    std::vector<M> result;
    for (const SendTo& send : all<SendTo>()) {
      if (const auto* m = std::get_if<M>(&send.message); m != nullptr && (!to || *to == send.to)) result.push_back(*m);
    }
    return result;
  }
  static Endpoint where(std::size_t index) { return info_of(index).gossip_endpoint(); }
  static NodeInfo info(std::size_t index, std::uint64_t incarnation) {
    NodeInfo result = info_of(index);
    result.incarnation = Incarnation{incarnation};
    return result;
  }
  static Rumor alive(std::size_t index, std::uint64_t incarnation) {
    return Rumor{id_of(index), Incarnation{incarnation}, State::kAlive, {}, info(index, incarnation)};
  }
  static Rumor bad(State state, std::size_t index, std::uint64_t incarnation, std::size_t accuser) {
    return Rumor{id_of(index), Incarnation{incarnation}, state, id_of(accuser), {}};
  }
  void rumor(const Rumor& news, std::size_t from = 9) { receive(Sync{id_of(from), false, {news}, {}}); }
  // Answers every ping among the last effects that went to one of `answering`.
  void answer(const std::set<std::size_t>& answering) {
    for (const SendTo& send : all<SendTo>()) {
      const auto* ping = std::get_if<Ping>(&send.message);
      for (const std::size_t i : answering) {
        if (ping == nullptr || send.to != Destination{where(i)}) continue;
        const Effects kept = effects_;
        const auto it = node_.members().find(id_of(i));
        receive(Ack{ping->nonce, id_of(i), it == node_.members().end() ? Incarnation{1} : it->second.info.incarnation, {}, {}, {}});
        answered_.insert(answered_.end(), effects_.begin(), effects_.end());
        effects_ = kept;
      }
    }
  }
  void meet(std::size_t index) {
    rumor(alive(index, 1), index);
    answer({index});
    ASSERT_EQ(node_.members().at(id_of(index)).state, State::kAlive);
    ASSERT_GT(node_.members().at(id_of(index)).last_answer, TimePoint{});
  }
  // Lets time pass punctually; `answering` members answer at once.
  void pass(Duration time, const std::set<std::size_t>& answering = {}) {
    const Duration end = now_ + time;
    while (node_.next_deadline() <= at(end).boot) {
      now_ = std::max(now_, node_.next_deadline() - at(Duration{}).boot);
      handle(Tick{});
      answer(answering);
    }
    now_ = end;
  }
  State state(std::size_t index) const { return node_.members().at(id_of(index)).state; }
  Incarnation own() const { return node_.self().incarnation; }

  Duration now_{};
  Node node_{Config{}, info_of(0), Incarnation{1024}, 5, at(Duration{})};
  Effects effects_, answered_;
};

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

TEST_F(OneNode, SuspectsAtARefusalAtOnceAndTellsEverybodyTheSuspectToo) {
  handle(Tick{});
  meet(1);
  meet(2);
  handle(ConnectionLost{where(1), true});
  EXPECT_EQ(state(1), State::kSuspect);
  for (const std::size_t i : {1u, 2u}) {
    ASSERT_EQ(sent<Sync>(where(i)).size(), 1u);
    EXPECT_EQ(sent<Sync>(where(i))[0].members, std::vector{bad(State::kSuspect, 1, 1, 0)});
  }
  EXPECT_EQ(node_.links().at(id_of(0)).to.at(id_of(1)).state, LinkState::kRefused);
}

TEST_F(OneNode, DoesNotAccuseAgainOverAPathThatKeepsRefusing) {
  handle(Tick{});
  meet(1);
  handle(ConnectionLost{where(1), true});
  rumor(alive(1, 2));
  EXPECT_EQ(state(1), State::kAlive);
  handle(ConnectionLost{where(1), true});
  EXPECT_EQ(state(1), State::kAlive);
}

TEST_F(OneNode, ABrokenConnectionIsAReasonToAskNotToAccuse) {
  handle(Tick{});
  meet(1);
  handle(ConnectionLost{where(1), false});
  EXPECT_EQ(state(1), State::kAlive);
  EXPECT_EQ(sent<Ping>(where(1)).size(), 1u);
  handle(ConnectionLost{where(5), true});
  EXPECT_TRUE(all<StateChanged>().empty()) << "nobody we know lives there";
}

TEST_F(OneNode, BuriesTheSilentAfterTwoTriesAndTheFullTimeIfNobodyConfirms) {
  handle(Tick{});
  meet(1);
  pass(milliseconds(2000));
  EXPECT_EQ(state(1), State::kSuspect);
  pass(seconds(4));
  EXPECT_EQ(state(1), State::kDead);
  EXPECT_EQ(node_.links().at(id_of(0)).to.at(id_of(1)).state, LinkState::kCut);
}

TEST_F(OneNode, HearsayKillsNobodyWhoAnswers) {
  handle(Tick{});
  meet(1);
  meet(2);
  meet(3);
  for (const std::size_t accuser : {2u, 3u}) rumor(bad(State::kDead, 1, 1, accuser));
  EXPECT_EQ(state(1), State::kSuspect);
  pass(minutes(1), {1, 2, 3});
  EXPECT_EQ(state(1), State::kSuspect) << "it answers, but only it can refute";
  rumor(alive(1, 2));
  EXPECT_EQ(state(1), State::kAlive);
  EXPECT_TRUE(node_.members().at(id_of(1)).accusers.empty());
}

TEST_F(OneNode, AsksAnAccusedMemberAtOnceAndBelievesTheAccuserWhenItIsSilentToo) {
  handle(Tick{});
  meet(1);
  meet(2);
  meet(3);
  pass(milliseconds(1), {1, 2, 3});
  rumor(bad(State::kDead, 1, 1, 2));
  ASSERT_EQ(sent<Ping>(where(1)).size(), 1u);
  EXPECT_EQ(sent<Ping>(where(1))[0].rumors.at(0), bad(State::kSuspect, 1, 1, 2)) << "the accused is told first";
  pass(milliseconds(700), {2, 3});
  EXPECT_EQ(state(1), State::kDead) << "no second waiting: somebody else has waited already";
}

TEST_F(OneNode, OnlyTheNonceAndTheMemberItselfProveLife) {
  handle(Tick{});
  meet(1);
  handle(ProbeNow{id_of(1), false});
  const Ping ping = sent<Ping>(where(1)).at(0);
  receive(Ack{Nonce{}, id_of(1), Incarnation{1}, {}, {}, {}});
  EXPECT_TRUE(all<Answered>().empty()) << "another nonce";
  receive(Ack{ping.nonce, id_of(4), Incarnation{1}, {}, {}, {}});
  EXPECT_TRUE(all<Answered>().empty()) << "a stranger on its address";
  receive(Ack{ping.nonce, id_of(1), Incarnation{1}, {}, {}, {}});
  ASSERT_EQ(all<Answered>().size(), 1u);
  receive(Ack{ping.nonce, id_of(1), Incarnation{1}, {}, {}, {}});
  EXPECT_TRUE(all<Answered>().empty()) << "a replay";
}

TEST_F(OneNode, AsksTheDeadOnDemandAndReportsTheirStatement) {
  handle(Tick{});
  meet(1);
  pass(seconds(7));
  ASSERT_EQ(state(1), State::kDead);
  handle(ProbeNow{id_of(1), true});
  ASSERT_EQ(sent<Ping>(where(1)).size(), 1u);
  const Ping ping = sent<Ping>(where(1))[0];
  EXPECT_TRUE(ping.wants_statement);
  const Statement statement{id_of(1), ping.nonce, MemberId{4}, ClusterId{5}, seconds(1), {}};
  receive(Ack{ping.nonce, id_of(1), Incarnation{1}, {}, {}, statement});
  ASSERT_EQ(all<Answered>().size(), 1u);
  EXPECT_EQ(all<Answered>()[0].statement, statement);
  EXPECT_EQ(state(1), State::kDead) << "until it refutes";
  handle(ProbeNow{id_of(6), true});
  EXPECT_TRUE(sent<Ping>().empty()) << "unknown";
}

TEST_F(OneNode, MakesAStatementOnlyIfAsked) {
  handle(Tick{});
  int calls = 0;
  node_.set_statement_source(
      [](void* context, const Now&, const Nonce& nonce) -> std::optional<Statement> {
        ++*static_cast<int*>(context);
        return Statement{id_of(0), nonce, MemberId{1}, ClusterId{2}, {}, {}};
      },
      &calls);
  Ping ping{Random(9).nonce(), id_of(1), Incarnation{1}, where(1), false, {}, {}};
  receive(ping);
  EXPECT_EQ(sent<Ack>(kRoute).at(0).statement, std::nullopt);
  EXPECT_EQ(calls, 0);
  ping.wants_statement = true;
  receive(ping);
  EXPECT_EQ(sent<Ack>(kRoute).at(0).statement->nonce, ping.nonce);
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

TEST_F(OneNode, RelaysTheAnswerOfAMemberThatAnotherCannotHear) {
  handle(Tick{});
  meet(1);
  const Nonce question = Random(9).nonce();
  receive(IndirectPing{question, id_of(2), id_of(1), where(1)});
  const Ping ping = sent<Ping>(where(1)).at(0);
  EXPECT_NE(ping.nonce, question);
  receive(Ack{ping.nonce, id_of(1), Incarnation{1}, {}, {}, {}});
  ASSERT_EQ(sent<IndirectAck>(kRoute).size(), 1u);
  EXPECT_EQ(sent<IndirectAck>(kRoute)[0], (IndirectAck{question, id_of(0), id_of(1), Incarnation{1}}));
}

TEST_F(OneNode, ARelayedAnswerAcquitsTheMemberAndConvictsTheLink) {
  handle(Tick{});
  meet(1);
  meet(2);
  const auto relay = [&] {
    for (const IndirectPing& ping : sent<IndirectPing>(where(2))) {
      receive(IndirectAck{ping.nonce, id_of(2), id_of(1), Incarnation{1}});
    }
  };
  for (int i = 0; i < 400; ++i) {
    pass(milliseconds(10), {2});
    relay();
  }
  EXPECT_EQ(state(1), State::kAlive);
  EXPECT_EQ(node_.links().at(id_of(0)).to.at(id_of(1)).state, LinkState::kCut);
  EXPECT_GT(node_.members().at(id_of(1)).last_indirect, TimePoint{});
}

TEST_F(OneNode, AccusesNobodyForTheTimeInWhichItWasStoppedItself) {
  handle(Tick{});
  meet(1);
  pass(milliseconds(700), {});  // a question is open, the answer waits in the socket
  ASSERT_EQ(state(1), State::kAlive);
  now_ += seconds(30);
  handle(Tick{});
  EXPECT_EQ(node_.ill_health(), 1);
  EXPECT_EQ(state(1), State::kAlive);
  answer({1});
  pass(seconds(5), {1});
  EXPECT_EQ(state(1), State::kAlive);
  EXPECT_EQ(node_.ill_health(), 0);
}

TEST_F(OneNode, ReadsWhatWaitedInItsSocketsBeforeItBuriesASuspect) {
  handle(Tick{});
  meet(1);
  pass(milliseconds(3500));
  ASSERT_EQ(state(1), State::kSuspect);
  now_ += seconds(30);
  handle(Tick{});
  EXPECT_EQ(state(1), State::kSuspect);
  rumor(alive(1, 2));
  EXPECT_EQ(state(1), State::kAlive);
}

TEST_F(OneNode, ThatIsAlwaysLateStillBuriesTheDeadInTheEnd) {
  handle(Tick{});
  meet(1);
  for (int i = 0; i < 200; ++i) {
    now_ = node_.next_deadline() - at(Duration{}).boot + milliseconds(400);
    handle(Tick{});
  }
  EXPECT_EQ(state(1), State::kDead);
}

TEST_F(OneNode, MissingAnswersAreNoIllHealth) {
  handle(Tick{});
  meet(1);
  pass(seconds(10));
  ASSERT_EQ(state(1), State::kDead);
  EXPECT_EQ(node_.ill_health(), 0);
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
  for (const Rumor& told : sent<Sync>(kRoute).at(0).members) EXPECT_NE(told.id, id_of(1)) << "an old tombstone is no news";
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
