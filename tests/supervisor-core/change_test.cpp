// The record protocol: who opens, who may call, who may close, and as what (HOLES correction 1).
#include "tests/supervisor-core/change_fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

TEST_F(Changes, OpeningComparesTheRemoverKeyAndTheRecordsRevision) {
  be_remover();
  open_removal();
  const auto asked = house.asked();
  const auto txn = calls<etcd::Txn>(asked).at(0);
  ASSERT_EQ(txn.compares.size(), 2U);
  EXPECT_EQ(txn.compares[0].key, record::remover_key("app"));
  EXPECT_EQ(txn.compares[0].what, etcd::Compare::What::kModRevision);
  EXPECT_EQ(txn.compares[0].equals, lease.revision());
  EXPECT_EQ(txn.compares[1].key, record::record_key("app"));
  EXPECT_EQ(txn.compares[1].what, etcd::Compare::What::kModRevision);
  EXPECT_EQ(txn.compares[1].equals, 0);
  EXPECT_TRUE(asked[0].target.own);
}

TEST_F(Changes, ARecordThatChangedSinceTheBallotIsNotOverwritten) {
  be_remover();
  for (const char* const meanwhile : {"void", "refused"}) {  // where there was none, and where there was one
    open_removal();
    house.etcd.put(record::record_key("app"), record::to_json(removal(meanwhile)));
    answer_all();
    EXPECT_EQ(stored().outcome, meanwhile);
  }
}

TEST_F(Changes, NothingIsOpenedUnderAKeyThatSomebodyWroteOver) {
  be_remover();
  open_removal();
  write_over_the_key();
  answer_all();
  EXPECT_EQ(house.etcd.keys.count(record::record_key("app")), 0U);
}

TEST_F(Changes, ADecisionIsCarriedOutAndClosedWithItsHistory) {
  be_remover();
  open_removal();
  run();
  EXPECT_EQ(house.etcd.members.size(), 2U);
  EXPECT_EQ(stored().outcome, "done");
  const Epoch epoch = stored().epoch;
  ASSERT_TRUE(epoch);
  const auto kept = house.etcd.keys.find(record::history_key("app", epoch));
  ASSERT_NE(kept, house.etcd.keys.end());
  EXPECT_EQ(record::record_from_json(kept->second.value)->outcome, "done");
  EXPECT_EQ(removals_called, 1);
}

TEST_F(Changes, ClosingComparesTheKeyAndTheOpenRecord) {
  be_remover();
  adopt_removal();
  house.etcd.members.pop_back();  // somebody's call landed
  house.read();
  tick();
  const auto txn = calls<etcd::Txn>(house.asked()).at(0);
  ASSERT_EQ(txn.compares.size(), 2U);
  EXPECT_EQ(txn.compares[0].equals, lease.revision());
  EXPECT_EQ(txn.compares[1].equals, static_cast<std::int64_t>(house.view.record_revision().value));
  ASSERT_EQ(txn.writes.size(), 3U);
  EXPECT_EQ(std::get<etcd::Put>(txn.writes[1]).key, record::history_key("app", house.view.record_revision()));
  EXPECT_TRUE(std::holds_alternative<etcd::Delete>(txn.writes[2])) << "the key that spoke for the removed member";
}

TEST_F(Changes, TheOldestEntryOfAFullHistoryIsDeletedWithTheClose) {
  house.view = EtcdView("app", 2);
  house.etcd.put(record::history_key("app", Epoch{1}), record::to_json(removal("void")));
  house.etcd.put(record::history_key("app", Epoch{2}), record::to_json(removal("void")));
  house.read();
  be_remover();
  open_removal();
  run();
  EXPECT_EQ(house.etcd.keys.count(record::history_key("app", Epoch{1})), 0U);
  EXPECT_EQ(house.etcd.keys.count(record::history_key("app", Epoch{2})), 1U);
}

TEST_F(Changes, WithoutTheKeyNothingIsDone) {
  adopt_removal();
  tick();
  EXPECT_TRUE(house.asked().empty());
  EXPECT_NE(change.waits_for(), "");
}

TEST_F(Changes, ASuccessorCarriesAnOpenDecisionOn) {
  adopt_removal();
  be_remover();
  run();
  EXPECT_EQ(removals_called, 1);
  EXPECT_EQ(stored().outcome, "done");
  EXPECT_EQ(stored().closed_by, node_id(1));
}

TEST_F(Changes, AVictimThatReturnsBeforeTheCallIsRefutedByTheOpener) {
  be_remover();
  open_removal();
  answer_all();
  house.hears(house.member_info(3));
  run();
  EXPECT_EQ(removals_called, 0);
  EXPECT_EQ(stored().outcome, "refuted");
}

TEST_F(Changes, AVictimWhoseEtcdIsVouchedForIsRefutedThoughGossipHoldsItDead) {
  be_remover();
  open_removal();
  answer_all();
  house.pass(milliseconds(1));
  house.vouchers.note(node_id(3), house.now.boot);
  run();
  EXPECT_EQ(removals_called, 0);
  EXPECT_EQ(stored().outcome, "refuted");
}

TEST_F(Changes, AVictimThatReturnsBetweenTheLooksIsStillNotCalledFor) {
  be_remover();
  open_removal();
  answer_all();
  look();
  answer_all();  // the read-back
  const auto listing = house.asked();
  ASSERT_EQ(calls<etcd::ListMembers>(listing).size(), 1U);
  house.hears(house.member_info(3));
  answer(listing[0], house.etcd.answer(listing[0].call));
  EXPECT_TRUE(calls<etcd::RemoveMember>(house.asked()).empty());
  run();
  EXPECT_EQ(removals_called, 0);
  EXPECT_EQ(stored().outcome, "refuted");
}

TEST_F(Changes, ASuccessorNeverRefutesAndVoidsOnlyAfterAMinuteWithTheKey) {
  adopt_removal();
  be_remover();
  const TimePoint held = lease.held_since();
  house.hears(house.member_info(3));
  while (house.now.boot < held + seconds(60)) {
    tick();
    ASSERT_TRUE(house.asked().empty());
    ASSERT_TRUE(stored().open());
    pass(seconds(1));
  }
  run();
  EXPECT_EQ(stored().outcome, "void");
  EXPECT_EQ(removals_called, 0);
}

TEST_F(Changes, AfterTheCallTheOpenerDoesNotRefuteButWaitsForQuiet) {
  be_remover();
  pass(minutes(2));  // however long it has held the key
  open_removal();
  refuse_removals = etcd::ErrorKind::kTimeout;
  run(5);
  ASSERT_EQ(removals_called, 1);
  house.hears(house.member_info(3));
  const TimePoint called = house.now.boot;
  while (house.now.boot < called + seconds(50)) {
    run(1);
    ASSERT_TRUE(stored().open()) << "the call may still land";
    pass(seconds(1));
  }
  pass(seconds(12));
  run();
  EXPECT_EQ(stored().outcome, "void");
}

// An etcd may be back before its daemon, and counts for the quorum from then on.
TEST_F(Changes, AVictimWhoseEtcdAnswersTheLastLookIsNotCalledForThoughItsDaemonIsDead) {
  adopt_removal();
  be_remover();
  tick();
  const auto asked = house.asked();
  ASSERT_EQ(calls<etcd::GetStatus>(asked).size(), 1U);
  EXPECT_EQ(asked[0].target.endpoint.address, address_of(3));
  EXPECT_EQ(asked[0].deadline, house.config.rules.evidence_wait);
  house.pass(milliseconds(300));
  house.vouchers.note(node_id(3), house.now.boot);  // the agent does, for each status
  etcd::Status status;
  status.header = {kCluster, MemberId{3}, 1, 1};
  answer(asked[0], status);
  EXPECT_TRUE(house.asked().empty());
  run();
  EXPECT_EQ(removals_called, 0);
  EXPECT_NE(change.waits_for().find("the victim lives"), std::string::npos);
}

// It was dead when this was decided: whoever is suspected now has been back.
TEST_F(Changes, AVictimThatIsOnlySuspectedIsNotCalledFor) {
  be_remover();
  open_removal();
  answer_all();
  house.hears(house.member_info(3), gossip::State::kSuspect);
  run();
  EXPECT_EQ(removals_called, 0);
  EXPECT_EQ(stored().outcome, "refuted");
}

// Another one may have held the key in between, and called: found by the model (simulation/model).
TEST_F(Changes, WhoLostTheKeyAndHasItAgainDoesNotRefute) {
  be_remover();
  open_removal();
  answer_all();
  lease = RemoverLease();
  house.etcd.keys.erase(record::remover_key("app"));
  house.read();
  be_remover();
  house.hears(house.member_info(3));
  for (int i = 0; i < 50; ++i) {
    run(1);
    ASSERT_TRUE(stored().open());
    pass(seconds(1));
  }
  pass(seconds(12));
  run();
  EXPECT_EQ(stored().outcome, "void");
  EXPECT_EQ(removals_called, 0);
}

TEST_F(Changes, AKeyThatChangedAtTheReadBackStopsTheCall) {
  be_remover();
  open_removal();
  answer_all();
  look();  // asks for key and record once more
  house.etcd.keys.erase(record::remover_key("app"));
  house.etcd.put(record::remover_key("app"), record::to_json(record::RemoverKey{node_id(2), MemberId{2}}));
  for (const Asked& one : house.asked()) answer(one, reply(one.call));
  const auto asked = house.asked();
  EXPECT_TRUE(calls<etcd::ListMembers>(asked).empty()) << "not even looked at the list: the key is another's";
  EXPECT_TRUE(calls<etcd::RemoveMember>(asked).empty());
  EXPECT_NE(change.waits_for(), "");
}

TEST_F(Changes, NobodyCallsForItsOwnRemoval) {
  record::Record own = removal("");
  own.change.member = MemberId{1};
  own.change.node = node_id(1);
  own.certificate = house.certificate(MemberId{1}, {2, 3});
  be_remover();
  house.open_record(own);
  house.read();
  run();
  EXPECT_EQ(removals_called, 0);
  EXPECT_TRUE(stored().open());
}

TEST_F(Changes, WhatWasHeardBeforeThisDecisionIsNoLifeSign) {
  be_remover();
  open_removal();
  run();  // an earlier decision of our own
  house.etcd.members.push_back({MemberId{3}, "n3", {"https://" + host_name(node_id(3)) + ":2380"}, {}, false});
  pass(seconds(10));
  house.vouchers.note(node_id(3), house.now.boot);
  pass(seconds(90));
  adopt_removal();  // somebody else's, made after that
  removals_called = 0;
  run();
  EXPECT_EQ(removals_called, 1);
}

TEST_F(Changes, ConsentIsOverridenOnlyByTheEtcdItself) {
  be_remover();
  house.hears(house.member_info(3));  // the daemon lives, its etcd does not
  open_removal("consent");
  run();
  EXPECT_EQ(removals_called, 1);
  EXPECT_EQ(stored().outcome, "done");
}

}  // namespace
}  // namespace fluxpg::supervisor::test
