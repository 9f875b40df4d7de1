// Each kind of fault has its effect, and leaves nothing behind when it ends.
#include <set>

#include "simulation/sim/faults.hpp"
#include "tests/sim/scene.hpp"

namespace fluxpg::simulation {

namespace {

class Fault : public testing::Test {
 protected:
  Fault() { sim.found(3); }
  void inject(const std::string& name, std::size_t host = 0, Duration lasts = seconds(60)) {
    const FaultKind* kind = find_fault(name);
    ASSERT_NE(kind, nullptr) << name;
    inject_fault(sim, *kind, host, lasts);
  }
  discovery::Answer ask() { return sim.flux().ask(random); }
  discovery::Fault bad() { return std::get<discovery::Bad>(ask()).fault; }
  Scene sim{{.hosts = 3}};
  Random random{1};
};

}  // namespace

TEST(Faults, AreAtLeastFortyKindsWithDifferentNames) {
  std::set<std::string> names;
  for (const FaultKind& kind : fault_kinds()) names.insert(kind.name);
  EXPECT_EQ(names.size(), fault_kinds().size());
  EXPECT_GE(names.size(), 40U);
  EXPECT_EQ(find_fault("earthquake"), nullptr);
}

TEST_F(Fault, LiesOfTheApiAreRefusedUnderTheirNames) {
  using discovery::Fault;
  const std::pair<const char*, discovery::Fault> lies[] = {
      {"api-error", Fault::kStatusError}, {"api-truncated", Fault::kNotJson},      {"api-html", Fault::kNotJson},
      {"api-502", Fault::kHttpStatus},    {"api-foreign-row", Fault::kForeignApp}, {"api-bad-row", Fault::kBadRow},
      {"api-null", Fault::kShape},        {"api-not-text", Fault::kNotText},       {"api-too-many-rows", Fault::kTooManyRows},
      {"api-down", Fault::kUnreachable},  {"api-hangs", Fault::kTimeout},          {"api-empty", Fault::kEmpty}};
  for (const auto& [name, expected] : lies) {
    inject(name, 0, seconds(5));
    EXPECT_EQ(bad(), expected) << name;
    sim.run_for(seconds(6));
    EXPECT_TRUE(std::holds_alternative<discovery::Good>(ask())) << name;
  }
}

TEST_F(Fault, ApiDuplicatesAreOneRowEach) {
  inject("api-duplicates");
  EXPECT_EQ(std::get<discovery::Good>(ask()).rows.size(), 3U);
}

TEST_F(Fault, ApiSlowHandsOutOldAnswers) {
  inject("api-slow");
  EXPECT_GE(sim.flux().slowness(), seconds(1));
  sim.run_for(seconds(61));
  EXPECT_EQ(sim.flux().slowness(), Duration::zero());
}

TEST_F(Fault, BackendStaleKeepsARowThatIsGoneAndThenCatchesUp) {
  inject("backend-stale");
  sim.flux().unlist(sim.host(1).address);
  std::set<std::size_t> sizes;
  for (int i = 0; i < 50; ++i) sizes.insert(std::get<discovery::Good>(ask()).rows.size());
  EXPECT_EQ(sizes, (std::set<std::size_t>{2, 3}));
  sim.run_for(seconds(61));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(std::get<discovery::Good>(ask()).rows.size(), 2U);
}

TEST_F(Fault, BackendNeverListsAHostThatIsListedAnew) {
  inject("backend-never-lists");
  sim.flux().list(sim.host(0).address);
  std::set<std::size_t> sizes;
  for (int i = 0; i < 50; ++i) sizes.insert(std::get<discovery::Good>(ask()).rows.size());
  EXPECT_EQ(sizes, (std::set<std::size_t>{2, 3}));
}

TEST_F(Fault, StrangerListedIsOneRowMore) {
  inject("stranger-listed");
  EXPECT_EQ(std::get<discovery::Good>(ask()).rows.size(), 4U);
}

TEST_F(Fault, DaemonHangsWhileItsEtcdServes) {
  inject("daemon-hangs");
  EXPECT_FALSE(sim.works(0));
  EXPECT_TRUE(sim.etcd().serves(0));
  sim.run_for(seconds(62));
  EXPECT_TRUE(sim.works(0));
}

TEST_F(Fault, EtcdHangsWhileItsDaemonTalks) {
  inject("etcd-hangs");
  sim.run_for(seconds(20));
  EXPECT_FALSE(sim.works(0));
  EXPECT_TRUE(sim.has_problem(0, "etcd"));
  EXPECT_EQ(sim.evictions(), 0U);
  sim.run_for(seconds(45));
  EXPECT_TRUE(sim.works(0));
}

TEST_F(Fault, SlowProcessStopsAndGoesOnEachSecond) {
  inject("slow-process");
  sim.run_for(milliseconds(100));
  EXPECT_TRUE(sim.host(0).stopped);
  sim.run_for(milliseconds(700));
  EXPECT_FALSE(sim.host(0).stopped);
  sim.run_for(milliseconds(300));
  EXPECT_TRUE(sim.host(0).stopped);
}

TEST_F(Fault, BootClockLeapsAheadOfTheOthers) {
  const Duration before = sim.host(0).boot_offset;
  inject("boot-clock-leaps");
  EXPECT_GE(sim.host(0).boot_offset - before, seconds(1));
}

TEST_F(Fault, AddressChangesAndTheNodeKeepsItsSeat) {
  const std::string old = sim.host(0).address;
  inject("address-changes");
  EXPECT_EQ(std::get<discovery::Good>(ask()).rows.size(), 4U);
  sim.run_for(seconds(61));
  EXPECT_NE(sim.host(0).address, old);
  EXPECT_EQ(std::get<discovery::Good>(ask()).rows.size(), 3U);
  EXPECT_TRUE(sim.works(0));
  EXPECT_EQ(sim.evictions(), 0U);
}

TEST_F(Fault, OldDiskCopyBringsBackWhatWasOnDisk) {
  inject("old-disk-copy", 0, seconds(60));
  sim.host(0).persistent.started_token = "written after the copy";
  sim.run_for(milliseconds(59'900));
  EXPECT_NE(sim.host(0).persistent.started_token, "written after the copy");
  ASSERT_TRUE(sim.run_until([&] { return sim.works(0); }, seconds(60)));
}

TEST_F(Fault, SlowDiskMakesTheDaemonWaitForWhatItPersists) {
  inject("slow-disk", 0, seconds(90));
  sim.kill_daemon(0);
  sim.start_daemon(0);  // a start reserves incarnations, durably
  ASSERT_TRUE(sim.run_until([&] { return sim.host(0).daemon->writes; }, seconds(30)));
  ASSERT_TRUE(sim.run_until([&] { return sim.works(0) && !sim.host(0).daemon->writes; }, seconds(30)));
  EXPECT_GE(sim.counts().at("happened: waited for the disk"), 1U);
}

TEST(FaultAtFounding, DaemonCrashesAfterPersistAndItsPromiseIsOnDisk) {
  Scene sim({.hosts = 3});
  sim.start_all();
  inject_fault(sim, *find_fault("daemon-crashes-after-persist"), 0, seconds(30));
  ASSERT_TRUE(sim.run_until([&] { return sim.host(0).daemon == nullptr; }, seconds(29)));
  EXPECT_EQ(sim.counts().at("happened: crash after Persist"), 1U);
  ASSERT_TRUE(sim.run_until([&] { return sim.voters() == 3 && sim.works(0); }, minutes(3)));
}

TEST_F(Fault, OneWayLossLosesInOneDirectionOnly) {
  inject("one-way-loss");
  std::size_t lossy = 0;
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = 0; b < 3; ++b) {
      bool lost = false;
      for (int i = 0; i < 100; ++i) lost |= sim.network().loses(a, b, random);
      lossy += lost ? 1 : 0;
    }
  }
  EXPECT_EQ(lossy, 1U);
}

TEST_F(Fault, ReorderingHostIsSecondsLateAtTimes) {
  inject("reordering-host");
  Duration longest{};
  for (int i = 0; i < 100; ++i) longest = std::max(longest, sim.network().delay(0, 1, random));
  EXPECT_GT(longest, seconds(1));
}

TEST_F(Fault, PartialQuorumLossLeavesEverybodyOneHub) {
  inject("partial-quorum-loss", 1);
  EXPECT_TRUE(sim.linked(0, 1) && sim.linked(1, 2));
  EXPECT_FALSE(sim.linked(0, 2));
}

TEST_F(Fault, PartialConstrainedCutsTheLeaderOff) {
  const std::size_t leader = sim.leader_host();
  inject("partial-constrained", (leader + 1) % 3);
  EXPECT_FALSE(sim.linked(leader, (leader + 1) % 3) || sim.linked(leader, (leader + 2) % 3));
  EXPECT_TRUE(sim.linked((leader + 1) % 3, (leader + 2) % 3));
}

TEST_F(Fault, LeaderChurnElectsAgainAndAgain) {
  const std::uint64_t before = sim.cluster()->term;
  inject("leader-churn");
  sim.run_for(seconds(60));
  EXPECT_GE(sim.cluster()->term, before + 5);
}

TEST(FaultAtDecision, VictimReturnsAndIsRefutedOrItsDecisionVoid) {
  for (const char* name : {"victim-returns-at-decision", "victim-returns-and-remover-dies"}) {
    Scene sim({.hosts = 5, .instances = 5});
    sim.found(5);
    const std::size_t victim = (sim.remover() + 1) % 5;
    inject_fault(sim, *find_fault(name), victim, seconds(140));
    EXPECT_FALSE(sim.linked(victim, sim.remover()));
    ASSERT_TRUE(
        sim.run_until([&] { return sim.states().reached().count("decided") > 0 && sim.linked(victim, (victim + 1) % 5); }, minutes(4)))
        << name;
  }
}

TEST(FaultAtDecision, RemoverStopsCrashesOrLosesItsEtcdAtTheNextOne) {
  const std::pair<const char*, bool (*)(const Host&, const Simulation&)> cases[] = {
      {"remover-dies-at-decision", [](const Host& h, const Simulation&) { return !h.there; }},
      {"remover-stops-at-decision", [](const Host& h, const Simulation&) { return h.stopped; }},
      {"remover-crashes-at-call", [](const Host& h, const Simulation&) { return h.there && !h.daemon; }},
      {"etcd-dies-at-call",
       [](const Host& h, const Simulation& s) { return !s.etcd().running(static_cast<std::size_t>(&h - &s.host(0))); }}};
  for (const auto& [name, happened] : cases) {
    Scene sim({.hosts = 5, .instances = 5});
    sim.found(5);
    const std::size_t remover = sim.remover();
    const std::size_t victim = (remover + 1) % 5;
    sim.vanish(victim);
    sim.flux().unlist(sim.host(victim).address);
    inject_fault(sim, *find_fault(name), remover, seconds(150));
    ASSERT_TRUE(sim.run_until([&] { return happened(sim.host(remover), sim); }, minutes(3))) << name;
    ASSERT_TRUE(sim.run_until([&] { return sim.voters() == 4; }, minutes(5))) << name;
  }
}

}  // namespace fluxpg::simulation
