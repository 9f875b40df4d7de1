// The restored copy tells of members that are none any more: one transaction makes its keys true, or none of it happens.
#include "supervisor/core/restoration.hpp"

#include "supervisor/core/evidence.hpp"
#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

constexpr ClusterId kOld{0xaa};

// Node 1 was recovered: the only member of a new cluster, over the keys of an old one whose members were 0xa1, 0xa2, 0xa3.
struct Restored : ::testing::Test {
  Restored() {
    Recovery recovery;
    recovery.given_up.cluster = kOld;
    recovery.given_up.member = MemberId{0xa1};
    recovery.given_up.node = node_id(1);
    recovery.token = "token";
    recovery.restored = true;
    house.persistent.recovery = recovery;
    house.etcd.keys.clear();
    for (std::uint8_t node = 1; node <= 3; ++node) {
      const record::Binding old{MemberId{0xa0U + node}, node_id(node), "n", address_of(node)};
      house.etcd.put(record::node_key("app", old.member), record::to_json(old));
    }
    house.etcd.put(record::remover_key("app"), record::to_json(record::RemoverKey{node_id(3), MemberId{0xa3}}));
  }
  // Whether the transaction was asked for; etcd has answered it then.
  bool commits() {
    house.view = EtcdView("app", 200);
    house.read();
    restoration.tick(house.now, house.world(), house.persistent, house.out);
    const auto asked = house.asked();
    for (const Asked& one : asked) restoration.committed(house.world(), house.etcd.answer(one.call), house.persistent, house.out);
    transactions = calls<etcd::Txn>(asked);
    return transactions.size() == 1;
  }
  std::string stored(const std::string& key) const {
    const auto found = house.etcd.keys.find(key);
    return found == house.etcd.keys.end() ? "" : found->second.value;
  }
  House house{1};
  Restoration restoration;
  std::vector<etcd::Txn> transactions;  // the last ones asked for
};

TEST_F(Restored, ItsKeysSayWhoseClusterItIsAndWhichOneWasGivenUp) {
  ASSERT_TRUE(commits());
  EXPECT_TRUE(house.persistent.recovery->done);
  const auto founded = record::founded_from_json(stored(record::founded_key("app")));
  ASSERT_TRUE(founded);
  EXPECT_EQ(founded->token, "token");
  EXPECT_EQ(founded->cluster, kCluster);
  ASSERT_EQ(founded->founders.size(), 1U);
  EXPECT_EQ(founded->founders[0].node, node_id(1));
  const auto word = record::superseded_from_json(stored(record::superseded_key("app", kOld)));
  ASSERT_TRUE(word);
  EXPECT_EQ(word->successor, kCluster);
  EXPECT_TRUE(house.signing.verify(node_id(1), record::signed_bytes(*word), word->signature));
}

TEST_F(Restored, NobodySpeaksForTheOldMembersAndNobodyHoldsTheOldRemoverKey) {
  ASSERT_TRUE(commits());
  EXPECT_EQ(stored(record::remover_key("app")), "");
  const auto own = record::binding_from_json(stored(record::node_key("app", MemberId{1})));
  ASSERT_TRUE(own);
  EXPECT_EQ(own->node, node_id(1));
  for (std::uint8_t node = 1; node <= 3; ++node) EXPECT_EQ(stored(record::node_key("app", MemberId{0xa0U + node})), "");
}

TEST_F(Restored, TheWordNamesTheFoundingPlanOfTheClusterThatWasGivenUp) {
  house.persistent.recovery.reset();
  house.persistent.started_token = "ours";
  const auto begun = [this] {
    house.persistent.recovery.reset();
    MajorityLoss loss;
    loss.cluster = kCluster;
    loss.voters = 3;
    loss.needed = loss.majority_with = loss.majority_without = 2;
    loss.live = 1;
    Survivor self;
    self.self = self.voter = true;
    loss.survivors = {self};
    EXPECT_EQ(restoration.begin(house.now, house.world(), loss, {"app", {}}, house.persistent, house.random, house.out), "");
    return house.persistent.recovery->given_up.founding_token;
  };
  EXPECT_EQ(begun(), "ours") << "after a restart without a leader its own disk is all that tells it";
  house.etcd.put(record::founded_key("app"), record::to_json(record::Founded{"read", kCluster, 1, {}, 0, {}}));
  house.read();
  EXPECT_EQ(begun(), "read");
}

// Members that were removed by hand leave their bindings, and etcd takes 128 operations in a transaction.
TEST_F(Restored, ItIsOneTransactionHoweverManyMembersThereEverWere) {
  for (std::uint64_t member = 0x1000; member < 0x1100; ++member) {
    house.etcd.put(record::node_key("app", MemberId{member}), record::to_json(record::Binding{MemberId{member}, node_id(9), "n", ""}));
  }
  ASSERT_TRUE(commits());
  EXPECT_LE(transactions[0].writes.size(), 128U);
}

TEST_F(Restored, TheDecisionThatTheOldClusterHadOpenIsVoid) {
  record::Record open;
  open.change = {record::Kind::kRemove, MemberId{0xa3}, node_id(3), "n3", "", "unlisted", "dead"};
  house.etcd.put(record::record_key("app"), record::to_json(open));
  const Epoch epoch{static_cast<std::uint64_t>(house.etcd.revision)};
  ASSERT_TRUE(commits());
  for (const std::string& key : {record::record_key("app"), record::history_key("app", epoch)}) {
    const auto closed = record::record_from_json(stored(key));
    ASSERT_TRUE(closed) << key;
    EXPECT_EQ(closed->outcome, "void");
    EXPECT_EQ(closed->closed_by, node_id(1));
    EXPECT_EQ(closed->epoch, epoch);
  }
}

TEST_F(Restored, ARecordThatNobodyCanReadIsDeleted) {
  house.etcd.put(record::record_key("app"), "nonsense");
  ASSERT_TRUE(commits());
  EXPECT_EQ(house.etcd.keys.count(record::record_key("app")), 0U);
}

// Its etcd may still be the old one: the copy takes the place of the data only once that has stopped.
TEST_F(Restored, NothingIsWrittenIntoTheClusterThatWasGivenUp) {
  house.persistent.recovery->given_up.cluster = kCluster;
  EXPECT_FALSE(commits());
}

TEST_F(Restored, NothingIsWrittenWithoutALeader) {
  house.etcd.leader = {};
  EXPECT_FALSE(commits());
}

// The answer of the first one was lost, and the cluster has gone on since: somebody has joined, and is bound.
TEST_F(Restored, WhatWasCommittedIsNotCommittedOverWhatCameAfterIt) {
  ASSERT_TRUE(commits());
  house.persistent.recovery->done = false;
  house.etcd.put(record::node_key("app", MemberId{2}), record::to_json(record::Binding{MemberId{2}, node_id(2), "n2", ""}));
  house.pass(seconds(3));
  ASSERT_TRUE(commits());
  EXPECT_NE(stored(record::node_key("app", MemberId{2})), "");
  EXPECT_TRUE(house.persistent.recovery->done) << "refused means that it was there already";
}

}  // namespace
}  // namespace fluxpg::supervisor::test
