// Whom one node asks, accuses, believes and buries: every rule that protects somebody has a case here in which it refuses.
#include "tests/gossip-core/one_node.hpp"

namespace fluxpg::gossip::test {
namespace {

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

TEST_F(OneNode, WaitsForItsOwnProbeHoweverManyAccuse) {
  handle(Tick{});
  for (const std::size_t i : {2u, 3u, 4u}) meet(i);
  rumor(alive(1, 1), 1);
  const Ping ping = sent<Ping>(where(1)).at(0);
  pass(milliseconds(400), {2, 3, 4});  // a far one: our own two tries take longer than the shortest suspicion
  receive(Ack{ping.nonce, id_of(1), Incarnation{1}, {}, {}, {}});
  pass(milliseconds(1), {1, 2, 3, 4});
  for (const std::size_t accuser : {2u, 3u, 4u}) rumor(bad(State::kSuspect, 1, 1, accuser));
  ASSERT_EQ(node_.members().at(id_of(1)).accusers.size(), 3u);
  pass(milliseconds(2000), {2, 3, 4});
  EXPECT_EQ(state(1), State::kSuspect);
  pass(milliseconds(1000), {2, 3, 4});
  EXPECT_EQ(state(1), State::kDead);
}

TEST_F(OneNode, DoesNotBuryWhomItAccusedItselfAndHasHeardSince) {
  handle(Tick{});
  meet(1);
  meet(2);
  handle(ConnectionLost{where(1), true});
  ASSERT_EQ(state(1), State::kSuspect);
  pass(seconds(20), {1, 2});
  EXPECT_EQ(state(1), State::kSuspect);
  pass(seconds(20), {2});
  EXPECT_EQ(state(1), State::kDead) << "silent again";
}

TEST_F(OneNode, DoesNotBuryOnAnothersWordWhomItAccusedAndHasHeardSince) {
  handle(Tick{});
  meet(1);
  meet(2);
  handle(ConnectionLost{where(1), true});
  ASSERT_EQ(state(1), State::kSuspect);
  hear(1);
  rumor(bad(State::kDead, 1, 1, 2));
  EXPECT_EQ(state(1), State::kSuspect);
}

TEST_F(OneNode, DoesNotBuryWhomItHasHeardSinceAnothersWordWhenItAccusesItself) {
  handle(Tick{});
  meet(1);
  meet(2);
  rumor(bad(State::kDead, 1, 1, 2));
  hear(1);
  handle(ConnectionLost{where(1), true});
  EXPECT_EQ(state(1), State::kSuspect);
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
  while (sent<Ping>(where(1)).empty()) {
    now_ = std::max(now_, node_.next_deadline() - at(Duration{}).boot);
    handle(Tick{});
  }
  pass(milliseconds(400));  // now it is asked for the second time, and others are
  const Ping open = sent<Ping>(where(1)).at(0);
  now_ += seconds(30);
  handle(Tick{});
  EXPECT_EQ(node_.ill_health(), 1);
  EXPECT_EQ(state(1), State::kAlive);
  receive(Ack{open.nonce, id_of(1), Incarnation{1}, {}, {}, {}});  // it waited in the socket
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

}  // namespace
}  // namespace fluxpg::gossip::test
