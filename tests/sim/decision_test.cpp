// The decision record under fire: removers that die, stop and come back between any two of its lines.
#include <algorithm>

#include "tests/sim/scene.hpp"

namespace fluxpg::simulation {

namespace {

// A dead, unlisted voter; returns it. Decisions are only seconds away.
std::size_t with_a_corpse(Scene& sim) {
  const std::size_t victim = sim.remover() == 1 ? 2 : 1;
  sim.vanish(victim);
  sim.flux().unlist(sim.host(victim).address);
  return victim;
}

}  // namespace

TEST(Decision, OfARemoverThatDiesAtAnyActionIsFinishedByTheNextExactlyOnce) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Scene sim({.seed = seed, .hosts = 5, .instances = 5});
    sim.found(5);
    with_a_corpse(sim);
    ASSERT_TRUE(sim.run_until([&] { return sim.states().reached().count("decided") > 0; }, minutes(3))) << "seed " << seed;
    const std::size_t remover = sim.remover();
    if (remover == sim.hosts()) continue;
    sim.host(remover).crash_in = seed % 12;
    sim.run_for(seconds(2));
    sim.run_for(minutes(4));
    EXPECT_EQ(sim.voters(), 4U) << "seed " << seed;
    EXPECT_EQ(sim.evictions(), 1U) << "seed " << seed;
    sim.start_daemon(remover);
    sim.run_for(minutes(2));
    EXPECT_EQ(sim.evictions(), 1U) << "seed " << seed;
    EXPECT_TRUE(sim.history().back().closed_by) << "seed " << seed;
    if (HasFailure()) return;
  }
}

TEST(Decision, OfARemoverThatStopsAtAnyMomentIsFinishedAndItsLateCallsDoNoHarm) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Scene sim({.seed = seed, .hosts = 5, .instances = 5});
    sim.found(5);
    with_a_corpse(sim);
    ASSERT_TRUE(sim.run_until([&] { return sim.states().reached().count("decided") > 0; }, minutes(3))) << "seed " << seed;
    const std::size_t remover = sim.remover();
    if (remover == sim.hosts()) continue;
    sim.run_for(milliseconds(static_cast<std::int64_t>(seed)));
    sim.pause(remover);
    sim.run_for(seconds(30));
    sim.resume(remover);
    sim.run_for(minutes(5));
    EXPECT_EQ(sim.voters(), 4U) << "seed " << seed;
    EXPECT_EQ(sim.evictions(), 1U) << "seed " << seed;
    if (HasFailure()) return;
  }
}

TEST(Decision, AVictimThatReturnsBeforeTheCallRefutesIt) {
  bool refuted = false;
  for (std::uint64_t seed = 1; seed <= 40 && !refuted; ++seed) {
    Scene sim({.seed = seed, .hosts = 3});
    sim.found(3);
    const std::size_t victim = sim.remover() == 1 ? 2 : 1;
    sim.pause(victim);
    sim.flux().unlist(sim.host(victim).address);
    sim.run_for(seconds(30));
    // The remover's own etcd has become slow: between the decision and the call there is time.
    if (sim.remover() < sim.hosts()) sim.host(sim.remover()).etcd_delay = milliseconds(200);
    if (!sim.run_until([&] { return sim.states().reached().count("decided") > 0; }, minutes(3))) continue;
    sim.resume(victim);
    sim.run_for(minutes(5));
    refuted = sim.states().reached().count("refuted") > 0;
    if (HasFailure()) return;
  }
  EXPECT_TRUE(refuted);
}

TEST(Decision, AForgedRecordIsNotCarriedOutAndIsToldToOperators) {
  Scene sim({.hosts = 3});
  sim.found(3);
  const std::size_t remover = sim.remover();
  sim.kill_daemon(remover);  // the next one has to hold the key for a minute before it may close what it finds
  const etcd_model::Cluster& cluster = *sim.cluster();
  record::Record forged;
  forged.change = {record::Kind::kRemove, cluster.voters().front(), {}, "node-x", "", "unlisted", "because I say so"};
  forged.electorate = {cluster.id, cluster.voters()};
  forged.command = "etcdctl member remove";
  sim.etcd().force_put(sim.now(), cluster.id, record::record_key("orders-db"), record::to_json(forged));
  sim.run_for(seconds(20));
  EXPECT_EQ(sim.voters(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    if (i == remover) continue;
    EXPECT_TRUE(sim.has_problem(i, "the open decision in etcd is not carried out")) << i;
  }
  ASSERT_TRUE(sim.run_until([&] { return !sim.history().empty() && sim.history().back().outcome == "void"; }, minutes(3)));
  EXPECT_EQ(sim.voters(), 3U);
}

TEST(Decision, ARecordThatCannotBeReadStopsEverythingAndIsTold) {
  Scene sim({.hosts = 3});
  sim.found(3);
  sim.etcd().force_put(sim.now(), sim.cluster()->id, record::record_key("orders-db"), "{\"kind\":\"remo");
  sim.vanish(1);
  sim.flux().unlist(sim.host(1).address);
  sim.run_for(minutes(10));
  EXPECT_EQ(sim.voters(), 3U);
  EXPECT_TRUE(sim.has_problem(0, "cannot be read"));
}

}  // namespace fluxpg::simulation
