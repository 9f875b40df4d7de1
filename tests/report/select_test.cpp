#include <gtest/gtest.h>

#include "tests/report/snapshots.hpp"

namespace fluxpg::report {
namespace {

using record::samples::member;
using record::samples::node;

std::vector<record::Record> history() {
  record::Record addition = record::samples::promotion();
  addition.change.kind = record::Kind::kAddLearner;
  addition.change.member = {};
  return {signed_removal(), record::samples::promotion(), addition};
}

std::vector<record::Kind> kinds(std::string_view text) {
  std::vector<record::Kind> result;
  for (const record::Record& r : select(history(), text)) result.push_back(r.change.kind);
  return result;
}

using Kinds = std::vector<record::Kind>;
const Kinds kRemoval{record::Kind::kRemove};
const Kinds kJoining{record::Kind::kPromote, record::Kind::kAddLearner};

TEST(Select, TakesANodeName) {
  EXPECT_EQ(kinds("node-198-18-0-13"), kRemoval);
  EXPECT_EQ(kinds("node-198-18-0-14"), kJoining);
  EXPECT_EQ(kinds("node-198-18-0-1"), Kinds{}) << "1.2.3.1 is not 1.2.3.13";
}

TEST(Select, TakesAMemberIdAsEtcdctlPrintsIt) {
  EXPECT_EQ(kinds("8e9e05c521646903"), kRemoval);
  EXPECT_EQ(kinds("8E9E05C521646903"), kRemoval);
  EXPECT_EQ(kinds("8e9e05c52164690"), Kinds{});
  EXPECT_EQ(kinds("0"), Kinds{}) << "no member id is not the id of those that have none";
}

TEST(Select, TakesANodeIdOrSixOfItsDigits) {
  EXPECT_EQ(kinds(to_text(node(3))), kRemoval);
  EXPECT_EQ(kinds("444546"), kJoining);
  EXPECT_EQ(kinds("n-444546"), kJoining);
  EXPECT_EQ(kinds("44454"), Kinds{}) << "too short";
  EXPECT_EQ(kinds(""), Kinds{});
}

TEST(Select, RefusesAPrefixOfTwoNodes) {
  std::vector<record::Record> two = history();
  two[0].change.node = two[1].change.node;
  two[0].change.node.bytes[31] ^= 1;
  EXPECT_TRUE(select(two, "444546").empty());
  EXPECT_EQ(select(two, to_text(two[0].change.node)).size(), 1U);
}

TEST(Knows, ThoseInTheSnapshotAndThoseInItsHistory) {
  Snapshot s = healthy();
  EXPECT_TRUE(knows(s, "node-198-18-0-11"));
  EXPECT_TRUE(knows(s, "222324"));
  EXPECT_TRUE(knows(s, to_text(member(2))));
  EXPECT_FALSE(knows(s, "node-198-18-0-14"));
  EXPECT_FALSE(knows(s, "beef"));
  EXPECT_FALSE(knows(s, ""));
  s.history = history();
  EXPECT_TRUE(knows(s, "node-198-18-0-14"));
}

TEST(AllDecisions, BeginWithTheOpenOne) {
  Snapshot s = healthy();
  s.history = history();
  s.open_decision = record::samples::promotion();
  EXPECT_EQ(all_decisions(s).size(), 4U);
  EXPECT_TRUE(all_decisions(s).front().open());
}

}  // namespace
}  // namespace fluxpg::report
