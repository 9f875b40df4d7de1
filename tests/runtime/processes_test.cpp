#include <gtest/gtest.h>

#include <deque>

#include "supervisor/runtime/disk.hpp"
#include "supervisor/runtime/etcd_process.hpp"
#include "supervisor/runtime/interfaces.hpp"
#include "supervisor/runtime/lock.hpp"
#include "supervisor/runtime/patroni_process.hpp"
#include "supervisor/runtime/probes.hpp"
#include "tests/runtime/scratch.hpp"

namespace fluxpg::runtime {
namespace {

using supervisor::Process;

// supervisord as the test wants it: calls are noted, answers wait until deliver().
class FakeControl final : public ProcessControl {
 public:
  void programs(OnPrograms done) override {
    waiting_.push_back([this, done] { done(reachable ? Expected<Programs, RpcError>(state) : unexpected(RpcError{0, "no answer"})); });
  }
  void start(const std::string& program, OnDone done) override {
    note("start " + program, program, Process::State::kRunning, kAlreadyStarted, done);
  }
  void stop(const std::string& program, OnDone done) override { note("stop " + program, program, after_stop, kNotRunning, done); }
  void signal(const std::string& program, const std::string& name, OnDone done) override {
    calls.push_back(name + " " + program);
    waiting_.push_back([done] { done(true); });
  }
  void deliver() {
    while (!waiting_.empty()) {
      const auto next = std::move(waiting_.front());
      waiting_.pop_front();
      next();
    }
  }

  Programs state = {{kEtcdProgram, {Process::State::kStopped, 0}}, {kPatroniProgram, {Process::State::kStopped, 0}}};
  Process::State after_stop = Process::State::kStopped;
  bool reachable = true;
  std::vector<std::string> calls;

 private:
  void note(const std::string& call, const std::string& program, Process::State to, int fault_if_there, const OnDone& done) {
    calls.push_back(call);
    waiting_.push_back([this, program, to, fault_if_there, done] {
      if (!reachable) return done(unexpected(RpcError{0, "no answer"}));
      const bool there = state[program].state == to;
      state[program].state = to;
      done(there ? Expected<bool, RpcError>(unexpected(RpcError{fault_if_there, "already"})) : Expected<bool, RpcError>(true));
    });
  }
  std::deque<std::function<void()>> waiting_;
};

class Processes : public testing::Test {
 protected:
  Processes() {
    settings_.etcd_data_dir = scratch_ / "etcd-data";
    settings_.etcd_config_file = scratch_ / "etc/etcd.yml";
    settings_.etcd_tls_dir = scratch_ / "tls";
    settings_.patroni_config_file = scratch_ / "etc/patroni.yml";
    settings_.postgres_data_dir = scratch_ / "pg";
    settings_.superuser_password = settings_.replication_password = "pw";
    std::filesystem::create_directories(settings_.etcd_data_dir + "/member/wal");
    scratch_.write("etcd-data/member/wal/0.wal", "x");
    keys_.rest_password = "rest";
  }
  void advance(Duration by) {
    now_.boot += by;
    timers_.run(now_.boot);
    control_.deliver();
  }
  bool data_in_place() const { return has_etcd_data(settings_.etcd_data_dir).value(); }

  test::Scratch scratch_;
  Settings settings_;
  Log log_{"error", "", {}};
  http::Client http_;
  Timers timers_;
  Now now_{TimePoint(seconds(100)), SteadyPoint{}, wall_from_unix_ms(1'795'430'560'000)};
  std::vector<supervisor::Input> fed_;
  Context context_{
      settings_, log_, http_, timers_, [this] { return now_; }, [this](supervisor::Input input) { fed_.push_back(std::move(input)); }};
  FakeControl control_;
  ClusterKeys keys_;
  Self self_{"n-01", "node-1", "198.18.0.11", "198.18.0.11"};
  EtcdProcess etcd_{context_, control_, self_};
  PatroniProcess patroni_{context_, control_, keys_, self_};
};

supervisor::RunEtcd run_etcd() {
  return {"node-1", "https://n-01:2380", "https://n-01:2379", {{"node-1", "https://n-01:2380"}}, true, "token"};
}

TEST_F(Processes, EtcdIsConfiguredBeforeItIsStarted) {
  etcd_.handle(run_etcd());
  EXPECT_NE(scratch_.read("etc/etcd.yml").find("https://n-01:2380"), std::string::npos);
  control_.deliver();
  EXPECT_EQ(control_.calls, std::vector<std::string>{"start etcd"});
}

TEST_F(Processes, EtcdsDataIsSetAsideOnlyWhenItHasStopped) {
  control_.state[kEtcdProgram].state = Process::State::kRunning;
  control_.after_stop = Process::State::kRunning;  // it takes its time
  etcd_.handle(supervisor::StopEtcd{"removed"});
  etcd_.handle(supervisor::SetAsideEtcdData{"removed while away"});
  etcd_.handle(run_etcd());
  control_.deliver();
  advance(seconds(1));
  EXPECT_TRUE(data_in_place());
  EXPECT_EQ(control_.calls, std::vector<std::string>{"stop etcd"});
  control_.state[kEtcdProgram] = {Process::State::kExited, 0};
  advance(seconds(1));
  EXPECT_FALSE(data_in_place());
  EXPECT_TRUE(has_etcd_data(aside_name(settings_.etcd_data_dir, now_.wall, "removed while away")).value());
  EXPECT_EQ(control_.calls, (std::vector<std::string>{"stop etcd", "start etcd"}));
}

TEST_F(Processes, DataIsNotSetAsideWithoutEnd) {
  control_.state[kEtcdProgram] = {Process::State::kExited, 0};
  for (std::size_t i = 0; i < kMostAside; ++i) {
    std::filesystem::create_directories(aside_name(settings_.etcd_data_dir, now_.wall, "reason " + std::to_string(i)));
  }
  etcd_.handle(supervisor::SetAsideEtcdData{"once more"});
  control_.deliver();
  advance(seconds(1));
  EXPECT_TRUE(data_in_place());
  std::filesystem::remove(aside_name(settings_.etcd_data_dir, now_.wall, "reason 0"));
  etcd_.handle(supervisor::SetAsideEtcdData{"once more"});
  control_.deliver();
  advance(seconds(1));
  EXPECT_FALSE(data_in_place());
}

TEST_F(Processes, WithoutSupervisordsWordNothingIsSetAsideNorStartedAfterIt) {
  control_.reachable = false;
  etcd_.handle(supervisor::SetAsideEtcdData{"why"});
  etcd_.handle(run_etcd());
  control_.deliver();
  for (int i = 0; i < 40; ++i) advance(seconds(1));
  EXPECT_TRUE(data_in_place());
  EXPECT_TRUE(control_.calls.empty());
}

TEST_F(Processes, TheNameOfDataSetAsideSaysWhenAndWhy) {
  EXPECT_EQ(aside_name("/v/data", wall_from_unix_ms(1'000'000'000'000), "Removed: (member 8e9e) / away!"),
            "/v/data.set-aside-20010909T014640Z-removed-member-8e9e-away");
}

TEST_F(Processes, PatroniIsStartedThenOnlyReloadedWhenItsFileChanges) {
  patroni_.handle(supervisor::RunPatroni{{{"n-01", 2379}}, ""});
  control_.deliver();
  patroni_.handle(supervisor::RunPatroni{{{"n-01", 2379}}, ""});
  control_.deliver();
  EXPECT_EQ(control_.calls, std::vector<std::string>{"start patroni"});
  patroni_.handle(supervisor::RunPatroni{{{"n-01", 2379}, {"n-02", 2379}}, ""});
  control_.deliver();
  EXPECT_EQ(control_.calls, (std::vector<std::string>{"start patroni", "HUP patroni"}));
}

TEST_F(Processes, OnlyTheLastWishAboutPatroniCounts) {
  patroni_.handle(supervisor::RunPatroni{{{"n-01", 2379}}, ""});
  patroni_.handle(supervisor::RunPatroni{{{"n-02", 2379}}, ""});
  patroni_.handle(supervisor::StopPatroni{"conflict"});
  control_.deliver();
  EXPECT_EQ(control_.calls, (std::vector<std::string>{"start patroni", "stop patroni"}));
}

TEST_F(Processes, PatroniIsNotStartedOnPostgresDataOfAnotherCluster) {
  std::filesystem::create_directories(settings_.postgres_data_dir + "/global");
  const std::uint64_t id = 7384001122334455667;
  scratch_.write("pg/global/pg_control", std::string(reinterpret_cast<const char*>(&id), sizeof(id)) + "rest");
  EXPECT_EQ(postgres_system_id(settings_.postgres_data_dir), "7384001122334455667");
  patroni_.handle(supervisor::RunPatroni{{{"n-01", 2379}}, "1"});
  control_.deliver();
  EXPECT_TRUE(control_.calls.empty());
  EXPECT_FALSE(std::filesystem::exists(settings_.patroni_config_file));
  patroni_.handle(supervisor::RunPatroni{{{"n-01", 2379}}, "7384001122334455667"});
  control_.deliver();
  EXPECT_EQ(control_.calls, std::vector<std::string>{"start patroni"});
}

TEST_F(Processes, TheAgentHearsOfThemWhenTheyChangeAndFromTimeToTime) {
  settings_.patroni_manage = false;
  const std::string listen = "127.0.0.1";
  Probes probes(context_, control_, listen);
  probes.start();
  control_.deliver();
  ASSERT_EQ(fed_.size(), 1u);
  const auto seen = std::get<supervisor::ProcessesSeen>(fed_[0]);
  EXPECT_EQ(seen.etcd.state, Process::State::kStopped);
  EXPECT_TRUE(seen.etcd_data);
  EXPECT_FALSE(seen.postgres_data);
  advance(seconds(1));
  EXPECT_EQ(fed_.size(), 1u);
  control_.state[kEtcdProgram] = {Process::State::kExited, 2};
  advance(seconds(1));
  ASSERT_EQ(fed_.size(), 2u);
  EXPECT_EQ(std::get<supervisor::ProcessesSeen>(fed_[1]).etcd.exit_code, 2);
  for (int i = 0; i < 5; ++i) advance(seconds(1));
  EXPECT_EQ(fed_.size(), 3u);
  control_.reachable = false;
  advance(seconds(1));
  EXPECT_EQ(std::get<supervisor::ProcessesSeen>(fed_.back()).etcd.state, Process::State::kUnknown);
  EXPECT_NE(probes.trouble(), "");
}

TEST(Patroni, ItsAnswerIsReadStrictly) {
  const auto role = [](const std::string& body) { return postgres_from_patroni(body).role; };
  EXPECT_EQ(role(R"({"state":"running","role":"master","database_system_identifier":"738"})"), "primary");
  EXPECT_EQ(role(R"({"state":"running","role":"primary"})"), "primary");
  EXPECT_EQ(role(R"({"state":"running","role":"replica"})"), "replica");
  EXPECT_EQ(role(R"({"state":"starting","role":"replica"})"), "unknown");
  EXPECT_EQ(role("<html>"), "unknown");
  EXPECT_EQ(role("[]"), "unknown");
  EXPECT_EQ(postgres_from_patroni(R"({"database_system_identifier":"738"})").system_id, "738");
  EXPECT_EQ(postgres_from_patroni(R"({"database_system_identifier":"7;8"})").system_id, "");
}

TEST(Disk, AnEmptyOrHalfMadeEtcdDirectoryIsNoData) {
  const test::Scratch scratch;
  EXPECT_FALSE(has_etcd_data(scratch / "none").value());
  std::filesystem::create_directories(scratch / "d/member/wal");
  scratch.write("d/member/wal/0.tmp", "x");
  EXPECT_FALSE(has_etcd_data(scratch / "d").value());
  scratch.write("d/member/wal/0000.wal", "x");
  EXPECT_TRUE(has_etcd_data(scratch / "d").value());
}

TEST(Disk, WhatCannotBeLookedAtIsNotTakenForEmpty) {
  const test::Scratch scratch;
  scratch.write("file", "x");
  const auto etcd = has_etcd_data(scratch / "file");
  ASSERT_FALSE(etcd);
  EXPECT_NE(etcd.error().find("cannot be read"), std::string::npos);
  EXPECT_FALSE(has_postgres_data(scratch / "file"));
  EXPECT_FALSE(has_postgres_data(scratch / "none").value());
}

TEST(Disk, OldDataThatWasSetAsideIsCounted) {
  const test::Scratch scratch;
  EXPECT_EQ(set_aside(scratch / "data").directories, 0U);
  std::filesystem::create_directories(scratch / "data/member");
  std::filesystem::create_directories(scratch / "data.set-aside-20260101T000000Z-a/member");
  std::filesystem::create_directories(scratch / "data.set-aside-20260102T000000Z-b");
  scratch.write("data.set-aside-20260101T000000Z-a/member/db", "12345");
  EXPECT_EQ(set_aside(scratch / "data").directories, 2U);
  EXPECT_EQ(set_aside(scratch / "data").bytes, 5U);
}

TEST(ListenAddress, PrefersWhatAnInterfaceHas) {
  const std::vector<std::string> interfaces = {"172.17.0.3", "10.0.0.3", "127.0.0.1"};
  EXPECT_EQ(*listen_address("1.2.3.4", "5.6.7.8", interfaces), "1.2.3.4");
  EXPECT_EQ(*listen_address("", "10.0.0.3", interfaces), "10.0.0.3");
  EXPECT_EQ(*listen_address("", "203.0.113.7", interfaces), "172.17.0.3");
  EXPECT_EQ(*listen_address("", "127.0.1.3", interfaces), "127.0.1.3");
  EXPECT_FALSE(listen_address("", "203.0.113.7", {"127.0.0.1"}));
}

TEST(Lock, IsHeldByOneOnly) {
  const test::Scratch scratch;
  {
    const auto first = Lock::take(scratch / "lock");
    ASSERT_TRUE(first) << first.error().sentence;
    const auto second = Lock::take(scratch / "lock");
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().held);
    EXPECT_EQ(second.error().sentence, "Another fluxpgd already runs on this data: it holds " + (scratch / "lock") + ".");
  }
  EXPECT_TRUE(Lock::take(scratch / "lock"));
  const auto nowhere = Lock::take(scratch / "none/lock");
  ASSERT_FALSE(nowhere);
  EXPECT_FALSE(nowhere.error().held) << nowhere.error().sentence;
}

}  // namespace
}  // namespace fluxpg::runtime
