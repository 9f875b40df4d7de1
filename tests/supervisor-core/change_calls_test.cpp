// Around the call itself: what must be looked at before, and what an answer means.
#include "tests/supervisor-core/change_fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

TEST_F(Changes, AKeyThatIsNotOursAnyMoreStopsTheCall) {
  be_remover();
  adopt_removal();
  look();
  house.etcd.keys.erase(record::remover_key("app"));
  house.etcd.put(record::remover_key("app"), record::to_json(record::RemoverKey{node_id(2), MemberId{2}}));
  answer_all();
  answer_all();
  EXPECT_EQ(removals_called, 0);
}

TEST_F(Changes, ARecordThatIsNotWhatItWasStopsTheCall) {
  be_remover();
  adopt_removal();
  look();
  house.etcd.put(record::record_key("app"), record::to_json(removal("void")));
  answer_all();
  answer_all();
  EXPECT_EQ(removals_called, 0);
}

TEST_F(Changes, AnotherListThanTheElectorateStopsTheCall) {
  be_remover();
  adopt_removal();
  look();
  house.etcd.members.push_back({MemberId{4}, "n4", {}, {}, false});  // an operator used etcdctl
  answer_all();
  answer_all();
  EXPECT_EQ(removals_called, 0);
  pass(seconds(1));
  tick();
  EXPECT_NE(change.waits_for().find("no longer those that decided"), std::string::npos);
}

TEST_F(Changes, AnElectorateOfTheSameSizeIsNotTheSame) {
  be_remover();
  adopt_removal();
  look();
  house.etcd.members[1].id = MemberId{4};  // one went, another came
  for (const Asked& one : house.asked()) answer(one, reply(one.call));
  for (const Asked& one : house.asked()) answer(one, reply(one.call));
  EXPECT_EQ(removals_called, 0);
  EXPECT_NE(change.waits_for().find("no longer those that decided"), std::string::npos);
}

TEST_F(Changes, AKeyThatSomebodyWroteOverStopsTheCall) {
  be_remover();
  adopt_removal();
  look();
  write_over_the_key();
  for (const Asked& one : house.asked()) answer(one, reply(one.call));
  EXPECT_TRUE(calls<etcd::ListMembers>(house.asked()).empty());
}

TEST_F(Changes, ARecordThatChangedAtTheReadBackStopsTheCall) {
  be_remover();
  adopt_removal();
  look();
  house.etcd.put(record::record_key("app"), record::to_json(removal("void")));
  for (const Asked& one : house.asked()) answer(one, reply(one.call));
  EXPECT_TRUE(calls<etcd::ListMembers>(house.asked()).empty());
}

// The bound on a late call begins with this look (DESIGN 6): who took too long since looks again.
TEST_F(Changes, ALookAtTheKeyThatIsTooOldStopsTheCall) {
  be_remover();
  adopt_removal();
  look();
  for (const Asked& one : house.asked()) answer(one, reply(one.call));
  const auto listing = house.asked();
  ASSERT_EQ(calls<etcd::ListMembers>(listing).size(), 1U);
  house.pass(seconds(5) + milliseconds(1));
  answer(listing.at(0), reply(listing.at(0).call));
  EXPECT_TRUE(calls<etcd::RemoveMember>(house.asked()).empty());
  EXPECT_EQ(change.waits_for(), "another look at the remover key");
}

TEST_F(Changes, AForgedCertificateIsNeverCarriedOut) {
  record::Record forged = removal();
  forged.certificate.votes[1].signature.bytes[0] ^= 1;
  house.open_record(forged);
  be_remover();
  run();
  EXPECT_EQ(removals_called, 0);
  EXPECT_NE(change.flaw(), "");
}

TEST_F(Changes, ACertificateOfAnotherElectorateOrVictimOrWithAVetoIsNeverCarriedOut) {
  be_remover();
  for (int i = 0; i < 3; ++i) {
    record::Record wrong = removal();
    if (i == 0) wrong.certificate = house.certificate(MemberId{2}, {1, 3});
    if (i == 1) wrong.certificate.votes.push_back(house.vote(wrong.certificate.ballot, 2, verdict::Choice::kAlive));
    if (i == 2) wrong.certificate = house.certificate(MemberId{3}, {1});
    house.open_record(wrong);
    run(3);
    EXPECT_EQ(removals_called, 0) << i;
    EXPECT_NE(change.flaw(), "") << i;
  }
}

TEST_F(Changes, TheCallGoesThroughOurOwnEtcdWithADeadline) {
  be_remover();
  adopt_removal();
  look();
  answer_all();
  answer_all();
  const auto asked = house.asked();
  ASSERT_EQ(calls<etcd::RemoveMember>(asked).size(), 1U);
  EXPECT_EQ(calls<etcd::RemoveMember>(asked)[0].id, MemberId{3});
  EXPECT_TRUE(asked[0].target.own);
  EXPECT_EQ(asked[0].deadline, house.config.rules.call_deadline);
}

TEST_F(Changes, ATimeOutIsUnknownTheListDecides) {
  be_remover();
  open_removal();
  refuse_removals = etcd::ErrorKind::kTimeout;
  run(5);
  ASSERT_EQ(removals_called, 1);
  EXPECT_TRUE(stored().open());
  run(3);
  EXPECT_EQ(removals_called, 1) << "no second call before the list was looked at again";
  house.etcd.members.pop_back();  // it was done after all
  pass(seconds(1));
  run();
  EXPECT_EQ(removals_called, 1);
  EXPECT_EQ(stored().outcome, "done");
}

TEST_F(Changes, ARefusedRemovalStaysOpenAndIsTriedAgain) {
  be_remover();
  open_removal();
  refuse_removals = etcd::ErrorKind::kUnhealthy;
  run(5);
  EXPECT_TRUE(stored().open());
  EXPECT_NE(change.waits_for().find("refused"), std::string::npos);
  refuse_removals.reset();
  pass(seconds(5));
  run();
  EXPECT_EQ(stored().outcome, "done");
}

record::Record addition(const House& house) {
  record::Record record;
  record.change = {record::Kind::kAddLearner, {}, node_id(9), "n9", "https://n9:2380", "join", "it waits"};
  record.electorate = house.view.electorate();
  return record;
}

// Long enough to come to a call; every addition fails like this, and all else is answered.
void run_while_additions_fail(Changes& test, etcd::ErrorKind kind) {
  for (int i = 0; i < 4; ++i) {
    test.tick();
    for (const Asked& one : test.house.asked()) {
      test.answer(one, std::holds_alternative<etcd::AddLearner>(one.call) ? failure(kind) : test.house.etcd.answer(one.call));
    }
    test.house.read();
  }
}

TEST_F(Changes, AnAdditionIsClosedTogetherWithTheKeyThatSpeaksForTheNewId) {
  house.hears(info_of(9));
  be_remover();
  open(addition(house));
  run();
  EXPECT_EQ(stored().outcome, "done");
  EXPECT_EQ(stored().change.member, MemberId{0xadd});
  const auto bound = house.etcd.keys.find(record::node_key("app", MemberId{0xadd}));
  ASSERT_NE(bound, house.etcd.keys.end());
  EXPECT_EQ(record::binding_from_json(bound->second.value)->node, node_id(9));
  EXPECT_EQ(record::binding_from_json(bound->second.value)->address, address_of(9));
}

TEST_F(Changes, ALostAnswerToAnAdditionAddsNothingTwice) {
  house.hears(info_of(9));
  be_remover();
  open(addition(house));
  answer_all();
  tick();
  answer_all();                                                                     // the read-back
  for (const Asked& one : house.asked()) answer(one, house.etcd.answer(one.call));  // the list
  for (const Asked& one : house.asked()) {
    ASSERT_TRUE(std::holds_alternative<etcd::AddLearner>(one.call));
    (void)reply(one.call);
    answer(one, failure(etcd::ErrorKind::kTimeout));
  }
  house.pass(seconds(1));
  // The view has not read the new list yet: the look before the call must see it.
  lease.tick(house.now, house.world(), false, house.out);
  run();
  EXPECT_EQ(adds_called, 1);
  EXPECT_EQ(stored().outcome, "done");
  EXPECT_EQ(house.etcd.keys.count(record::node_key("app", MemberId{0xadd})), 1U);
}

TEST_F(Changes, OurOwnRefusedAdditionIsSimplyOver) {
  house.hears(info_of(9));
  be_remover();
  open(addition(house));
  answer_all();
  tick();
  answer_all();
  for (const Asked& one : house.asked()) answer(one, house.etcd.answer(one.call));
  for (const Asked& one : house.asked()) answer(one, failure(etcd::ErrorKind::kUnhealthy));
  answer_all();
  EXPECT_EQ(stored().outcome, "refused");
}

TEST_F(Changes, OurOwnRefusedAdditionIsNotOverWhileAnEarlierCallForItMayBeUnderWay) {
  house.hears(info_of(9));
  be_remover();
  open(addition(house));
  run_while_additions_fail(*this, etcd::ErrorKind::kTimeout);
  pass(seconds(59));
  run_while_additions_fail(*this, etcd::ErrorKind::kUnhealthy);
  EXPECT_TRUE(stored().open());
  pass(seconds(5));
  run_while_additions_fail(*this, etcd::ErrorKind::kUnhealthy);
  EXPECT_EQ(stored().outcome, "refused");
}

TEST_F(Changes, ARefusedAdditionOfAnotherIsOverOnlyWhenNoCallOfItsCanBeUnderWay) {
  house.hears(info_of(9));
  house.open_record(addition(house));
  be_remover();
  run_while_additions_fail(*this, etcd::ErrorKind::kUnhealthy);
  EXPECT_TRUE(stored().open());
  pass(seconds(61));
  run_while_additions_fail(*this, etcd::ErrorKind::kUnhealthy);
  EXPECT_EQ(stored().outcome, "refused") << "else it would stand in the way of the eviction that etcd waits for";
}

TEST_F(Changes, AnAdditionWhoseNodeIsGoneIsNotCalledFor) {
  house.open_record(addition(house));
  be_remover();
  run();
  EXPECT_EQ(adds_called, 0);
  EXPECT_NE(change.waits_for().find("gone"), std::string::npos);
}

TEST_F(Changes, AGhostLearnerThatBecameAVoterIsNotRemoved) {
  house.etcd.members.push_back({MemberId{8}, "n8", {}, {}, false});
  house.read();
  be_remover();
  record::Record record;
  record.change = {record::Kind::kRemove, MemberId{8}, {}, "n8", "", "ghost-learner", "silent"};
  record.electorate = house.view.electorate();
  open(record);
  run();
  EXPECT_EQ(removals_called, 0);
}

// The promotion of member 8 was decided by somebody else, and is carried on here.
struct Promotions : Changes {
  Promotions() {
    house.etcd.members.push_back({MemberId{8}, "n8", {}, {}, true});
    house.read();
    house.hears(house.member_info(8));
    be_remover();
    record::Record record;
    record.change = {record::Kind::kPromote, MemberId{8}, node_id(8), "n8", "", "seat-empty", "it has caught up"};
    record.electorate = house.view.electorate();
    house.open_record(record);
  }
};

// Whoever decided it had just heard from it; whoever carries it on may come a lease later, and gossip tells of daemons only.
TEST_F(Promotions, ALearnerIsPromotedOnlyIfItsEtcdAnswersTheLastLook) {
  look();  // and it says nothing
  EXPECT_TRUE(house.asked().empty());
  EXPECT_EQ(change.waits_for(), "an answer of the learner's etcd");
  pass(seconds(5));
  tick();
  const auto asked = house.asked();
  ASSERT_EQ(calls<etcd::GetStatus>(asked).size(), 1U) << "it is asked again";
  etcd::Status status;
  status.header = {kCluster, MemberId{8}, 1, 1};
  answer(asked[0], status);
  answer_all();
  answer_all();
  EXPECT_EQ(calls<etcd::Promote>(house.asked()).size(), 1U);
}

TEST_F(Promotions, AnotherEtcdAtTheLearnersAddressIsNoAnswer) {
  tick();
  const auto asked = house.asked();
  ASSERT_EQ(calls<etcd::GetStatus>(asked).size(), 1U);
  etcd::Status status;
  status.header = {kCluster, MemberId{9}, 1, 1};
  answer(asked[0], status);
  EXPECT_TRUE(house.asked().empty());
  EXPECT_EQ(change.waits_for(), "an answer of the learner's etcd");
}

TEST_F(Promotions, APromotionWhoseLearnerStaysSilentIsVoid) {
  for (int i = 0; i < 14 && stored().open(); ++i) {
    tick();
    for (const Asked& one : house.asked()) {
      const bool status = std::holds_alternative<etcd::GetStatus>(one.call);
      answer(one, status ? failure(etcd::ErrorKind::kTimeout) : house.etcd.answer(one.call));
    }
    house.read();
    pass(seconds(5));
  }
  EXPECT_EQ(stored().outcome, "void");
}

TEST_F(Changes, AnAnswerToACallForAnEarlierDecisionClosesNothing) {
  be_remover();
  open_removal();
  answer_all();
  look();
  answer_all();
  for (const Asked& one : house.asked()) answer(one, house.etcd.answer(one.call));
  const auto calling = house.asked();
  ASSERT_EQ(calls<etcd::RemoveMember>(calling).size(), 1U);
  record::Record next = removal();
  next.change.member = MemberId{2};
  next.change.node = node_id(2);
  house.open_record(next);
  answer(calling[0], house.etcd.answer(calling[0].call));
  EXPECT_TRUE(house.asked().empty());
  EXPECT_TRUE(stored().open());
}

}  // namespace
}  // namespace fluxpg::supervisor::test
