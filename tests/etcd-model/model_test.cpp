// The model alone: what a test beside a real etcd cannot bring about on purpose, or only with another version.
#include "simulation/etcd-model/model.hpp"

#include <gtest/gtest.h>

#include <set>

namespace fluxpg::etcd_model {
namespace {

using etcd::ErrorKind;

// A cluster of `voters` on as many hosts and spares; links may be cut and processes stopped.
class Lab : public Surroundings {
 public:
  explicit Lab(std::size_t voters, std::size_t hosts = 0, Version version = Version::k35)
      : model(std::max(voters, hosts), *this, 7, version), voters_(voters) {
    for (Host host = 0; host < voters; ++host) model.start(now, host, launch(host, voters, true));
    run(seconds(15));
  }
  bool linked(Host a, Host b) const override { return answers(a) && answers(b) && cuts.count({std::min(a, b), std::max(a, b)}) == 0; }
  bool answers(Host host) const override { return stopped.count(host) == 0; }

  static Launch launch(Host host, std::size_t members, bool fresh) {
    Launch result{name(host), url(host), "http://c" + std::to_string(host) + ":2379", {}, fresh, "token"};
    for (Host each = 0; each < members; ++each) result.initial_cluster.emplace_back(name(each), url(each));
    return result;
  }
  static std::string name(Host host) { return "e" + std::to_string(host); }
  static std::string url(Host host) { return "http://p" + std::to_string(host) + ":2380"; }

  void run(Duration time) {
    for (const TimePoint end = now + time; now < end;) model.advance(now += milliseconds(50));
  }
  void propose(Host host, const etcd::Call& call) { model.ask(now, host, ++ticket, call); }
  std::optional<etcd::Result> answer(Duration at_most) {
    for (const TimePoint end = now + at_most;; run(milliseconds(50))) {
      for (Answered& answered : model.take_answers()) {
        if (answered.ticket == ticket) return answered.result;
      }
      if (now >= end) return std::nullopt;
    }
  }
  std::optional<etcd::Result> ask(Host host, const etcd::Call& call, Duration at_most = seconds(5)) {
    propose(host, call);
    return answer(at_most);
  }
  ErrorKind refused(Host host, const etcd::Call& call) {
    const auto result = ask(host, call);
    EXPECT_TRUE(result && !*result) << "it should have been refused";
    return result && !*result ? result->error().kind : ErrorKind::kMalformed;
  }
  const Cluster& cluster() const { return model.clusters().begin()->second; }
  Host leader() const { return *model.host_of(cluster().id, cluster().leader); }
  Host follower() const { return leader() == 0 ? 1 : 0; }
  MemberId id(Host host) const { return model.identity(host)->second; }
  bool exists(const std::string& key) const { return cluster().keys.count(key) > 0; }

  static etcd::Txn put(const std::string& key, etcd::LeaseId lease = {}) {
    return {{{etcd::Compare::What::kCreateRevision, key, 0}}, {etcd::Put{key, "v", lease}}};
  }
  etcd::LeaseId lease(Duration ttl) { return std::get<etcd::Lease>(**ask(leader(), etcd::GrantLease{ttl})).id; }

  TimePoint now = TimePoint{} + seconds(100);
  std::set<std::pair<Host, Host>> cuts;
  std::set<Host> stopped;
  Ticket ticket = 0;
  Model model;

 private:
  std::size_t voters_;
};

TEST(Model, AMemberWithAnApplyDelayShowsAndAnswersLate) {
  Lab lab(3);
  const Host slow = lab.follower();
  lab.model.set_apply_delay(slow, seconds(2));
  lab.propose(slow, Lab::put("/k"));
  EXPECT_FALSE(lab.answer(seconds(1)));
  EXPECT_TRUE(lab.exists("/k"));
  const auto status = std::get<etcd::Status>(**lab.ask(lab.leader(), etcd::GetStatus{}));
  EXPECT_LT(std::get<etcd::Status>(**lab.ask(slow, etcd::GetStatus{})).raft_applied_index, status.raft_applied_index);
  EXPECT_TRUE(lab.ask(slow, Lab::put("/l"), seconds(4)));
}

TEST(Model, TheStrictCheckUsesTheAskedMembersOwnConnections) {
  Lab lab(3);
  const Host leader = lab.leader();
  const Host a = (leader + 1) % 3;
  const Host b = (leader + 2) % 3;
  lab.cuts.insert({std::min(a, b), std::max(a, b)});
  lab.run(seconds(8));
  // To `a` the live `b` is disconnected: it may remove it, and may not add. The leader hears everybody.
  EXPECT_EQ(lab.refused(a, etcd::AddLearner{"http://p9:2380"}), ErrorKind::kUnhealthy);
  EXPECT_TRUE((lab.ask(leader, etcd::AddLearner{"http://p9:2380"})->has_value()));
  EXPECT_TRUE(lab.ask(a, etcd::RemoveMember{lab.id(b)})->has_value());
}

TEST(Model, ARemovalThatWouldCostTheQuorumIsRefused) {
  Lab lab(3);
  lab.model.stop((lab.leader() + 1) % 3, -1);
  lab.run(seconds(8));
  EXPECT_EQ(lab.refused(lab.leader(), etcd::RemoveMember{lab.id((lab.leader() + 2) % 3)}), ErrorKind::kUnhealthy);
  EXPECT_TRUE(lab.ask(lab.leader(), etcd::RemoveMember{lab.id((lab.leader() + 1) % 3)})->has_value());
}

TEST(Model, AnElectionRestartsEveryLease) {
  Lab lab(3);
  const etcd::LeaseId lease = lab.lease(seconds(6));
  lab.ask(lab.leader(), Lab::put("/k", lease));
  for (int i = 0; i < 3; ++i) {
    lab.run(seconds(4));
    const Host led = lab.leader();
    lab.model.stop(led, -1);
    lab.run(seconds(1));
    lab.model.start(lab.now, led, Lab::launch(led, 3, false));
    while (!lab.cluster().leader) lab.run(milliseconds(50));
  }
  EXPECT_TRUE(lab.exists("/k")) << "six seconds are over long ago, but each leader began anew";
  lab.run(seconds(7));
  EXPECT_FALSE(lab.exists("/k"));
}

TEST(Model, ALostAnswerMayStillBeAChange) {
  Lab lab(3);
  const Host leader = lab.leader();
  const Host a = (leader + 1) % 3;
  const Host b = (leader + 2) % 3;
  lab.stopped = {a, b};
  lab.propose(leader, etcd::RemoveMember{lab.id(a)});
  EXPECT_FALSE(lab.answer(milliseconds(500)));
  EXPECT_EQ(lab.cluster().voters().size(), 3U);
  lab.stopped = {};
  lab.run(seconds(2));
  EXPECT_EQ(lab.cluster().voters().size(), 2U) << "it lands after its sender has given up";
}

TEST(Model, ANewLeaderDropsWhatTheOldOneHadNotCommitted) {
  Lab lab(3);
  const Host leader = lab.leader();
  lab.stopped = {(leader + 1) % 3, (leader + 2) % 3};
  lab.propose(leader, Lab::put("/k"));
  lab.run(milliseconds(200));
  lab.stopped = {leader};
  lab.run(seconds(8));
  lab.stopped = {};
  lab.run(seconds(2));
  EXPECT_FALSE(lab.exists("/k"));
  EXPECT_FALSE(lab.answer(seconds(1)));
}

TEST(Model, WithoutAQuorumOnlyLocalReadsAnswer) {
  Lab lab(3);
  const Host left = lab.follower();
  for (Host host = 0; host < 3; ++host) {
    if (host != left) lab.model.stop(host, -1);
  }
  lab.run(seconds(3));
  EXPECT_FALSE(lab.ask(left, etcd::Range{"/k", false, false, 0, false}));
  EXPECT_TRUE(lab.ask(left, etcd::Range{"/k", false, true, 0, false})->has_value());
  EXPECT_FALSE(lab.ask(left, etcd::ListMembers{true}));
  EXPECT_TRUE(lab.ask(left, etcd::ListMembers{false})->has_value());
}

TEST(Model, WhatEtcdChecksBeforeItProposesIsRefused) {
  Lab lab(3);
  EXPECT_EQ(lab.refused(0, etcd::AddLearner{"nonsense"}), ErrorKind::kRefused);
  EXPECT_EQ(lab.refused(0, etcd::Txn{{{etcd::Compare::What::kModRevision, "/k", 0}}, {etcd::Put{"/k", "", {}}, etcd::Delete{"/k"}}}),
            ErrorKind::kRefused);
  EXPECT_EQ(lab.refused(0, etcd::Promote{lab.id(1)}), ErrorKind::kNotLearner);
}

TEST(Model, DeletingNothingIsNoNewRevision) {
  Lab lab(1);
  const auto before = lab.cluster().revision;
  ASSERT_TRUE(lab.ask(0, etcd::Txn{{{etcd::Compare::What::kModRevision, "/k", 0}}, {etcd::Delete{"/k"}}})->has_value());
  EXPECT_EQ(lab.cluster().revision, before);
}

// Measured on 3.4.23, and the same in the source of 3.5: IsLocalMemberLearner panics when the list lacks the member itself.
TEST(Model, AskedForItsStatusARemovedMemberPanicsElseItEndsQuietly) {
  for (const bool asked : {false, true}) {
    Lab lab(3);
    const Host victim = lab.follower();
    ASSERT_TRUE(lab.ask(lab.leader(), etcd::RemoveMember{lab.id(victim)})->has_value());
    ASSERT_TRUE(lab.model.running(victim)) << "it ends a moment later";
    if (asked) lab.propose(victim, etcd::GetStatus{});
    lab.run(seconds(3));
    EXPECT_EQ(lab.model.process(victim).state, ProcessState::State::kExited);
    EXPECT_EQ(lab.model.process(victim).exit_code, asked ? 2 : 0);
  }
}

// etcd 3.5 before 3.5.23: a renewal that is under way while its lease is revoked says yes.
TEST(Model, ARenewalMayOutliveItsLeaseInThreeFiveOnly) {
  for (const Version version : {Version::k34, Version::k35}) {
    Lab lab(3, 3, version);
    const etcd::LeaseId lease = lab.lease(seconds(30));
    ASSERT_TRUE(lab.ask(lab.leader(), etcd::RevokeLease{lease})->has_value());
    const auto at_once = lab.ask(lab.leader(), etcd::KeepAlive{lease});
    EXPECT_EQ(std::get<etcd::Lease>(**at_once).ttl == Duration::zero(), version == Version::k34);
    lab.run(seconds(1));
    EXPECT_EQ(std::get<etcd::Lease>(**lab.ask(lab.leader(), etcd::KeepAlive{lease})).ttl, Duration::zero());
  }
}

TEST(Model, EachVersionNamesItself) {
  Lab old(1, 1, Version::k34);
  Lab young(1);
  EXPECT_EQ(std::get<etcd::Status>(**old.ask(0, etcd::GetStatus{})).version, "3.4.23");
  EXPECT_EQ(std::get<etcd::Status>(**young.ask(0, etcd::GetStatus{})).version, "3.5.16");
}

}  // namespace
}  // namespace fluxpg::etcd_model
