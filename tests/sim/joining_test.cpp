// Newcomers, replacements, and nodes that come back.
#include "tests/sim/scene.hpp"

namespace fluxpg::simulation {

TEST(Joining, ANewcomerBecomesALearnerAndThenAVoter) {
  Scene sim({.hosts = 5, .instances = 3});
  sim.found(3);
  sim.vanish(2);
  sim.flux().unlist(sim.host(2).address);
  ASSERT_TRUE(sim.run_until([&] { return sim.voters() == 2; }, minutes(3)));
  sim.start(3);
  ASSERT_TRUE(sim.run_until([&] { return sim.is_voter(3); }, minutes(2)));
  EXPECT_EQ(sim.voters(), 3U);
  sim.run_for(minutes(5));
  EXPECT_TRUE(sim.everybody_works());
}

TEST(Joining, ACorpseThatIsStillListedMakesRoomForAReplacementThatWaits) {
  Scene sim({.hosts = 4, .instances = 3});
  sim.found(3);
  sim.vanish(2);
  sim.run_for(minutes(10));
  EXPECT_EQ(sim.voters(), 3U);
  sim.start(3);
  ASSERT_TRUE(sim.run_until([&] { return sim.is_voter(3) && sim.voters() == 3; }, minutes(10)));
}

TEST(Joining, AFourthNodeOfThreeStaysWithoutASeat) {
  Scene sim({.hosts = 4, .instances = 3});
  sim.found(3);
  sim.start(3);
  sim.run_for(minutes(20));
  EXPECT_EQ(sim.voters(), 3U);
  EXPECT_FALSE(sim.is_member(3));
}

TEST(Joining, AVoterThatLostItsDiskIsEvictedAndJoinsAnew) {
  Scene sim({.hosts = 3});
  sim.found(3);
  sim.stop_container(1);
  sim.lose_disk(1);
  sim.run_for(seconds(5));
  sim.start(1);
  ASSERT_TRUE(sim.run_until([&] { return sim.is_voter(1) && sim.works(1) && sim.voters() == 3; }, minutes(30)));
  EXPECT_EQ(sim.evictions(), 1U);
}

TEST(Joining, AVoterThatRestartsWithItsDiskKeepsItsSeat) {
  Scene sim({.hosts = 3});
  sim.found(3);
  sim.stop_container(1);
  sim.run_for(seconds(30));
  sim.start(1);
  ASSERT_TRUE(sim.run_until([&] { return sim.works(1); }, seconds(30)));
  EXPECT_EQ(sim.evictions(), 0U);
  EXPECT_EQ(sim.voters(), 3U);
}

TEST(Joining, ARestartOfAllAtOnceKeepsTheCluster) {
  Scene sim({.hosts = 3});
  sim.found(3);
  for (std::size_t i = 0; i < 3; ++i) sim.stop_container(i);
  sim.run_for(minutes(2));
  for (std::size_t i = 0; i < 3; ++i) sim.start(i);
  ASSERT_TRUE(sim.run_until([&] { return sim.works(0) && sim.works(1) && sim.works(2); }, seconds(60)));
  EXPECT_EQ(sim.etcd().clusters().size(), 1U);
}

TEST(Joining, ALearnerThatDiesMakesRoomForTheNext) {
  Scene sim({.hosts = 5, .instances = 3});
  sim.found(3);
  sim.vanish(2);
  sim.flux().unlist(sim.host(2).address);
  ASSERT_TRUE(sim.run_until([&] { return sim.voters() == 2; }, minutes(3)));
  sim.start(3);
  ASSERT_TRUE(sim.run_until([&] { return sim.cluster()->members.size() == 3; }, minutes(2)));
  sim.vanish(3);
  sim.flux().unlist(sim.host(3).address);
  sim.start(4);
  ASSERT_TRUE(sim.run_until([&] { return sim.is_voter(4) && sim.voters() == 3; }, minutes(5)));
}

TEST(Joining, ThreeOfFiveAreReplacedOneByOne) {
  Scene sim({.hosts = 8, .instances = 5});
  sim.found(5);
  for (std::size_t i = 0; i < 3; ++i) {
    sim.vanish(i);
    sim.flux().unlist(sim.host(i).address);
    sim.start(5 + i);
    ASSERT_TRUE(sim.run_until([&] { return sim.is_voter(5 + i) && sim.voters() == 5; }, minutes(10))) << i;
  }
  EXPECT_EQ(sim.evictions(), 3U);
}

TEST(Founding, NeverHappensWhileASurvivorIsSilentAndListed) {
  Scene sim({.hosts = 3});
  sim.found(3);
  sim.pause(0);
  for (const std::size_t i : {1U, 2U}) {
    sim.stop_container(i);
    sim.lose_disk(i);
    sim.start(i);
  }
  sim.run_for(std::chrono::hours(1));
  EXPECT_EQ(sim.etcd().clusters().size(), 1U);
  sim.resume(0);
  sim.run_for(minutes(10));
  EXPECT_EQ(sim.etcd().clusters().size(), 1U);
}

}  // namespace fluxpg::simulation
