// The parts of the protocol, each alone.
#include <gtest/gtest.h>

#include "gossip/core/health.hpp"
#include "gossip/core/links.hpp"
#include "gossip/core/precedence.hpp"
#include "gossip/core/probes.hpp"
#include "gossip/core/rumors.hpp"
#include "gossip/core/suspicion.hpp"
#include "tests/gossip-core/network.hpp"

namespace fluxpg::gossip::test {
namespace {

constexpr State kAll[] = {State::kAlive, State::kSuspect, State::kDead, State::kLeft};

TEST(Precedence, WithinOneIncarnationThingsOnlyGetWorse) {
  using enum News;
  // Rows: what is known; columns: what is heard; both alive, suspect, dead, left.
  constexpr News kTable[4][4] = {
      {kOld, kNewer, kNewer, kNewer}, {kOld, kConfirms, kNewer, kNewer}, {kOld, kOld, kOld, kOld}, {kOld, kOld, kOld, kOld}};
  for (std::size_t known = 0; known < 4; ++known) {
    for (std::size_t heard = 0; heard < 4; ++heard) {
      EXPECT_EQ(compare(Incarnation{7}, kAll[known], Incarnation{7}, kAll[heard]), kTable[known][heard]) << known << " hears " << heard;
    }
  }
}

TEST(Precedence, AHigherIncarnationWinsWhateverItSaysAndALowerOneNever) {
  for (const State known : kAll) {
    for (const State heard : kAll) {
      EXPECT_EQ(compare(Incarnation{7}, known, Incarnation{8}, heard), News::kNewer);
      EXPECT_EQ(compare(Incarnation{7}, known, Incarnation{6}, heard), News::kOld);
    }
  }
}

TEST(Suspicion, WantsAsManyConfirmationsAsThereAreWitnesses) {
  const Config config;
  EXPECT_EQ(confirmations_wanted(config, 0), 0u);
  EXPECT_EQ(confirmations_wanted(config, 1), 1u);  // three nodes: memberlist switches off here
  EXPECT_EQ(confirmations_wanted(config, 50), config.confirmations);
}

TEST(Suspicion, ShrinksWithConfirmationsAndGrowsWithOurOwnIllHealth) {
  Config config;
  config.suspicion_max = seconds(4);
  config.suspicion_min = seconds(1);
  EXPECT_EQ(suspicion_time(config, 3, 0, 0), seconds(4));
  EXPECT_EQ(suspicion_time(config, 3, 1, 0), seconds(3));
  EXPECT_EQ(suspicion_time(config, 3, 3, 0), seconds(1));
  EXPECT_EQ(suspicion_time(config, 3, 9, 0), seconds(1)) << "never below the minimum";
  EXPECT_EQ(suspicion_time(config, 1, 1, 0), seconds(1));
  EXPECT_EQ(suspicion_time(config, 0, 0, 0), seconds(4)) << "two nodes: nobody can confirm, so all of the time is given";
  EXPECT_EQ(suspicion_time(config, 3, 3, 2), seconds(3));
}

TEST(Health, CountsLatenessAndRecoversWithPunctuality) {
  const Config config;
  Health health(at(Duration{}));
  EXPECT_EQ(health.observe(config, at(milliseconds(1100)), at(seconds(1)).boot), Duration{}) << "a little late is normal";
  EXPECT_EQ(health.level(), 0);
  EXPECT_EQ(health.observe(config, at(seconds(5)), at(seconds(2)).boot), seconds(3));
  EXPECT_EQ(health.level(), 1);
  EXPECT_EQ(health.observe(config, at(seconds(5) + config.recover_period), at(seconds(9)).boot), Duration{});
  EXPECT_EQ(health.level(), 0);
}

TEST(Health, HasAWorst) {
  const Config config;
  Health health(at(Duration{}));
  for (int i = 1; i < 30; ++i) health.observe(config, at(seconds(10 * i)), at(seconds(10 * i - 5)).boot);
  EXPECT_EQ(health.level(), Health::kWorst);
}

TEST(Health, NoticesThatTheMachineSlept) {
  const Config config;
  Health health(at(Duration{}));
  Now now = at(seconds(60));
  now.steady -= seconds(59);
  EXPECT_EQ(health.observe(config, now, at(seconds(90)).boot), Duration{}) << "no deadline was missed";
  EXPECT_EQ(health.level(), 1);
}

Rumor rumor(std::size_t subject, std::uint64_t incarnation, State state, std::size_t accuser = 99) {
  return Rumor{id_of(subject), Incarnation{incarnation}, state, accuser == 99 ? NodeId{} : id_of(accuser), {}};
}

TEST(Rumors, TravelABoundedNumberOfTimesTheLeastToldFirst) {
  RumorQueue queue(16);
  queue.add(rumor(1, 1, State::kAlive));
  EXPECT_EQ(queue.take(id_of(9), 1, 3), std::vector{rumor(1, 1, State::kAlive)});
  queue.add(rumor(2, 1, State::kAlive));
  EXPECT_EQ(queue.take(id_of(9), 1, 3), std::vector{rumor(2, 1, State::kAlive)});
  EXPECT_EQ(queue.take(id_of(9), 8, 3).size(), 2u);
  EXPECT_EQ(queue.take(id_of(9), 8, 3).size(), 2u);
  EXPECT_EQ(queue.take(id_of(9), 8, 3).size(), 0u);
  EXPECT_EQ(queue.size(), 0u);
}

TEST(Rumors, AreDroppedWhenOverriddenButAccusersStandSideBySide) {
  RumorQueue queue(16);
  queue.add(rumor(1, 1, State::kAlive));
  queue.add(rumor(1, 1, State::kSuspect, 2));
  queue.add(rumor(1, 1, State::kSuspect, 3));
  EXPECT_EQ(queue.size(), 2u);
  queue.add(rumor(1, 2, State::kAlive));
  EXPECT_EQ(queue.take(id_of(9), 8, 3), std::vector{rumor(1, 2, State::kAlive)});
}

TEST(Rumors, NeverTellANodeThatItIsAlive) {
  RumorQueue queue(16);
  queue.add(rumor(1, 1, State::kAlive));
  EXPECT_TRUE(queue.take(id_of(1), 8, 3).empty());
  queue.add(rumor(1, 1, State::kSuspect, 2));
  EXPECT_EQ(queue.take(id_of(1), 8, 3).size(), 1u);
}

TEST(Rumors, AreBounded) {
  RumorQueue queue(4);
  for (std::size_t i = 0; i < 20; ++i) queue.add(rumor(i, 1, State::kAlive));
  EXPECT_EQ(queue.size(), 4u);
}

TEST(Rumors, AreRepeatedMoreInBiggerClusters) {
  EXPECT_EQ(retransmissions(3, 3), 6u);
  EXPECT_EQ(retransmissions(3, 9), 12u);
  EXPECT_EQ(retransmissions(3, 100), 21u);
}

TEST(Links, ANewStateIsANewVersionButANewRoundTripIsNot) {
  Links links(id_of(0), 100);
  links.set(id_of(1), LinkState::kOk);
  const std::uint64_t version = links.rows().at(id_of(0)).version;
  EXPECT_GT(version, 100u);
  links.set(id_of(1), LinkState::kOk);
  links.set_rtt(id_of(1), milliseconds(80));
  EXPECT_EQ(links.rows().at(id_of(0)).version, version);
  EXPECT_EQ(links.rows().at(id_of(0)).to.at(id_of(1)).rtt_ms, 80u);
  links.set(id_of(1), LinkState::kCut);
  EXPECT_GT(links.rows().at(id_of(0)).version, version);
}

TEST(Links, OnlyNewerRowsOfOthersAreTaken) {
  Links links(id_of(0), 1);
  EXPECT_TRUE(links.accept(LinkRow{id_of(1), 5, {{id_of(0), Link{LinkState::kOk, 3}}}}));
  EXPECT_FALSE(links.accept(LinkRow{id_of(1), 5, {}}));
  EXPECT_FALSE(links.accept(LinkRow{id_of(1), 4, {}}));
  EXPECT_FALSE(links.accept(LinkRow{id_of(0), 999, {}})) << "nobody else knows our links";
  EXPECT_EQ(links.rows().at(id_of(1)).to.size(), 1u);
}

TEST(Links, AreAnnouncedABoundedNumberOfTimesAndOnlyTheBrokenOnesOfABigCluster) {
  Links links(id_of(0), 1);
  for (std::size_t i = 1; i <= 20; ++i) links.set(id_of(i), i == 7 ? LinkState::kCut : LinkState::kOk);
  const auto full = links.take(4, 256, 2, 64);
  ASSERT_EQ(full.size(), 1u);
  EXPECT_EQ(full[0].to.size(), 20u);
  const auto broken = links.take(4, 256, 2, 16);
  ASSERT_EQ(broken.size(), 1u);
  EXPECT_EQ(broken[0].to.size(), 1u);
  EXPECT_TRUE(broken[0].to.contains(id_of(7)));
  EXPECT_TRUE(links.take(4, 256, 2, 16).empty());
}

TEST(Links, OfOneMessageAreBoundedByRowsAndByEntries) {
  Links links(id_of(0), 1);
  LinkRow row{{}, 1, {}};
  for (std::size_t i = 0; i < 10; ++i) row.to[id_of(i)] = Link{LinkState::kOk, 1};
  for (std::size_t i = 1; i <= 5; ++i) {
    row.from = id_of(i);
    links.accept(row);
  }
  EXPECT_EQ(links.take(3, 256, 9, 16).size(), 3u);
  EXPECT_EQ(links.take(9, 20, 9, 16).size(), 2u);
  EXPECT_EQ(links.take(9, 1, 9, 16).size(), 1u) << "one always goes, or it would never";
}

TEST(Links, AnAnswerHoldsTheRowsThatTheQuestionDidNotName) {
  Links links(id_of(0), 1);
  links.accept(LinkRow{id_of(1), 5, {}});
  links.accept(LinkRow{id_of(2), 5, {}});
  const auto rows = links.newer_than({LinkRow{id_of(0), 1, {}}, LinkRow{id_of(1), 5, {}}, LinkRow{id_of(2), 4, {}}}, 256, 16);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].from, id_of(2));
}

TEST(Round, AsksEverybodyOncePerRoundAndNobodyTwiceAtOnce) {
  Round round;
  Random random(1);
  std::vector<NodeId> members;
  for (std::size_t i = 0; i < 6; ++i) members.push_back(id_of(i));
  std::sort(members.begin(), members.end());
  for (int r = 0; r < 10; ++r) {
    std::set<NodeId> asked;
    for (int i = 0; i < 3; ++i) {
      for (const NodeId& id : round.next(members, 2, random)) EXPECT_TRUE(asked.insert(id).second);
    }
    EXPECT_EQ(std::vector(asked.begin(), asked.end()), members);
  }
  EXPECT_EQ(round.next({id_of(1)}, 5, random), std::vector{id_of(1)});
  EXPECT_TRUE(round.next({}, 5, random).empty());
}

TEST(Probes, WaitLongerForFarPeersAndWhenWeAreIllButNotForEver) {
  const Config config;
  EXPECT_EQ(probe_timeout(config, Duration{}, 0), config.probe_timeout);
  EXPECT_EQ(probe_timeout(config, milliseconds(150), 0), milliseconds(450));
  EXPECT_EQ(probe_timeout(config, seconds(9), 0), 4 * config.probe_timeout);
  EXPECT_EQ(probe_timeout(config, Duration{}, 2), 3 * config.probe_timeout);
}

TEST(Probes, AreBounded) {
  Probes probes(2);
  Random random(1);
  EXPECT_TRUE(probes.add(random.nonce(), Probe{}));
  EXPECT_TRUE(probes.add(random.nonce(), Probe{}));
  EXPECT_FALSE(probes.add(random.nonce(), Probe{}));
}

}  // namespace
}  // namespace fluxpg::gossip::test
