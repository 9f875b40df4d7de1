#include "simulation/scenario/play.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulation/scenario/parse.hpp"

namespace fluxpg::scenario {

namespace {

// Three nodes whose state the test sets by hand.
class ToyWorld : public World {
 public:
  Duration now() const override { return time; }
  std::size_t nodes() const override { return 3; }
  std::string name(Node node) const override { return "node-" + std::to_string(node); }
  std::size_t clusters() const override { return 1; }
  std::size_t voters() const override { return voters_now; }
  std::size_t members() const override { return voters_now; }
  std::size_t removals() const override { return 0; }
  bool writable() const override { return true; }
  bool runs(Node) const override { return true; }
  bool works(Node node) const override { return node != broken; }
  bool is_voter(Node) const override { return true; }
  bool is_member(Node) const override { return true; }
  bool evicted(Node) const override { return false; }
  bool keeps_its_data(Node) const override { return true; }
  bool keeps_its_database(Node) const override { return true; }
  bool runs_postgres(Node) const override { return true; }
  std::optional<Node> postgres_leader() const override { return 0; }
  std::optional<Node> remover() const override { return boss; }
  std::optional<Node> leader() const override { return 0; }
  std::optional<Node> victim() const override { return std::nullopt; }
  bool decision_open() const override { return open; }
  std::string last_rule() const override { return ""; }
  Status status(Node node) const override {
    ++asked;
    return {"healthy", "enforce", 3, {name(node) + " is content"}};
  }
  std::uint64_t happened(const std::string&) const override { return events; }
  void carry_out(const Deed& deed) override { deeds.push_back(deed); }

  Duration time{};
  std::size_t voters_now = 3;
  Node broken = 3;
  std::optional<Node> boss = 1;
  bool open = false;
  std::uint64_t events = 0;
  mutable int asked = 0;
  std::vector<Deed> deeds;
};

struct Stage {
  explicit Stage(const std::string& rest) : scenario(parse("runs: [sim]\nlasts: 1m\n" + rest, "f.yaml").value()), play(scenario, world) {}
  void go_to(Duration time) {
    for (; world.time < time; world.time += milliseconds(10)) play.advance();
    play.advance();
  }
  std::vector<std::string> failures() const {
    std::vector<std::string> all;
    for (const Failure& failure : play.failures()) all.push_back(failure.what);
    return all;
  }
  ToyWorld world;
  Scenario scenario;
  Play play;
};

using testing::ElementsAre;
using testing::IsEmpty;

}  // namespace

TEST(Play, FailsAnExpectationThatDoesNotComeTrueAndSaysWhatWasSeen) {
  Stage stage("expect:\n  - {from: 10s, within: 5s, that: [{voters: 2}, {works: node-1}]}\n");
  stage.go_to(seconds(14));
  EXPECT_THAT(stage.failures(), IsEmpty());
  stage.go_to(seconds(20));
  EXPECT_THAT(stage.failures(),
              ElementsAre("f.yaml:4: expected from 10 s to 15 s: voters 2 and works node-1; seen: voters 3, node-1: works"));
  EXPECT_EQ(stage.play.failures().front().at, seconds(15));
}

TEST(Play, AcceptsAnExpectationThatWasTrueForAMoment) {
  Stage stage("expect:\n  - {from: 10s, within: 5s, that: {voters: 2}}\n");
  stage.go_to(seconds(12));
  stage.world.voters_now = 2;
  stage.go_to(seconds(13));
  stage.world.voters_now = 3;
  stage.go_to(seconds(60));
  stage.play.finish();
  EXPECT_THAT(stage.failures(), IsEmpty());
}

TEST(Play, FailsWhatMustNeverBeOnceAndOnlyInItsTime) {
  Stage stage("never:\n  - {from: 10s, until: 20s, that: {not: {works: node-1}}}\n");
  stage.world.broken = 1;
  stage.go_to(seconds(9));
  EXPECT_THAT(stage.failures(), IsEmpty());
  stage.go_to(seconds(60));
  EXPECT_THAT(stage.failures(), ElementsAre("f.yaml:4: must never be: not works node-1; seen: node-1: not works"));
  EXPECT_EQ(stage.play.failures().front().at, seconds(10));

  Stage later("never:\n  - {from: 10s, until: 20s, that: {not: {works: node-1}}}\n");
  later.go_to(seconds(21));
  later.world.broken = 1;
  later.go_to(seconds(60));
  EXPECT_THAT(later.failures(), IsEmpty());
}

TEST(Play, CarriesOutAFaultWhenItsMomentHasCome) {
  Stage stage(
      "faults:\n"
      "  - {name: first, when: decision_open, delay: 2s, fault: host-vanishes, on: remover, for: 30s}\n"
      "  - {after: first, at: 5s, fault: host-vanishes, on: [node-0, node-2]}\n"
      "never:\n  - that: {voters: 0}\n");
  stage.go_to(seconds(10));
  EXPECT_TRUE(stage.world.deeds.empty());
  stage.world.open = true;
  stage.go_to(seconds(11));
  stage.world.open = false;
  stage.world.boss = 2;  // whoever is remover when it happens
  stage.go_to(seconds(13));
  ASSERT_EQ(stage.world.deeds.size(), 1U);
  EXPECT_EQ(stage.world.deeds[0].on, std::vector<Node>{2});
  EXPECT_EQ(stage.world.deeds[0].lasts, seconds(30));
  stage.go_to(seconds(16));
  EXPECT_EQ(stage.world.deeds.size(), 1U);
  stage.go_to(seconds(18));
  ASSERT_EQ(stage.world.deeds.size(), 2U);
  EXPECT_EQ(stage.world.deeds[1].on, (std::vector<Node>{0, 2}));
}

TEST(Play, RepeatsAFault) {
  Stage stage("faults:\n  - {at: 1s, fault: host-vanishes, on: node-0, every: 10s, times: 3}\nnever:\n  - that: {voters: 0}\n");
  stage.go_to(seconds(20));
  EXPECT_EQ(stage.world.deeds.size(), 2U);
  stage.go_to(seconds(60));
  EXPECT_EQ(stage.world.deeds.size(), 3U);
}

TEST(Play, FailsIfAFaultNeverHitUnlessItIsOptional) {
  const std::string step = "faults:\n  - {when: decision_open, fault: host-vanishes, on: node-0";
  const std::string never = "}\nnever:\n  - that: {voters: 0}\n";
  Stage stage(step + never);
  stage.go_to(seconds(60));
  stage.play.finish();
  EXPECT_THAT(stage.failures(), ElementsAre("f.yaml:4: 'host-vanishes' never happened: this was never seen: decision_open"));
  Stage optional(step + ", optional: true" + never);
  optional.go_to(seconds(60));
  optional.play.finish();
  EXPECT_THAT(optional.failures(), IsEmpty());
}

TEST(Play, FailsIfAFaultFindsNobody) {
  Stage stage("faults:\n  - {at: 1s, fault: host-vanishes, on: remover}\nnever:\n  - that: {voters: 0}\n");
  stage.world.boss.reset();
  stage.go_to(seconds(2));
  EXPECT_THAT(stage.failures(), ElementsAre("f.yaml:4: 'host-vanishes' finds nobody: remover"));
  EXPECT_TRUE(stage.world.deeds.empty());
}

TEST(Play, CountsAnEventOnlyFromWhenItIsLookedOutFor) {
  Stage stage("expect:\n  - {from: 10s, within: 5s, that: remover_elected}\n");
  stage.world.events = 7;
  stage.go_to(seconds(60));
  EXPECT_THAT(stage.failures(), ElementsAre("f.yaml:4: expected from 10 s to 15 s: remover_elected; seen: remover_elected 0 times"));
}

TEST(Play, OfARoleThatNobodyHasNothingHoldsAndNeitherDoesTheContrary) {
  Stage stage("never:\n  - that: {works: remover}\n  - that: {not: {works: remover}}\n");
  EXPECT_EQ(stage.failures().size(), 1U);  // when it began there was one
  Stage nobody("never:\n  - {from: 1s, that: {works: remover}}\n  - {from: 1s, that: {not: {works: remover}}}\n");
  nobody.world.boss.reset();
  nobody.go_to(seconds(60));
  EXPECT_THAT(nobody.failures(), IsEmpty());
}

TEST(Play, NamesNodesByTheirRoleAtTheStart) {
  Stage stage(
      "let: {boss: remover, next: other, last: other}\nfaults:\n  - {at: 5s, fault: host-vanishes, on: [boss, next, last]}\nnever:\n  - "
      "that: {voters: 0}\n");
  stage.world.boss = 0;
  stage.go_to(seconds(5));
  ASSERT_EQ(stage.world.deeds.size(), 1U);
  EXPECT_EQ(stage.world.deeds[0].on, (std::vector<Node>{1, 0, 2}));
}

TEST(Play, AsksTheDaemonsTenTimesASecondAtMost) {
  Stage stage("never:\n  - that: {not: {says: {on: node-0, text: content}}}\n  - that: {health: degraded}\n");
  stage.go_to(seconds(1));
  EXPECT_GT(stage.world.asked, 10);
  EXPECT_LE(stage.world.asked, 11 * 2);
  EXPECT_THAT(stage.failures(), IsEmpty());
}

}  // namespace fluxpg::scenario
