// Whole clusters on virtual time. The bounds are the project's goals; the measured numbers are printed as test properties.
#include "tests/gossip-core/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "gossip/core/precedence.hpp"

namespace fluxpg::gossip::test {
namespace {

constexpr Conditions kFar{milliseconds(70), milliseconds(10), 2};

struct Spread {
  std::vector<Duration> samples;
  Duration at(std::size_t percent) {
    std::sort(samples.begin(), samples.end());
    return samples[std::min(samples.size() - 1, samples.size() * percent / 100)];
  }
};

void note(const std::string& name, Duration value) { testing::Test::RecordProperty(name + "_ms", std::to_string(to_ms(value))); }

Network settled(std::size_t nodes, std::uint64_t seed, Conditions conditions = {}) {
  Network network(nodes, seed, conditions);
  const Duration took = network.run_until([&] { return network.all_see_all_alive(); }, seconds(30));
  EXPECT_LT(took, seconds(5)) << nodes << " nodes, seed " << seed;
  network.run(seconds(5) + milliseconds(37 * static_cast<int>(seed % 13)));
  return network;
}

class Clusters : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Sizes, Clusters, testing::Values(2, 3, 5, 9));

TEST_P(Clusters, AKilledProcessIsSuspectedByAllAtOnceAndThenDead) {
  Spread suspected, dead;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Network network = settled(GetParam(), seed);
    network.kill(0);
    suspected.samples.push_back(network.run_until(
        [&] {
          for (std::size_t i = 1; i < network.size(); ++i) {
            if (network.seen(i, 0) == State::kAlive) return false;
          }
          return true;
        },
        seconds(10)));
    dead.samples.push_back(suspected.samples.back() + network.run_until([&] { return network.all_see(0, State::kDead); }, seconds(20)));
  }
  note("suspected_p50", suspected.at(50));
  note("suspected_p99", suspected.at(99));
  note("dead_p99", dead.at(99));
  EXPECT_LE(suspected.at(50), milliseconds(300));
  EXPECT_LE(suspected.at(99), milliseconds(500));
  EXPECT_LE(dead.at(99), GetParam() == 2 ? milliseconds(5500) : seconds(4));
}

TEST_P(Clusters, AVanishedHostIsDeadForAllWithinFiveSecondsThoughFarAndLossy) {
  Spread dead;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Network network = settled(GetParam(), seed, kFar);
    network.vanish(GetParam() - 1);
    dead.samples.push_back(network.run_until([&] { return network.all_see(GetParam() - 1, State::kDead); }, seconds(30)));
    EXPECT_EQ(network.false_deaths(), 0u) << "seed " << seed;
  }
  note("dead_p50", dead.at(50));
  note("dead_p99", dead.at(99));
  EXPECT_LE(dead.at(50), GetParam() == 2 ? milliseconds(5000) : seconds(3));
  EXPECT_LE(dead.at(99), GetParam() == 2 ? milliseconds(6000) : seconds(5));
}

TEST_P(Clusters, LossAloneKillsNobodyInTenMinutes) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Network network = settled(GetParam(), seed, Conditions{milliseconds(70), milliseconds(10), 5});
    network.run(minutes(10));
    EXPECT_EQ(network.false_deaths(), 0u) << "seed " << seed;
    EXPECT_LT(network.run_until([&] { return network.all_see_all_alive(); }, seconds(10)), seconds(10));
  }
}

TEST_P(Clusters, APartitionOfAnHourHealsWithinTenSeconds) {
  for (std::uint64_t seed = 1; seed <= (GetParam() > 5 ? 2 : 4); ++seed) {
    Network network = settled(GetParam(), seed, kFar);
    network.part({0});
    network.run(std::chrono::hours(1));
    ASSERT_TRUE(is_gone(network.seen(1, 0)));
    network.heal();
    const Duration took = network.run_until([&] { return network.all_see_all_alive(); }, minutes(2));
    note("healed_" + std::to_string(seed), took);
    EXPECT_LE(took, seconds(10)) << "seed " << seed;
  }
}

TEST_P(Clusters, AChangeOfOneNodeIsKnownToAllWithinHalfASecond) {
  Spread known;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Network network = settled(GetParam(), seed, kFar);
    NodeInfo info = network.node(0).self();
    info.postgres_role = "primary";
    const Effects effects = network.node(0).announce(at(network.now()), info);
    ASSERT_FALSE(effects.empty());
    network.deliver(0, effects);
    known.samples.push_back(network.run_until(
        [&] {
          for (std::size_t i = 1; i < network.size(); ++i) {
            if (network.node(i).members().at(id_of(0)).info.postgres_role != "primary") return false;
          }
          return true;
        },
        seconds(20)));
  }
  note("known_p50", known.at(50));
  note("known_p99", known.at(99));
  EXPECT_LE(known.at(50), milliseconds(500));
}

TEST(Cluster, OfSixtyFourConvergesAndBuriesItsDead) {
  Network network(64, 7, kFar);
  EXPECT_LT(network.run_until([&] { return network.all_see_all_alive(); }, seconds(30)), seconds(10));
  network.run(seconds(20));
  network.vanish(5);
  const Duration took = network.run_until([&] { return network.all_see(5, State::kDead); }, seconds(30));
  note("dead", took);
  EXPECT_LE(took, seconds(7));
  EXPECT_EQ(network.false_deaths(), 0u);
}

TEST(Cluster, StalledMembersRefuteAndNeverTakeHealthyOnesWithThem) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Network network = settled(5, seed);
    Random random(seed);
    for (int i = 0; i < 20; ++i) {
      network.stall(random.below(std::uint64_t{2}), milliseconds(100) + random.below(seconds(32)));
      network.run(random.below(seconds(20)));
    }
    network.run(seconds(40));
    EXPECT_TRUE(network.all_see_all_alive()) << "seed " << seed;
    for (const Change& change : network.changes()) {
      for (const std::size_t healthy : {2u, 3u, 4u})
        EXPECT_FALSE(change.subject == id_of(healthy) && is_gone(change.to)) << "seed " << seed;
    }
  }
}

TEST(Cluster, StallsAreNotFalseDeathsOfHealthyMembersInALargerOne) {
  Network network = settled(16, 3);
  Random random(3);
  for (int i = 0; i < 30; ++i) {
    network.stall(random.below(std::uint64_t{4}), milliseconds(100) + random.below(seconds(32)));
    network.run(random.below(seconds(10)));
  }
  for (const Change& change : network.changes()) {
    for (std::size_t healthy = 4; healthy < 16; ++healthy) EXPECT_FALSE(change.subject == id_of(healthy) && is_gone(change.to));
  }
}

TEST(Cluster, ACutLinkShowsInEveryMatrixAndKillsNobody) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Network network = settled(3, seed);
    network.cut(0, 1);  // one way is enough: the question or the answer is lost
    network.run(minutes(2));
    EXPECT_EQ(network.false_deaths(), 0u);
    for (std::size_t i = 0; i < 3; ++i) {
      const auto& rows = network.node(i).links();
      EXPECT_EQ(rows.at(id_of(0)).to.at(id_of(1)).state, LinkState::kCut) << "seen by " << i;
      EXPECT_EQ(rows.at(id_of(0)).to.at(id_of(2)).state, LinkState::kOk);
      EXPECT_EQ(rows.at(id_of(2)).to.at(id_of(1)).state, LinkState::kOk);
      EXPECT_TRUE(i == 1 || network.seen(i, 1) != State::kDead);
    }
    network.heal();
    network.run(seconds(30));
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(network.node(i).links().at(id_of(0)).to.at(id_of(1)).state, LinkState::kOk);
  }
}

TEST(Cluster, ARestartedNodeAtAnotherAddressReplacesItsOldSelf) {
  Network network = settled(3, 1);
  network.kill(2);
  network.run(seconds(10));
  NodeInfo info = info_of(2);
  info.address = "198.18.9.9";
  network.restart(2, info);
  EXPECT_LE(network.run_until([&] { return network.all_see_all_alive(); }, seconds(20)), seconds(5));
  for (const std::size_t i : {0u, 1u}) {
    EXPECT_EQ(network.node(i).members().at(id_of(2)).info.address, "198.18.9.9");
    EXPECT_GT(network.node(i).members().at(id_of(2)).info.incarnation.value, 1024u) << "above everything the first life may have used";
    EXPECT_EQ(network.node(i).links().at(id_of(2)).to.at(id_of(0)).state, LinkState::kOk) << "its new row overrides the old one";
  }
}

TEST(Cluster, ALeavingNodeThatGoesHasLeft) {
  Network network = settled(3, 1);
  NodeInfo info = network.node(2).self();
  info.leaving = true;
  network.deliver(2, network.node(2).announce(at(network.now()), info));
  network.run(seconds(1));
  EXPECT_EQ(network.seen(0, 2), State::kAlive) << "leaving is an attribute until it is gone";
  network.kill(2);
  EXPECT_LT(network.run_until([&] { return network.all_see(2, State::kLeft); }, seconds(20)), seconds(6));
}

TEST(Cluster, TheSameSeedIsTheSameRunBitForBit) {
  const auto run = [](std::uint64_t seed) {
    Network network(5, seed, kFar);
    network.run(seconds(20));
    network.kill(1);
    network.run(seconds(20));
    return network.trace();
  };
  EXPECT_EQ(run(11), run(11));
  EXPECT_NE(run(11), run(12));
}

TEST(Cluster, StaysWithinItsBytesWhenNothingHappens) {
  for (const std::size_t nodes : {3u, 9u, 64u}) {
    Network network = settled(nodes, 1);
    network.run(seconds(60));
    const std::uint64_t bytes = network.bytes_sent();
    const std::uint64_t messages = network.messages_sent();
    network.run(minutes(5));
    const double per_second = 1.0 / (300.0 * static_cast<double>(nodes));
    const double payload = static_cast<double>(network.bytes_sent() - bytes) * per_second;
    const double rate = static_cast<double>(network.messages_sent() - messages) * per_second;
    testing::Test::RecordProperty("bytes_per_second_" + std::to_string(nodes), std::to_string(payload));
    testing::Test::RecordProperty("messages_per_second_" + std::to_string(nodes), std::to_string(rate));
    EXPECT_LE(payload + 90 * rate, nodes <= 9 ? 1024.0 : 2048.0)
        << nodes << " nodes: " << rate << " messages/s of together " << payload << " bytes/s";
  }
}

}  // namespace
}  // namespace fluxpg::gossip::test
