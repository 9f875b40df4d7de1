// A voter that leaves on its own wish: what is looked at between the decision and the call (DESIGN §6, leave).
#include "tests/supervisor-core/change_fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

// A leave of voter 3, decided by voters 1 and 2 with its own signed consent.
struct Leaves : Changes {
  Leaves() { says(true); }
  void says(bool leaves) {
    gossip::NodeInfo info = house.member_info(3);
    info.leaving = leaves;
    house.hears(info);
  }
  // Its daemon lives all the time.
  void run_while_voter_2(bool answers, MemberId as = MemberId{2}) {
    etcd::Status status;
    status.header = {kCluster, as, 1, 1};
    for (int i = 0; i < 100 && (i == 0 || stored().open()); ++i) {
      tick();
      for (auto asked = house.asked(); !asked.empty(); asked = house.asked()) {
        const bool look = std::holds_alternative<etcd::GetStatus>(asked[0].call);
        answer(asked[0], !look ? reply(asked[0].call) : answers ? etcd::Result(status) : failure(etcd::ErrorKind::kTimeout));
      }
      house.read();
      pass(seconds(1));
    }
  }
  record::Record leave(const std::vector<std::uint8_t>& signers) {
    record::Record record = removal("", verdict::kLeaveRule);
    record.certificate.ballot.why = verdict::kLeaveRule;
    record.certificate.votes.clear();
    for (const std::uint8_t signer : signers) {
      record.certificate.votes.push_back(house.vote(record.certificate.ballot, signer, verdict::Choice::kDead));
    }
    return record;
  }
};

TEST_F(Leaves, TheLivingOneThatSignedItIsRemoved) {
  be_remover();
  open(leave({1, 2, 3}));
  run_while_voter_2(true);
  EXPECT_EQ(removals_called, 1);
  EXPECT_EQ(stored().outcome, "done");
}

TEST_F(Leaves, NotItsOwnEtcdIsAskedBeforeTheCallButThoseThatRemain) {
  be_remover();
  house.open_record(leave({1, 2, 3}));
  tick();
  const auto asked = house.asked();
  ASSERT_EQ(calls<etcd::GetStatus>(asked).size(), 1U);
  EXPECT_EQ(asked[0].target.endpoint, house.world().etcd_of(MemberId{2}, node_id(2))->endpoint);
}

// etcd would take it: whoever leaves counts for its quorum until it is gone. Afterwards one of two would live.
TEST_F(Leaves, WhereTooFewEtcdsRemainNobodyIsRemovedAndInTheEndItIsVoid) {
  be_remover();
  house.open_record(leave({1, 2, 3}));
  run_while_voter_2(false);
  EXPECT_EQ(removals_called, 0);
  EXPECT_EQ(stored().outcome, "void");
  EXPECT_EQ(stored().detail, "too few of the etcds that remain answer");
}

TEST_F(Leaves, AnotherEtcdAtTheAddressOfOneThatRemainsIsNoAnswer) {
  be_remover();
  house.open_record(leave({1, 2, 3}));
  run_while_voter_2(true, MemberId{9});
  EXPECT_EQ(removals_called, 0);
  EXPECT_EQ(stored().outcome, "void");
}

TEST_F(Leaves, WithoutItsSignatureNobodyCarriesItOut) {
  be_remover();
  house.open_record(leave({1, 2}));
  run();
  EXPECT_EQ(removals_called, 0);
  EXPECT_EQ(change.flaw(), "the member that leaves has not signed it");
}

TEST_F(Leaves, ItsSignatureIsNoVoteOfTheOthers) {
  be_remover();
  house.open_record(leave({1, 3}));
  run();
  EXPECT_EQ(removals_called, 0);
}

TEST_F(Leaves, AConsentToLeaveIsNoVerdictOfDeath) {
  be_remover();
  house.dead(3);
  record::Record other = leave({1, 2, 3});
  other.change.rule = "unlisted";
  house.open_record(other);
  run();
  EXPECT_EQ(removals_called, 0);
  EXPECT_NE(change.flaw(), "");
}

TEST_F(Leaves, TakenBackBeforeTheCallItIsRefuted) {
  be_remover();
  open(leave({1, 2, 3}));
  says(false);
  run();
  EXPECT_EQ(removals_called, 0);
  EXPECT_EQ(stored().outcome, "refuted");
}

TEST_F(Leaves, OfOneThatIsNotHeardNothingIsCalled) {
  be_remover();
  house.open_record(leave({1, 2, 3}));
  gossip::NodeInfo info = house.member_info(3);
  info.leaving = true;
  house.hears(info, gossip::State::kSuspect);
  run();
  house.never_heard(3);
  run();
  EXPECT_EQ(removals_called, 0);
}

TEST_F(Leaves, NothingIsCalledWhenTooFewOthersLive) {
  be_remover();
  open(leave({1, 2, 3}));
  house.dead(2);
  run();
  EXPECT_EQ(removals_called, 0);
  EXPECT_EQ(stored().outcome, "refuted") << "without asking their etcds first";
}

TEST_F(Leaves, TakenBackTheNextRemoverDoesNotCallEither) {
  be_remover();
  says(false);
  house.open_record(leave({1, 2, 3}));
  run();
  EXPECT_EQ(removals_called, 0);
  EXPECT_TRUE(stored().open()) << "its opener may have called";
}

}  // namespace
}  // namespace fluxpg::supervisor::test
