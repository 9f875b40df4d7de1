// etcd's data is gone everywhere, PostgreSQL's is not (HOLES H31): which database is kept, whose copy leads, and what stands in the way.
#include "supervisor/core/agent.hpp"
#include "supervisor/core/copies.hpp"
#include "supervisor/core/seat.hpp"
#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

using verdict::DatabaseCopy;
using verdict::FoundingPlan;
using verdict::FoundingPromise;
using verdict::FoundingStart;

constexpr const char* kDatabase = "7300000000000000001";
constexpr const char* kAnother = "7300000000000000002";

gossip::NodeInfo copy_of(std::uint8_t node, std::uint64_t lsn, std::uint32_t timeline = 1, const std::string& system_id = kDatabase) {
  gossip::NodeInfo info = info_of(node);
  info.data = gossip::DataState::kOnlyPostgres;
  info.system_id = system_id;
  info.timeline = timeline;
  info.lsn = lsn;
  return info;
}

DatabaseCopy copy(std::uint8_t node, std::uint64_t lsn) { return {kDatabase, node_id(node), 1, lsn}; }

// We are node 1, and our copy is the furthest of three.
struct Holding : ::testing::Test {
  Holding() {
    seen.etcd.state = seen.patroni.state = Process::State::kStopped;
    seen.postgres_data = true;
    house.lists({1, 2, 3});
    house.announces(copy_of(1, 500));
    house.hears(copy_of(2, 300));
    house.hears(copy_of(3, 400));
  }
  std::vector<Doing> obstacles() const { return Founding::obstacles(house.now, house.world(), without); }
  bool blocked_by(const std::string& text) const {
    const auto all = obstacles();
    return all.size() == 1 && all[0].waits_for.find(text) != std::string::npos;
  }
  void tick() { founding.tick(house.now, house.world(), seen, true, house.persistent, house.random, house.out); }
  void promise(std::uint8_t node) {
    const FoundingPlan& plan = *house.persistent.promised;
    founding.take(FoundingPromise{plan.round, plan.token, node_id(node), true, ""}, house.persistent);
  }
  FoundingPlan foreign(std::uint8_t proposer, std::optional<DatabaseCopy> database) const {
    FoundingPlan plan{4, node_id(proposer), "token4", 3, {}, std::move(database)};
    for (std::uint8_t i = 1; i <= 3; ++i) plan.founders.push_back({node_id(i), "n" + std::to_string(i), "https://n" + std::to_string(i)});
    return plan;
  }
  FoundingPromise receive(const FoundingPlan& plan) {
    house.done<Send>();
    founding.take(house.now, house.world(), true, plan, kRoute, house.persistent, house.out);
    return std::get<FoundingPromise>(house.done<Send>().at(0).message);
  }
  void start(const FoundingPlan& plan) { founding.take(house.now, house.world(), true, FoundingStart{plan}, house.persistent, house.out); }

  House house{0};
  ProcessesSeen seen;
  Founding founding;
  std::set<std::string> without;
};

// ---- what blocks ----

TEST_F(Holding, CopiesOfOneDatabaseEverywhereAreNoObstacle) { EXPECT_TRUE(obstacles().empty()); }

TEST_F(Holding, AFreshNodeAmongThemTakesPart) {
  house.hears(info_of(2));
  EXPECT_TRUE(obstacles().empty());
  house.announces(info_of(1));
  EXPECT_TRUE(obstacles().empty());
}

TEST_F(Holding, AnotherDatabaseBlocksAndIsNamedWithItsNode) {
  house.hears(copy_of(3, 9000, 7, kAnother));
  ASSERT_EQ(obstacles().size(), 1U);
  for (const std::string& part : {std::string(kDatabase), std::string(kAnother), address_of(1), address_of(2), address_of(3)}) {
    EXPECT_TRUE(blocked_by(part)) << part;
  }
  without = {address_of(3)};
  EXPECT_TRUE(obstacles().empty()) << "an operator gave that one up";
}

TEST_F(Holding, ASilentListedNodeMayHoldTheCopyThatGoesFurthest) {
  house.hears(copy_of(3, 400), gossip::State::kDead, minutes(1));
  EXPECT_TRUE(blocked_by(address_of(3)));
  without = {address_of(3)};
  EXPECT_TRUE(obstacles().empty());
}

TEST_F(Holding, ACopyOfWhichNotAllIsKnownBlocks) {
  house.hears(copy_of(3, 0, 0));
  EXPECT_TRUE(blocked_by(address_of(3))) << "its PostgreSQL runs, or its log cannot be read";
  house.hears(copy_of(3, 400, 1, ""));
  EXPECT_TRUE(blocked_by(address_of(3))) << "whose data it is cannot be read";
  gossip::NodeInfo unreadable = info_of(3);
  unreadable.data = gossip::DataState::kUnknown;
  house.hears(unreadable);
  EXPECT_TRUE(blocked_by(address_of(3)));
}

TEST_F(Holding, EtcdDataAnywhereBlocks) {
  gossip::NodeInfo info = copy_of(3, 400);
  info.data = gossip::DataState::kHasEtcd;
  house.hears(info);
  EXPECT_TRUE(blocked_by(address_of(3)));
  house.hears(house.member_info(9), gossip::State::kDead, minutes(20));
  EXPECT_EQ(obstacles().size(), 2U) << "somebody knows a cluster";
}

TEST_F(Holding, NothingIsFoundedBeforeOurOwnDiskWasLookedAt) {
  gossip::NodeInfo unknown = info_of(1);
  unknown.data = gossip::DataState::kUnknown;
  house.announces(unknown);
  EXPECT_FALSE(obstacles().empty());
}

TEST_F(Holding, OurOwnRunningPostgresIsStoppedOnceNobodyIsMissing) {
  house.announces(copy_of(1, 0, 0));
  seen.patroni.state = Process::State::kRunning;
  house.never_heard(3);
  tick();
  EXPECT_TRUE(house.done<StopPatroni>().empty());
  house.hears(copy_of(3, 400));
  house.pass(seconds(1));
  tick();
  EXPECT_EQ(house.done<StopPatroni>().size(), 1U);
  house.pass(seconds(1));
  tick();
  EXPECT_TRUE(house.done<StopPatroni>().empty()) << "once is enough for a while";
}

// ---- whose copy leads ----

TEST_F(Holding, TheFurthestIsTheHighestTimelineThenTheEndOfTheLogThenTheLowestId) {
  const auto furthest = [](std::vector<gossip::NodeInfo> infos) {
    std::vector<const gossip::NodeInfo*> nodes;
    for (const auto& info : infos) nodes.push_back(&info);
    return copies_among(nodes).furthest->node;
  };
  EXPECT_EQ(furthest({copy_of(1, 300), copy_of(2, 500), copy_of(3, 400)}), node_id(2));
  EXPECT_EQ(furthest({copy_of(1, 900), copy_of(2, 100, 2), copy_of(3, 400)}), node_id(2));
  EXPECT_EQ(furthest({copy_of(1, 300), copy_of(2, 500), copy_of(3, 500)}), node_id(2));
  EXPECT_EQ(furthest({info_of(1), copy_of(2, 100), info_of(3)}), node_id(2));
}

TEST_F(Holding, WhoHasTheFurthestCopyProposesAtOnceToKeepIt) {
  tick();
  ASSERT_TRUE(house.persistent.promised);
  EXPECT_EQ(house.persistent.promised->database, copy(1, 500));
  EXPECT_EQ(house.persistent.promised->founders.size(), 3U);
  EXPECT_FALSE(house.spoke_too_early());
}

TEST_F(Holding, WhoIsBehindNeverProposes) {
  house.hears(copy_of(3, 501));
  for (int i = 0; i < 300; ++i, house.pass(seconds(1))) tick();
  EXPECT_FALSE(house.persistent.promised);
  EXPECT_NE(founding.doing().at(0).waits_for.find("n3, whose copy"), std::string::npos);
}

TEST_F(Holding, ItStartsOnceAllHavePromised) {
  tick();
  promise(2), promise(3);
  tick();
  EXPECT_EQ(house.persistent.started_token, house.persistent.promised->token);
}

TEST_F(Holding, APlanIsReplacedWhenSomebodysCopyHasChanged) {
  tick();
  promise(2), promise(3);
  house.hears(copy_of(3, 450));
  tick();
  EXPECT_FALSE(house.persistent.started_token.empty()) << "still behind ours";
  founding = Founding{}, house.persistent = Persistent{};
  tick();
  promise(2), promise(3);
  house.hears(copy_of(3, 600));
  tick();
  EXPECT_TRUE(house.persistent.started_token.empty()) << "it goes further than the copy that the plan lets lead";
  house.announces(copy_of(1, 700));
  tick();
  EXPECT_EQ(house.persistent.promised->round, 2U);
  EXPECT_EQ(house.persistent.promised->database, copy(1, 700));
}

// ---- promising ----

TEST_F(Holding, APlanThatKeepsTheFurthestCopyIsPromisedDurably) {
  house.hears(copy_of(2, 600));
  const FoundingPlan plan = foreign(2, copy(2, 600));
  EXPECT_TRUE(receive(plan).promised);
  EXPECT_EQ(house.done<Persist>().at(0).state.promised, plan);
}

TEST_F(Holding, APlanThatMakesANewDatabaseOrKeepsAnotherCopyIsRefused) {
  EXPECT_FALSE(receive(foreign(2, std::nullopt)).promised) << "it would make an empty database over ours";
  EXPECT_FALSE(receive(foreign(2, copy(2, 300))).promised) << "our copy goes further";
  EXPECT_FALSE(receive(foreign(2, copy(1, 400))).promised) << "our copy is not as the plan has it";
  EXPECT_FALSE(receive(foreign(2, DatabaseCopy{kAnother, node_id(2), 9, 9})).promised);
  house.announces(info_of(1));
  EXPECT_FALSE(receive(foreign(2, copy(2, 300))).promised) << "node 3 goes further, which even a fresh node knows";
  EXPECT_TRUE(receive(foreign(3, copy(3, 400))).promised);
}

TEST_F(Holding, AFreshNodeThatKnowsOfNoDataRefusesToKeepAny) {
  for (std::uint8_t i = 2; i <= 3; ++i) house.hears(info_of(i));
  house.announces(info_of(1));
  EXPECT_FALSE(receive(foreign(2, copy(2, 300))).promised);
  EXPECT_TRUE(receive(foreign(2, std::nullopt)).promised);
}

// ---- starting ----

TEST_F(Holding, APlanIsNotStartedOverDataThatHasChangedSinceItWasPromised) {
  house.hears(copy_of(2, 600));
  const FoundingPlan plan = foreign(2, copy(2, 600));
  ASSERT_TRUE(receive(plan).promised);
  for (const gossip::NodeInfo& changed : {copy_of(1, 700), copy_of(1, 0, 0), copy_of(1, 500, 1, kAnother)}) {
    house.announces(changed);
    start(plan);
    EXPECT_TRUE(house.persistent.started_token.empty());
  }
  house.announces(copy_of(1, 500));
  start(plan);
  EXPECT_EQ(house.persistent.started_token, "token4");
}

TEST_F(Holding, TheLeadingCopyMustBeExactlyAsItWasPromised) {
  const FoundingPlan plan = foreign(1, copy(1, 500));
  EXPECT_TRUE(agrees(copy_of(1, 500), plan));
  EXPECT_FALSE(agrees(copy_of(1, 499), plan));
  EXPECT_FALSE(agrees(info_of(1), plan)) << "it is gone";
  EXPECT_TRUE(agrees(info_of(2), plan));
  EXPECT_TRUE(agrees(copy_of(2, 499), plan));
  EXPECT_TRUE(agrees(copy_of(2, 500), plan)) << "as far as the one that leads, not further";
  EXPECT_FALSE(agrees(copy_of(2, 501), plan));
  EXPECT_FALSE(agrees(copy_of(2, 499), foreign(1, std::nullopt)));
}

TEST_F(Holding, TheFoundingNamesTheDatabaseToPatroniInTheSameTransaction) {
  tick();
  promise(2), promise(3);
  tick();
  for (const auto& founder : house.persistent.promised->founders) {
    house.etcd.members.push_back({MemberId{founder.node.bytes[0]}, founder.name, {founder.peer_url}, {}, false});
  }
  house.etcd.leader = house.etcd.asked;
  house.read();
  founding.commit(house.now, house.world(), house.persistent, house.out);
  const auto txns = calls<etcd::Txn>(house.asked());
  ASSERT_EQ(txns.size(), 1U);
  house.etcd.answer(txns[0]);
  ASSERT_EQ(house.etcd.keys.count(record::patroni_initialize_key("app")), 1U);
  EXPECT_EQ(house.etcd.keys.at(record::patroni_initialize_key("app")).value, kDatabase);
  house.read(), house.read();
  EXPECT_EQ(house.view.founded()->database, copy(1, 500));
  EXPECT_EQ(house.view.database(), kDatabase) << "read although Patroni has not begun";
}

// ---- the agent as a whole ----

// The order in which a daemon that has just started learns of its disk: that there is data, and only later which.
TEST(ALoneNode, WithOnlyPostgresDataFoundsNothingBeforeItKnowsWhoseAndThenKeepsIt) {
  House house{0};
  Agent agent(house.config, house.signing, house.persistent, house.now);
  std::optional<FoundingPlan> promised;
  std::string started;
  const auto handle = [&](const Input& input) {
    for (const Action& action : agent.handle(house.now, input)) {
      if (const auto* persist = std::get_if<Persist>(&action)) promised = persist->state.promised, started = persist->state.started_token;
    }
    house.pass(seconds(1));
  };
  handle(InstancesKnown{1});
  handle(ListingAnswered{discovery::Good{"server1", {{address_of(1)}}}});
  const ProcessesSeen seen{{Process::State::kStopped, 0}, {Process::State::kStopped, 0}, false, true, ""};
  for (int i = 0; i < 20; ++i) handle(seen), handle(Tick{});
  handle(PostgresSeen{"unknown", kDatabase});
  for (int i = 0; i < 20; ++i) handle(Tick{});
  EXPECT_FALSE(promised);
  handle(PostgresSeen{"unknown", kDatabase, 3, 700});
  handle(Tick{}), handle(Tick{});
  ASSERT_TRUE(promised);
  ASSERT_TRUE(promised->database);
  EXPECT_EQ(promised->database->system_id, kDatabase);
  EXPECT_EQ(promised->database->lsn, 700U);
  EXPECT_EQ(started, promised->token);
}

// ---- whose PostgreSQL starts first ----

struct Kept : ::testing::Test {
  void keep(std::uint8_t node) {
    record::Founded founded{"t", kCluster, 1, {{node_id(1), "n1", ""}, {node_id(2), "n2", ""}}, 0, copy(node, 500)};
    house.etcd.put(record::founded_key("app"), record::to_json(founded));
    house.announces(copy_of(1, 300));
    house.read();
  }
  bool leads() const { return leads_or_makes_database(house.world()); }
  House house;
};

TEST_F(Kept, OnlyTheFurthestMayLead) {
  keep(1);
  EXPECT_TRUE(leads());
}

TEST_F(Kept, NobodyElseDoesWhileItHasASeatEvenIfItIsDead) {
  keep(2);
  EXPECT_FALSE(leads());
  house.dead(2, minutes(60));
  EXPECT_FALSE(leads());
}

TEST_F(Kept, OnceItsSeatIsGoneTheNextOfTheLivingLeads) {
  keep(2);
  house.dead(2);
  std::erase_if(house.etcd.members, [](const etcd::Member& member) { return member.id == MemberId{2}; });
  house.read();
  const auto third = [this](std::uint64_t lsn, std::uint8_t node = 3) {
    gossip::NodeInfo info = house.member_info(node);
    info.system_id = kDatabase, info.timeline = 1, info.lsn = lsn;
    return info;
  };
  house.hears(third(400));
  EXPECT_FALSE(leads()) << "node 3 goes further";
  house.hears(third(400), gossip::State::kDead);
  EXPECT_TRUE(leads());
  house.hears(third(300));
  EXPECT_TRUE(leads()) << "of equals the lowest id";
  house.announces(info_of(1));
  EXPECT_FALSE(leads()) << "there is nothing here to lead with";
}

}  // namespace
}  // namespace fluxpg::supervisor::test
