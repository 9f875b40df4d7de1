// The agent as a whole, where its parts must not step on each other's feet.
#include "supervisor/core/agent.hpp"

#include <algorithm>

#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

template <class A>
std::size_t count(const Actions& actions) {
  return static_cast<std::size_t>(
      std::count_if(actions.begin(), actions.end(), [](const Action& a) { return std::holds_alternative<A>(a); }));
}

// A founder of round 4 whose etcd has run for a minute without ever having a leader: the others are gone, and two newcomers are here.
struct StuckFounder : ::testing::Test {
  StuckFounder() {
    Persistent persistent;
    persistent.app = "app";
    persistent.promised = plan(4);
    persistent.started_token = persistent.promised->token;
    AgentConfig config = house.config;
    agent = std::make_unique<Agent>(config, house.signing, persistent, house.now);
    handle(InstancesKnown{3});
    seen.etcd.state = Process::State::kRunning;
    seen.etcd_data = true;
    handle(seen);
  }
  static verdict::FoundingPlan plan(std::uint64_t round) {
    verdict::FoundingPlan plan{round, node_id(2), "token" + std::to_string(round), 3, {}};
    for (const int i : {1, 8, 9}) plan.founders.push_back({node_id(static_cast<std::uint8_t>(i)), "n", "https://n"});
    return plan;
  }
  Actions handle(const Input& input) { return agent->handle(house.now, input); }

  House house{0};
  ProcessesSeen seen;
  std::unique_ptr<Agent> agent;
};

TEST_F(StuckFounder, WhatIsBeingGivenUpIsNotStartedAgain) {
  handle(Tick{});
  for (int i = 0; i < 60; ++i) {
    house.pass(seconds(1));
    handle(Tick{});
  }
  gossip::Sync sync{node_id(2), false, {}, {}};
  for (std::uint8_t i = 2; i <= 3; ++i) sync.members.push_back({node_id(i), Incarnation{1}, gossip::State::kAlive, {}, info_of(i)});
  handle(MessageReceived{kRoute, sync});
  Actions actions = handle(ListingAnswered{discovery::Good{"server1", {{address_of(1)}, {address_of(2)}, {address_of(3)}}}});
  ASSERT_EQ(count<StopEtcd>(actions), 1U) << "everybody is here, and its plan had its time";
  seen.etcd.state = Process::State::kStopped;
  house.pass(seconds(2));
  actions = handle(seen);
  EXPECT_EQ(count<SetAsideEtcdData>(actions), 1U);
  EXPECT_EQ(count<RunEtcd>(actions), 0U);
}

// What a node with such a disk says of itself.
gossip::NodeInfo announced(const ProcessesSeen& seen, const Persistent& persistent = {}) {
  House house{0};
  Agent agent(house.config, house.signing, persistent, house.now);
  agent.handle(house.now, seen);
  const gossip::Rumor peer{node_id(2), Incarnation{1}, gossip::State::kAlive, {}, info_of(2)};
  for (const Action& action : agent.handle(house.now, MessageReceived{kRoute, gossip::Sync{node_id(2), true, {peer}, {}}})) {
    const auto* send = std::get_if<Send>(&action);
    const auto* sync = send == nullptr ? nullptr : std::get_if<gossip::Sync>(&send->message);
    if (sync == nullptr) continue;
    for (const gossip::Rumor& rumor : sync->members) {
      if (rumor.id == house.signing.id() && rumor.info) return *rumor.info;
    }
  }
  ADD_FAILURE() << "it said nothing of itself";
  return {};
}

TEST(Announcement, DataThatCannotBeReadIsNotAnnouncedAsFresh) {
  EXPECT_EQ(announced({{Process::State::kStopped, 0}, {}, false, false, ""}).data, gossip::DataState::kFresh);
  EXPECT_EQ(announced({{Process::State::kStopped, 0}, {}, false, false, "unreadable"}).data, gossip::DataState::kUnknown);
}

// Else the remover of a cluster that was recovered meanwhile gives it the one slot for learners, and it waits for an operator.
TEST(Announcement, AFounderThatAsksWhatBecameOfItsPlanDoesNotSayThatItIsFresh) {
  const auto says = [](bool data) {
    Persistent persistent;
    persistent.app = "app";
    persistent.promised = verdict::FoundingPlan{4, node_id(2), "token", 3, {{node_id(1), "n1", ""}, {node_id(3), "n3", ""}}, {}};
    persistent.started_token = "token";
    return announced({{Process::State::kStopped, 0}, {}, data, false, ""}, persistent).data;
  };
  EXPECT_EQ(says(true), gossip::DataState::kUnknown);
  EXPECT_EQ(says(false), gossip::DataState::kFresh) << "its etcd has never run";
}

// Whoever has data of the old cluster asks those who announce another one, and must find the word there.
TEST(Announcement, ARestoredCopyIsNoClusterBeforeItsKeysSayWhichOneWasGivenUp) {
  const ProcessesSeen runs{{Process::State::kRunning, 0}, {}, true, false, ""};
  Persistent persistent;
  persistent.app = "app";
  persistent.chosen = true;
  persistent.cluster = kCluster;
  persistent.member = MemberId{1};
  persistent.recovery = Recovery{{}, "token", true, false};
  EXPECT_FALSE(announced(runs, persistent).cluster);
  EXPECT_FALSE(announced(runs, persistent).member);
  EXPECT_EQ(announced(runs, persistent).data, gossip::DataState::kHasEtcd) << "nobody founds beside it";
  persistent.recovery->done = true;
  EXPECT_EQ(announced(runs, persistent).cluster, kCluster);
  EXPECT_EQ(announced(runs, persistent).member, MemberId{1});
  persistent.recovery = Recovery{{}, "token", false, false};
  EXPECT_EQ(announced(runs, persistent).cluster, kCluster) << "still the old one";
}

// Its etcd may hold the only word of a recovery, and its daemon may be down.
TEST(Peers, AVoterThatNobodyHearsOfIsNotForgotten) {
  House house{0};
  Persistent persistent;
  persistent.app = "app";
  persistent.voters = {{MemberId{3}, node_id(3), "n3", "", 0}};
  persistent.peers = {{node_id(3), address_of(3), 7946}, {node_id(4), address_of(4), 7946}};
  Agent agent(house.config, house.signing, persistent, house.now);
  const gossip::Rumor peer{node_id(2), Incarnation{1}, gossip::State::kAlive, {}, info_of(2)};
  std::optional<Persistent> noted;
  for (const Action& action : agent.handle(house.now, MessageReceived{kRoute, gossip::Sync{node_id(2), true, {peer}, {}}})) {
    if (const auto* persist = std::get_if<Persist>(&action)) noted = persist->state;
  }
  ASSERT_TRUE(noted);
  const std::vector<Peer> expected{{node_id(2), address_of(2), info_of(2).ports.gossip}, {node_id(3), address_of(3), 7946}};
  EXPECT_EQ(noted->peers, expected);
}

TEST(ACopy, DoesNotStartItsEtcdBesideTheOriginal) {
  const auto starts = [](bool beside_another) {
    House house{0};
    Persistent persistent;
    persistent.app = "app";
    persistent.chosen = true;
    persistent.cluster = kCluster;
    persistent.member = MemberId{1};
    Agent agent(house.config, house.signing, persistent, house.now);
    std::size_t started = 0;
    for (int i = 0; i < 60; ++i) {
      house.pass(milliseconds(500));
      if (beside_another) {
        gossip::Ping ping;
        ping.from = node_id(1);
        ping.reply_to = {"198.18.0.99", 7946};
        started += count<RunEtcd>(agent.handle(house.now, MessageReceived{kRoute, ping}));
      }
      started += count<RunEtcd>(
          agent.handle(house.now, ProcessesSeen{{Process::State::kStopped, 0}, {Process::State::kStopped, 0}, true, true, ""}));
    }
    return started;
  };
  EXPECT_GT(starts(false), 0U);
  EXPECT_EQ(starts(true), 0U);
}

// Others hold the last life dead at its incarnation: the next one must begin above whatever it ever used.
TEST(NextLife, BeginsAboveEveryIncarnationOfTheLast) {
  House house{0};
  Persistent disk;
  disk.app = "app";
  Incarnation last{};
  for (int life = 0; life < 3; ++life) {
    Agent agent(house.config, house.signing, disk, house.now);
    for (int accusation = 0; accusation < 3; ++accusation) {
      gossip::Sync sync{node_id(2), true, {}, {}};
      if (accusation > 0) sync.members.push_back({node_id(1), last, gossip::State::kDead, node_id(2), {}});
      for (const Action& action : agent.handle(house.now, MessageReceived{kRoute, sync})) {
        if (const auto* persist = std::get_if<Persist>(&action)) disk = persist->state;
        const auto* send = std::get_if<Send>(&action);
        const auto* reply = send == nullptr ? nullptr : std::get_if<gossip::Sync>(&send->message);
        if (reply == nullptr) continue;
        ASSERT_EQ(reply->members.at(0).id, node_id(1));
        EXPECT_GT(reply->members[0].incarnation, last);
        last = reply->members[0].incarnation;
      }
    }
    EXPECT_GE(disk.incarnation_limit, last);
  }
  EXPECT_GT(last, Incarnation{});
}

// A voter whose etcd answers at once, and whose two peers have fallen silent.
struct LonelyVoter : ::testing::Test {
  LonelyVoter() {
    Persistent persistent;
    persistent.app = "app";
    persistent.chosen = true;
    persistent.cluster = kCluster;
    persistent.member = MemberId{1};
    agent = std::make_unique<Agent>(house.config, house.signing, persistent, house.now);
    gossip::Sync sync{node_id(2), false, {}, {}};
    for (std::uint8_t i = 2; i <= 3; ++i) {
      sync.members.push_back({node_id(i), Incarnation{1}, gossip::State::kAlive, {}, house.member_info(i)});
    }
    handle(MessageReceived{kRoute, sync});
  }
  void handle(const Input& input) {
    std::vector<Action> todo = agent->handle(house.now, input);
    for (std::size_t i = 0; i < todo.size(); ++i) {
      if (const auto* write = std::get_if<WriteHosts>(&todo[i])) hosts = write->hosts;
      const auto* ask = std::get_if<AskEtcd>(&todo[i]);
      if (ask == nullptr || !ask->target.own) continue;
      const EtcdReplied reply{ask->id, house.etcd.answer(ask->call)};
      for (Action& more : agent->handle(house.now, reply)) todo.push_back(std::move(more));
    }
  }
  House house;
  std::unique_ptr<Agent> agent;
  std::vector<Host> hosts;
};

// A deadline of long ago would make the next call look late, and us unwell.
TEST_F(LonelyVoter, NoDeadlineLiesInThePastAfterAStep) {
  for (int i = 0; i < 300; ++i) {
    house.pass(milliseconds(100));
    handle(i % 3 == 0 ? Input{Tick{}} : Input{ProcessesSeen{{Process::State::kRunning, 0}, {}, true, true, ""}});
    ASSERT_GE(agent->next_deadline(), house.now.boot - seconds(1)) << i;
  }
  EXPECT_EQ(agent->snapshot(house.now).voters_live, 1U);
}

TEST_F(LonelyVoter, APatroniThatDoesNotRunIsSaid) {
  const auto says = [this](Process::State patroni) {
    for (int i = 0; i < 30; ++i) {
      house.pass(seconds(1));
      handle(ProcessesSeen{{Process::State::kRunning, 0}, {patroni, 1}, true, true, ""});
    }
    const std::vector<std::string> problems = agent->snapshot(house.now).problems;
    return std::any_of(problems.begin(), problems.end(), [](const std::string& p) { return p.rfind("Patroni does not run", 0) == 0; });
  };
  EXPECT_TRUE(says(Process::State::kExited));
  EXPECT_FALSE(says(Process::State::kRunning));
}

// Its etcd serves, and it founded a cluster of which it does not know yet that it was chosen: a kill -9 now, and it never knew.
TEST_F(LonelyVoter, IsNotHealthyBeforeItHasNotedThatItIsAMember) {
  Persistent founder;
  founder.app = "app";
  founder.promised = StuckFounder::plan(4);
  founder.started_token = founder.promised->token;
  agent = std::make_unique<Agent>(house.config, house.signing, founder, house.now);
  const auto noted = [this] {
    for (int i = 0; i < 3; ++i) {
      house.pass(seconds(1));
      handle(ProcessesSeen{{Process::State::kRunning, 0}, {}, true, true, ""});
    }
    const std::vector<std::string> problems = agent->snapshot(house.now).problems;
    return std::none_of(problems.begin(), problems.end(), [](const std::string& p) { return p.rfind("this node has not noted", 0) == 0; });
  };
  EXPECT_FALSE(noted());
  house.etcd.put(record::founded_key("app"), record::to_json(record::Founded{"token4", kCluster, 4, {}, 0}));
  EXPECT_TRUE(noted());
}

// HOLES H18: gossip does not come here, and somebody has joined.
TEST_F(LonelyVoter, WritesTheNamesOfThoseThatOnlyEtcdKnows) {
  const std::string host = "https://" + host_name(node_id(4));
  house.etcd.members.push_back({MemberId{4}, "n4", {host + ":2380"}, {host + ":2379"}, true});
  house.etcd.put(record::node_key("app", MemberId{4}), record::to_json(record::Binding{MemberId{4}, node_id(4), "n4", address_of(4)}));
  for (int i = 0; i < 30; ++i) {
    house.pass(seconds(1));
    handle(Tick{});
  }
  EXPECT_NE(std::find(hosts.begin(), hosts.end(), Host{host_name(node_id(4)), address_of(4)}), hosts.end());
}

// What a leave promised must hold from the first word of the next daemon on.
TEST(AgentThatLeaves, SaysSoFromTheStart) {
  House house;
  Persistent persistent;
  persistent.app = "app";
  persistent.chosen = true;
  persistent.cluster = kCluster;
  persistent.member = MemberId{1};
  persistent.leave = Departure{Departure::Stage::kLeft, 0};
  Agent agent(house.config, house.signing, persistent, house.now);
  const Actions actions =
      agent.handle(house.now, ProcessesSeen{{Process::State::kStopped, 0}, {Process::State::kStopped, 0}, true, true, ""});
  EXPECT_EQ(count<RunEtcd>(actions), 0U);
  EXPECT_EQ(count<RunPatroni>(actions), 0U);
  const Snapshot seen = agent.snapshot(house.now);
  ASSERT_TRUE(seen.leave);
  EXPECT_EQ(seen.leave->state, "left");
}

}  // namespace
}  // namespace fluxpg::supervisor::test
