// Ballots and votes by way of etcd (HOLES H18): when gossip is not enough, and only then; and what is taken from there.
#include "supervisor/core/post.hpp"

#include <algorithm>

#include "supervisor/core/facts.hpp"
#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

using State = Collector::State;
using verdict::Choice;

// We are the remover of three. Voter 3 is dead, and a ballot about it is open; voter 2 is heard by hearsay only.
struct Opener : ::testing::Test {
  Opener() {
    house.dead(3);
    house.hold(lease);
    house.asked();
  }
  void open() {
    record::Change change{record::Kind::kRemove, MemberId{3}, node_id(3), "n3", "https://n3:2380", "unlisted", ""};
    collector.open(house.now, house.world(), change, true, house.random, house.out);
    opened = house.now.boot;
  }
  verdict::Vote vote(std::uint8_t voter, Choice choice) const { return house.vote(collector.certificate().ballot, voter, choice); }
  void take(std::uint8_t voter, Choice choice) { collector.take(house.now, house.world(), vote(voter, choice)); }
  void leave_in_etcd(const verdict::Vote& vote) { house.etcd.put(record::vote_key("app", vote.voter), record::to_json(vote)); }
  // Node 2 answers us first-hand.
  void answers() {
    for (gossip::Effect& effect : house.gossip.handle(house.now, gossip::ProbeNow{node_id(2), false})) {
      const auto* sent = std::get_if<gossip::SendTo>(&effect);
      const auto* ping = sent == nullptr ? nullptr : std::get_if<gossip::Ping>(&sent->message);
      if (ping == nullptr) continue;
      house.gossip.handle(house.now, gossip::Received{kRoute, gossip::Ack{ping->nonce, node_id(2), Incarnation{1}, {}, {}, {}}});
    }
  }
  // One look of everybody; etcd answers at once.
  std::vector<Asked> look() {
    collector.tick(house.now, house.world(), house.out);
    post.tick(house.now, house.world(), lease, collector, house.out);
    const std::vector<Asked> asked = house.asked();
    for (const Asked& one : asked) answer(one);
    return asked;
  }
  void answer(const Asked& one) { answer(one, house.etcd.answer(one.call)); }
  void answer(const Asked& one, const etcd::Result& result) {
    post.handle(house.now, house.world(), one.purpose, result, collector, house.out);
  }
  void run(Duration time) {
    const TimePoint end = house.now.boot + time;
    while (house.now.boot < end) {
      house.pass(milliseconds(100));
      look();
    }
  }
  bool in_etcd() const { return house.etcd.keys.count(record::referendum_key("app")) > 0; }
  std::uint64_t counted(const std::string& name) const {
    for (const auto* counters : {&collector.counters(), &post.counters()}) {
      if (const auto found = counters->find(name); found != counters->end()) return found->second;
    }
    return 0;
  }
  House house;
  RemoverLease lease;
  Collector collector;
  Post post;
  TimePoint opened{};
};

TEST_F(Opener, NothingIsWrittenWhileGossipBringsTheVotes) {
  answers();
  open();
  look();
  run(house.config.rules.evidence_wait);
  take(1, Choice::kDead);
  take(2, Choice::kDead);
  run(seconds(4));
  EXPECT_EQ(collector.state(), State::kDead);
  EXPECT_FALSE(in_etcd());
}

TEST_F(Opener, TheBallotIsPutIntoEtcdUnderTheRemoversLeaseWhenItHasNotBroughtThem) {
  answers();
  open();
  run(milliseconds(1200));
  EXPECT_FALSE(in_etcd());
  run(milliseconds(200));
  ASSERT_TRUE(in_etcd());
  const etcd::KeyValue& kv = house.etcd.keys.at(record::referendum_key("app"));
  EXPECT_EQ(record::ballot_from_json(kv.value).value(), collector.certificate().ballot);
  EXPECT_EQ(kv.lease, lease.id());
  EXPECT_EQ(counted("verdict.ballots_by_etcd"), 1U);
}

TEST_F(Opener, WhomGossipDoesNotReachIsAskedThereSoonerButNotBeforeOurOwnVeto) {
  open();
  look();
  run(milliseconds(100));
  EXPECT_FALSE(in_etcd());
  run(milliseconds(200));
  EXPECT_TRUE(in_etcd());
}

TEST_F(Opener, AVetoOfOurOwnIsOverBeforeAnythingIsWritten) {
  open();
  take(1, Choice::kAlive);
  run(seconds(3));
  EXPECT_EQ(collector.state(), State::kVetoed);
  EXPECT_FALSE(in_etcd());
}

TEST_F(Opener, OnlyTheHolderOfTheRemoverKeyPutsIt) {
  open();
  house.etcd.keys.erase(record::remover_key("app"));
  run(seconds(2));
  EXPECT_FALSE(in_etcd());
}

TEST_F(Opener, AVoteFromEtcdCountsLikeAnyOtherAndStatusSaysHowItCame) {
  open();
  run(milliseconds(300));
  leave_in_etcd(vote(2, Choice::kDead));
  take(1, Choice::kDead);
  run(milliseconds(500));
  EXPECT_EQ(collector.state(), State::kDead);
  EXPECT_EQ(counted("verdict.votes_by_etcd"), 1U);
  EXPECT_NE(collector.view(house.now, house.world())->detail.find("by way of etcd, because gossip did not bring it: n2"),
            std::string::npos);
}

TEST_F(Opener, AVetoFromEtcdCountsToo) {
  open();
  run(milliseconds(300));
  leave_in_etcd(vote(2, Choice::kAlive));
  run(milliseconds(500));
  EXPECT_EQ(collector.state(), State::kVetoed);
}

TEST_F(Opener, AVoteAfterTheBoundDoesNotCountHoweverLongItLayThere) {
  open();
  run(milliseconds(300));
  take(1, Choice::kDead);
  leave_in_etcd(vote(2, Choice::kDead));
  house.pass(house.config.rules.ballot_bound - milliseconds(400));
  post.tick(house.now, house.world(), lease, collector, house.out);
  const std::vector<Asked> asked = house.asked();
  ASSERT_EQ(calls<etcd::Range>(asked).size(), 1U);
  house.pass(milliseconds(500));  // its answer is late, and so are our timers
  answer(asked[0]);
  EXPECT_EQ(collector.state(), State::kCollecting);
  look();
  EXPECT_EQ(collector.state(), State::kNotEnough);
}

TEST_F(Opener, AVoteForAnEarlierBallotCountsForNothing) {
  open();
  run(milliseconds(300));
  verdict::Vote old = vote(2, Choice::kDead);
  run(seconds(5));
  ASSERT_EQ(collector.state(), State::kNotEnough);
  open();
  run(milliseconds(300));
  ASSERT_EQ(counted("verdict.ballots_by_etcd"), 2U);
  leave_in_etcd(old);  // late, as a delayed request would
  take(1, Choice::kDead);
  run(seconds(1));
  EXPECT_EQ(collector.state(), State::kCollecting);
  old.ballot = collector.certificate().ballot.id;  // and relabelled: its signature is of another ballot
  leave_in_etcd(old);
  run(seconds(1));
  EXPECT_EQ(collector.state(), State::kCollecting);
  EXPECT_EQ(counted("verdict.invalid_votes"), 1U);
}

TEST_F(Opener, WhatCannotBeReadIsCountedOnceAndDropped) {
  open();
  run(milliseconds(300));
  house.etcd.put(record::vote_key("app", MemberId{3}), "{\"half\":");
  leave_in_etcd(vote(2, Choice::kDead));
  take(1, Choice::kDead);
  run(seconds(1));
  EXPECT_EQ(collector.state(), State::kDead);
  EXPECT_EQ(counted("verdict.malformed_votes"), 1U);
}

TEST_F(Opener, AFailedWriteIsTriedAgainAndReadsEndWithTheBallot) {
  open();
  house.pass(milliseconds(300));
  post.tick(house.now, house.world(), lease, collector, house.out);
  const std::vector<Asked> asked = house.asked();
  ASSERT_EQ(calls<etcd::Txn>(asked).size(), 1U);
  answer(asked[0], failure(etcd::ErrorKind::kTimeout));
  run(milliseconds(600));
  EXPECT_TRUE(in_etcd());
  run(seconds(5));
  house.pass(seconds(1));
  EXPECT_TRUE(look().empty());
  EXPECT_EQ(post.next_deadline(), kNever);
}

// We are voter 1, and node 2 has put a ballot about voter 3 into etcd.
struct Answering : ::testing::Test {
  Answering() {
    house.dead(3);
    ballot.id = house.random.nonce();
    ballot.opener = node_id(2);
    ballot.victim.member = MemberId{3};
    ballot.victim.node = node_id(3);
    ballot.electorate = house.view.electorate();
    put(ballot);
  }
  void put(const verdict::Ballot& what) {
    house.etcd.put(record::referendum_key("app"), record::to_json(what));
    house.read();
  }
  void answer_all() {
    for (const Asked& one : house.asked()) {
      post.handle(house.now, house.world(), one.purpose, house.etcd.answer(one.call), collector, house.out);
    }
  }
  verdict::Vote vote() const { return house.vote(ballot, 1, Choice::kDead); }
  House house;
  Post post;
  Collector collector;
  verdict::Ballot ballot;
};

TEST_F(Answering, ABallotArrivesOnceHoweverOftenItIsRead) {
  const verdict::Ballot* arrived = post.arrived(house.world());
  ASSERT_NE(arrived, nullptr);
  EXPECT_EQ(*arrived, ballot);
  EXPECT_TRUE(post.asks_for(ballot.id));
  house.read();
  EXPECT_EQ(post.arrived(house.world()), nullptr);
}

TEST_F(Answering, OurOwnBallotIsNobodysQuestion) {
  ballot.opener = node_id(1);
  put(ballot);
  EXPECT_EQ(post.arrived(house.world()), nullptr);
}

TEST_F(Answering, TheVoteIsLeftUnderALeaseOfThirtySecondsWhileTheBallotStands) {
  post.arrived(house.world());
  post.leave_vote(vote(), house.out);
  const std::vector<Asked> asked = house.asked();
  ASSERT_EQ(calls<etcd::GrantLease>(asked).size(), 1U);
  EXPECT_EQ(calls<etcd::GrantLease>(asked)[0].ttl, seconds(30));
  EXPECT_TRUE(asked[0].target.own);
  post.handle(house.now, house.world(), asked[0].purpose, house.etcd.answer(asked[0].call), collector, house.out);
  answer_all();
  const auto left = house.etcd.keys.find(record::vote_key("app", MemberId{1}));
  ASSERT_NE(left, house.etcd.keys.end());
  EXPECT_EQ(record::vote_from_json(left->second.value).value(), vote());
  EXPECT_EQ(house.etcd.leases.at(left->second.lease), seconds(30));
  EXPECT_EQ(post.counters().at("verdict.votes_left_in_etcd"), 1U);
}

TEST_F(Answering, AVoteForABallotThatIsOverIsNotLeft) {
  post.arrived(house.world());
  post.leave_vote(vote(), house.out);
  const std::vector<Asked> asked = house.asked();
  post.handle(house.now, house.world(), asked[0].purpose, house.etcd.answer(asked[0].call), collector, house.out);
  verdict::Ballot next = ballot;
  next.id = house.random.nonce();
  house.etcd.put(record::referendum_key("app"), record::to_json(next));  // not seen here yet
  answer_all();
  EXPECT_EQ(house.etcd.keys.count(record::vote_key("app", MemberId{1})), 0U);
}

TEST_F(Answering, ABallotThatCannotBeReadIsCountedAndHoldsNothingUp) {
  house.etcd.put(record::referendum_key("app"), "?");
  house.read();
  house.read();
  EXPECT_EQ(post.arrived(house.world()), nullptr);
  EXPECT_EQ(house.view.malformed_referendums(), 1U);
  EXPECT_EQ(house.view.problem(), "");
}

// ---- whom only gossip misses ----

TEST(OnlyGossipMisses, AVoterWhoseEtcdAnsweredSinceGossipGaveItUp) {
  House house;
  house.dead(3, seconds(5));
  house.vouchers.answered(node_id(3), house.now.boot - seconds(6));
  EXPECT_FALSE(house.world().only_gossip_misses(house.now, node_id(3))) << "that was before";
  house.vouchers.answered(node_id(3), house.now.boot);
  EXPECT_TRUE(house.world().only_gossip_misses(house.now, node_id(3)));
  const PlanInput input = gather(house.now, house.world(), {}, {});
  EXPECT_TRUE(input.voters[2].etcd_answers);
  EXPECT_EQ(input.voters[2].silent_for, Duration::zero());
  house.pass(seconds(12));
  EXPECT_FALSE(house.world().only_gossip_misses(house.now, node_id(3)));
  EXPECT_EQ(gather(house.now, house.world(), {}, {}).voters[2].silent_for, seconds(12)) << "its dwell begins with its last answer";
}

TEST(OnlyGossipMisses, NobodyWhoIsHeard) {
  House house;
  house.vouchers.answered(node_id(3), house.now.boot);
  EXPECT_FALSE(house.world().only_gossip_misses(house.now, node_id(3)));
}

}  // namespace
}  // namespace fluxpg::supervisor::test
