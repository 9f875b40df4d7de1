#include "supervisor/core/etcd_view.hpp"

#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {
namespace {

TEST(EtcdView, ShowsMembersKeysAndWhoSpeaksForWhom) {
  House house;
  EXPECT_EQ(house.view.electorate(), (verdict::Electorate{kCluster, {MemberId{1}, MemberId{2}, MemberId{3}}}));
  EXPECT_TRUE(house.view.list_is_current(house.now));
  EXPECT_TRUE(house.view.keys_are_current(house.now));
  EXPECT_EQ(house.view.keys().at(MemberId{2}), node_id(2));
  EXPECT_TRUE(house.view.founded_read());
  EXPECT_FALSE(house.view.founded());
}

TEST(EtcdView, ALearnerIsNoVoter) {
  House house;
  house.etcd.members[2].learner = true;
  house.read();
  EXPECT_EQ(house.view.electorate().voters.size(), 2U);
}

TEST(EtcdView, WhatWasReadGrowsOld) {
  House house;
  house.pass(seconds(3));
  EXPECT_FALSE(house.view.own_answers(house.now));
  house.pass(seconds(5));
  EXPECT_FALSE(house.view.list_is_current(house.now));
  house.pass(seconds(4));
  EXPECT_FALSE(house.view.keys_are_current(house.now));
}

TEST(EtcdView, AnswersOfAnotherClusterChangeNothing) {
  House house;
  house.etcd.cluster = ClusterId{0xbad};
  house.etcd.members.pop_back();
  house.pass(seconds(1));
  house.read();
  EXPECT_EQ(house.view.list().header.cluster, kCluster);
  EXPECT_EQ(house.view.list().members.size(), 3U);
  EXPECT_NE(house.view.problem().find("was expected"), std::string::npos) << house.view.problem();
}

TEST(EtcdView, ARecordThatCannotBeReadIsAProblemNotAnEmptyRecord) {
  House house;
  house.etcd.put(record::record_key("app"), "{\"half\":");
  house.read();
  EXPECT_FALSE(house.view.record());
  EXPECT_TRUE(house.view.record_revision()) << "it is there, and nothing may overwrite it unseen";
  EXPECT_NE(house.view.problem(), "");
  house.etcd.keys.erase(record::record_key("app"));
  house.read();
  EXPECT_EQ(house.view.problem(), "");
}

TEST(EtcdView, ARemoverKeyThatCannotBeReadStillMeansThatSomebodyHoldsIt) {
  House house;
  house.etcd.put(record::remover_key("app"), "?");
  house.read();
  EXPECT_TRUE(house.view.remover());
  EXPECT_NE(house.view.problem(), "");
}

TEST(EtcdView, WithoutALinearizableListTheLocalOneIsShownAndNotTrusted) {
  House house;
  house.pass(seconds(1));
  house.view.refresh_soon();
  house.view.tick(house.now, {}, kCluster, house.out);
  const auto status = house.asked();
  house.view.handle(house.now, status.at(0).purpose, house.etcd.answer(status[0].call), house.out);
  const auto list = house.asked();
  ASSERT_TRUE(std::get<etcd::ListMembers>(list.at(0).call).linearizable);
  house.view.handle(house.now, list[0].purpose, failure(etcd::ErrorKind::kTimeout), house.out);
  const auto local = house.asked();
  ASSERT_FALSE(std::get<etcd::ListMembers>(local.at(0).call).linearizable);
  house.etcd.members.pop_back();
  house.view.handle(house.now, local[0].purpose, house.etcd.answer(local[0].call), house.out);
  EXPECT_EQ(house.view.list().members.size(), 2U);
  EXPECT_FALSE(house.view.list_is_linearizable());
  EXPECT_FALSE(house.view.list_is_current(house.now));
  EXPECT_TRUE(house.asked().empty()) << "no keys without a quorum";
}

TEST(EtcdView, AFailedReadOfAKeyLeavesTheKeysToGrowOld) {
  House house;
  house.pass(seconds(13));
  house.view.refresh_soon();
  house.view.tick(house.now, {}, kCluster, house.out);
  for (int i = 0; i < 3; ++i) {
    for (const Asked& one : house.asked()) {
      const bool range = std::holds_alternative<etcd::Range>(one.call);
      house.view.handle(house.now, one.purpose, range ? failure(etcd::ErrorKind::kTimeout) : house.etcd.answer(one.call), house.out);
    }
  }
  EXPECT_TRUE(house.view.list_is_current(house.now));
  EXPECT_FALSE(house.view.keys_are_current(house.now));
}

TEST(EtcdView, WithoutAnEtcdOfItsOwnItReadsThroughAnotherMember) {
  House house(0);
  const EtcdTarget remote = World::etcd_of(info_of(2));
  house.view.tick(house.now, {remote}, {}, house.out);
  const auto status = house.asked();
  EXPECT_TRUE(status.at(0).target.own);
  house.view.handle(house.now, status[0].purpose, failure(etcd::ErrorKind::kUnreachable), house.out);
  const auto list = house.asked();
  ASSERT_EQ(calls<etcd::ListMembers>(list).size(), 1U);
  EXPECT_EQ(list[0].target.host_name, host_name(node_id(2)));
}

TEST(EtcdView, WithNobodyToAskItAsksNobody) {
  House house(0);
  house.view.tick(house.now, {}, {}, house.out);
  const auto status = house.asked();
  house.view.handle(house.now, status.at(0).purpose, failure(etcd::ErrorKind::kUnreachable), house.out);
  EXPECT_TRUE(house.asked().empty());
}

// The keys of one cycle are read one after the other: what changes in between must be seen in the next cycle, not six seconds later.
TEST(EtcdView, AChangeDuringACycleIsReadInTheNext) {
  House house;
  house.pass(seconds(1));
  house.view.refresh_soon();
  house.view.tick(house.now, {}, kCluster, house.out);
  for (int i = 0; i < 10; ++i) {
    for (const Asked& one : house.asked()) {
      const auto* range = std::get_if<etcd::Range>(&one.call);
      if (range != nullptr && range->key == record::paused_key("app")) {
        house.etcd.put(record::remover_key("app"), record::to_json(record::RemoverKey{node_id(2), MemberId{2}}));
      }
      house.view.handle(house.now, one.purpose, house.etcd.answer(one.call), house.out);
    }
  }
  EXPECT_FALSE(house.view.remover());
  house.pass(seconds(1));
  house.view.tick(house.now, {}, kCluster, house.out);
  for (int i = 0; i < 10; ++i) {
    for (const Asked& one : house.asked()) house.view.handle(house.now, one.purpose, house.etcd.answer(one.call), house.out);
  }
  EXPECT_TRUE(house.view.remover());
}

TEST(EtcdView, AReadOlderThanOurOwnTransactionDoesNotUndoIt) {
  House house;
  record::Record mine;
  mine.change.name = "mine";
  house.view.note_record(house.now, mine, Epoch{static_cast<std::uint64_t>(house.etcd.revision) + 1});
  house.read();
  ASSERT_TRUE(house.view.record());
  EXPECT_EQ(house.view.record()->change.name, "mine");
}

// The budget counts evictions in the history: one that is missing there would be one too many.
TEST(EtcdView, AHistoryOlderThanOurOwnClosingIsReadOnceMore) {
  House house;
  house.etcd.put(record::record_key("app"), record::to_json(record::Record{}));
  house.pass(seconds(1));
  house.view.refresh_soon();
  house.view.tick(house.now, {}, kCluster, house.out);
  for (int i = 0; i < 10; ++i) {
    for (const Asked& one : house.asked()) {
      const etcd::Result answer = house.etcd.answer(one.call);
      const auto* range = std::get_if<etcd::Range>(&one.call);
      if (range != nullptr && range->key == record::history_prefix("app")) {  // closed while the answer is under way
        record::Record closed;
        closed.change = {record::Kind::kRemove, MemberId{3}, node_id(3), "n3", "", "unlisted", ""};
        closed.electorate = house.view.electorate();
        closed.certificate = house.certificate(MemberId{3}, {1, 2});
        closed.remover = closed.closed_by = node_id(1);
        closed.outcome = "done";
        house.etcd.put(record::record_key("app"), record::to_json(closed));
        const Epoch epoch{static_cast<std::uint64_t>(house.etcd.revision)};
        house.etcd.put(record::history_key("app", epoch), record::to_json(closed));
        house.view.note_record(house.now, closed, epoch);
      }
      house.view.handle(house.now, one.purpose, answer, house.out);
    }
  }
  EXPECT_TRUE(house.view.history().empty());
  EXPECT_FALSE(house.view.history_is_current());
  house.pass(seconds(1));
  house.read();
  EXPECT_EQ(house.view.history().size(), 1U);
  EXPECT_TRUE(house.view.history_is_current());
}

TEST(EtcdView, TheOldestClosedDecisionIsNamedOnceThereAreAsManyAsAreKept) {
  House house;
  house.view = EtcdView("app", 2);
  house.etcd.put(record::history_key("app", Epoch{7}), record::to_json(record::Record{}));
  house.read();
  EXPECT_EQ(house.view.history_overflow(), "");
  House full;
  full.view = EtcdView("app", 2);
  full.etcd.put(record::history_key("app", Epoch{7}), record::to_json(record::Record{}));
  full.etcd.put(record::history_key("app", Epoch{8}), record::to_json(record::Record{}));
  full.read();
  EXPECT_EQ(full.view.history_overflow(), record::history_key("app", Epoch{7}));
}

}  // namespace
}  // namespace fluxpg::supervisor::test
