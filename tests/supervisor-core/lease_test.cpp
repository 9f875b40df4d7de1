#include "supervisor/core/lease.hpp"

#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

std::string bar(const House& house, bool under_ballot = false) { return RemoverLease::ineligible(house.now, house.world(), under_ballot); }

TEST(RemoverEligibility, ACurrentVoterWithAWorkingEtcdMay) { EXPECT_EQ(bar(House()), ""); }

TEST(RemoverEligibility, EverythingElseMayNot) {
  House shadow;
  shadow.config.shadow = true;
  EXPECT_NE(bar(shadow), "");
  House stopping;
  stopping.stopping = true;
  EXPECT_NE(bar(stopping), "");
  EXPECT_NE(bar(House(), true), "") << "under ballot";
  House unwell;
  unwell.unwell = "just resumed";
  EXPECT_EQ(bar(unwell), "just resumed");
  House leaderless;
  leaderless.etcd.leader = {};
  leaderless.read();
  EXPECT_NE(bar(leaderless), "");
  House silent;
  silent.pass(seconds(3));
  EXPECT_NE(bar(silent), "") << "its own etcd answered too long ago";
  House evicted;
  evicted.etcd.members.erase(evicted.etcd.members.begin());
  evicted.read();
  EXPECT_NE(bar(evicted), "");
  House learner;
  learner.etcd.members[0].learner = true;
  learner.read();
  EXPECT_NE(bar(learner), "");
  House unbound;
  unbound.etcd.put(record::node_key("app", MemberId{1}), record::to_json(record::Binding{MemberId{1}, node_id(9), "n9", ""}));
  unbound.etcd.members.push_back({MemberId{4}, "n4", {}, {}, true});
  unbound.read();
  EXPECT_NE(bar(unbound), "") << "the key that speaks for its member id is another node's";
}

struct Campaign : ::testing::Test {
  void tick(bool under_ballot = false) { lease.tick(house.now, house.world(), under_ballot, house.out); }
  void answer(const Asked& asked, const etcd::Result& result) { lease.handle(house.now, house.world(), asked.purpose, result, house.out); }
  void renew_all() {
    for (const Asked& one : house.asked()) answer(one, house.etcd.answer(one.call));
  }
  void be_remover() {
    house.hold(lease);
    ASSERT_TRUE(lease.held());
    house.done<Say>();
  }
  std::string said() {
    std::string text;
    for (const Say& say : house.done<Say>()) text += say.text;
    return text;
  }
  House house;
  RemoverLease lease;
};

TEST_F(Campaign, TheKeyIsClaimedOnlyWhileItDoesNotExist) {
  tick();
  const auto granting = house.asked();
  ASSERT_EQ(calls<etcd::GrantLease>(granting).size(), 1U);
  answer(granting.at(0), house.etcd.answer(granting.at(0).call));
  const auto claiming = house.asked();
  const auto claim = calls<etcd::Txn>(claiming).at(0);
  ASSERT_EQ(claim.compares.size(), 1U);
  EXPECT_EQ(claim.compares[0].key, record::remover_key("app"));
  EXPECT_EQ(claim.compares[0].equals, 0);
  EXPECT_TRUE(claiming.at(0).target.own);
  house.etcd.put(record::remover_key("app"), record::to_json(record::RemoverKey{node_id(2), MemberId{2}}));  // somebody is faster
  answer(claiming.at(0), house.etcd.answer(claiming.at(0).call));
  EXPECT_FALSE(lease.held());
}

TEST_F(Campaign, WhoeverRanksLowerWaitsAStepForEachLivingVoterBeforeIt) {
  house.etcd.asked = MemberId{3};  // we sit in the third seat
  house.etcd.put(record::node_key("app", MemberId{3}), record::to_json(record::Binding{MemberId{3}, node_id(1), "n1", ""}));
  house.etcd.put(record::node_key("app", MemberId{1}), record::to_json(record::Binding{MemberId{1}, node_id(3), "n3", ""}));
  house.etcd.members.push_back({MemberId{4}, "n4", {}, {}, true});  // a changed list is why bindings are read again
  house.dead(2);
  house.read();
  tick();
  EXPECT_TRUE(house.asked().empty()) << "member 1 goes first; member 2 is dead";
  house.pass(seconds(1));
  tick();
  EXPECT_EQ(calls<etcd::GrantLease>(house.asked()).size(), 1U);
}

TEST_F(Campaign, NobodyCampaignsWhileTheKeyExistsOrMayExistUnseen) {
  house.etcd.put(record::remover_key("app"), record::to_json(record::RemoverKey{node_id(2), MemberId{2}}));
  house.read();
  tick();
  EXPECT_TRUE(house.asked().empty());
  House stale;
  stale.pass(seconds(13));
  RemoverLease other;
  other.tick(stale.now, stale.world(), false, stale.out);
  EXPECT_TRUE(stale.asked().empty());
}

TEST_F(Campaign, TheVictimOfAnOpenDecisionDoesNotCampaign) {
  record::Record own;
  own.change.kind = record::Kind::kRemove;
  own.change.member = MemberId{1};
  own.change.node = node_id(1);
  house.open_record(own);
  house.read();
  house.pass(seconds(5));
  house.read();
  tick();
  EXPECT_TRUE(calls<etcd::GrantLease>(house.asked()).empty());
}

TEST_F(Campaign, AnUnknownClaimIsNotHeld) {
  tick();
  const auto granting = house.asked();
  answer(granting.at(0), house.etcd.answer(granting.at(0).call));
  answer(house.asked().at(0), failure(etcd::ErrorKind::kTimeout));
  EXPECT_FALSE(lease.held());
}

TEST_F(Campaign, RenewalsKeepTheKey) {
  be_remover();
  for (int i = 0; i < 30; ++i) {
    house.pass(seconds(1));
    house.read();
    tick();
    renew_all();
    ASSERT_TRUE(lease.held()) << i;
  }
}

TEST_F(Campaign, AKeepAliveWithoutTtlMeansThatTheLeaseIsGone) {
  be_remover();
  house.pass(seconds(2));
  tick();
  const auto asked = house.asked();
  ASSERT_EQ(calls<etcd::KeepAlive>(asked).size(), 1U);
  house.etcd.leases.clear();
  answer(asked[0], house.etcd.answer(asked[0].call));
  EXPECT_FALSE(lease.held());
  EXPECT_NE(said().find("expired"), std::string::npos);
}

TEST_F(Campaign, AnAnswerAboutAnotherLeaseRenewsNothing) {
  be_remover();
  house.pass(seconds(2));
  tick();
  answer(house.asked().at(0), etcd::Lease{etcd::LeaseId{0xdead}, seconds(6)});
  house.pass(seconds(4));
  house.read();
  tick();
  EXPECT_FALSE(lease.held());
}

TEST_F(Campaign, WithoutRenewalTheKeyIsGivenUpByOurOwnClock) {
  be_remover();
  house.pass(house.config.rules.lease_ttl - milliseconds(1) - seconds(1));
  house.read();
  tick();
  EXPECT_TRUE(lease.held());
  house.pass(milliseconds(1));  // it was asked for a second before it was held
  house.read();
  tick();
  EXPECT_FALSE(lease.held()) << "counted from when it was asked for";
}

TEST_F(Campaign, ARenewalCountsFromWhenItWasSentNotFromItsAnswer) {
  be_remover();
  house.pass(seconds(2));
  tick();
  const Asked renewal = house.asked().at(0);
  house.pass(seconds(1));
  answer(renewal, house.etcd.answer(renewal.call));
  house.pass(house.config.rules.lease_ttl - seconds(1));
  house.read();
  tick();
  EXPECT_FALSE(lease.held());
}

TEST_F(Campaign, AKeyThatSomebodyWroteOverIsNotOurs) {
  be_remover();
  house.etcd.put(record::remover_key("app"), record::to_json(record::RemoverKey{node_id(1), MemberId{1}}));
  house.pass(milliseconds(10));
  house.read();
  tick();
  EXPECT_FALSE(lease.held());
  EXPECT_NE(said().find("another one or none"), std::string::npos);
}

TEST_F(Campaign, AKeyThatSomebodyMadeAnewIsNotOurs) {
  be_remover();
  house.etcd.keys.erase(record::remover_key("app"));
  house.etcd.put(record::remover_key("app"), record::to_json(record::RemoverKey{node_id(1), MemberId{1}}));
  house.pass(milliseconds(10));
  house.read();
  tick();
  EXPECT_FALSE(lease.held());
}

TEST_F(Campaign, WhoIsBarredRevokesTheLeaseAtOnce) {
  be_remover();
  tick(true);
  EXPECT_FALSE(lease.held());
  EXPECT_EQ(calls<etcd::RevokeLease>(house.asked()).size(), 1U);
  EXPECT_NE(said().find("under ballot"), std::string::npos);
}

// A deadline in the past would spin the loop, and be taken for lateness of our own.
TEST_F(Campaign, ARenewalUnderWayAsksForNoTick) {
  be_remover();
  house.pass(seconds(2));
  tick();
  house.pass(seconds(2) + milliseconds(500));
  house.read();
  tick();
  ASSERT_TRUE(lease.held());
  EXPECT_GT(lease.next_deadline(), house.now.boot);
}

}  // namespace
}  // namespace fluxpg::supervisor::test
