#include "simulation/scenario/parse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulation/scenario/observations.hpp"

namespace fluxpg::scenario {

namespace {

const char* const kGood = R"(# why
runs: [sim]
nodes: 5
spares: 1
lasts: 1h30m
let: {boss: remover, victim-to-be: other}
shadow: [node-4]
kills: [veto]
faults:
  - {name: gone, at: 10s, fault: host-vanishes, on: [victim-to-be, node-5], for: 1m30s}
  - {after: gone, at: 200ms, when: [decision_open, {voters: ">= 4"}], delay: 5s, fault: processes-stopped, on: remover, optional: true}
  - {at: 1m, fault: row-removed, on: all, backend: 2, every: 30s, times: 3}
expect:
  - {after: gone, within: 3m, that: [{voters: 4}, {not: {evicted: node-0}}, {says: {on: boss, text: dead}}]}
never:
  - {from: 1m, until: 20m, that: {removals: "> 1"}}
)";

// The scenario of good(), one line of it replaced.
std::string error_of(const std::string& yaml, const Known& known = {}) {
  const auto read = parse(yaml, "f.yaml", known);
  return read ? "no error" : read.error();
}

std::string with_fault(const std::string& fault, const std::string& runs = "[sim]") {
  return error_of("runs: " + runs + "\nlasts: 5m\nfaults:\n  - " + fault + "\nnever:\n  - that: {voters: 0}\n");
}

std::string with_never(const std::string& that, const std::string& runs = "[sim]") {
  return error_of("runs: " + runs + "\nlasts: 5m\nnever:\n  - that: " + that + "\n");
}

using testing::HasSubstr;
using testing::StartsWith;

}  // namespace

TEST(ScenarioFile, IsReadAsPlainValues) {
  const auto read = parse(kGood, "files/a-name.yaml");
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->name, "a-name");
  EXPECT_TRUE(read->in_simulator);
  EXPECT_FALSE(read->in_containers);
  EXPECT_EQ(read->nodes, 5U);
  EXPECT_EQ(read->instances, 5U);
  EXPECT_EQ(read->lasts, minutes(90));
  EXPECT_EQ(read->kills, Names{"veto"});
  ASSERT_EQ(read->steps.size(), 3U);
  EXPECT_EQ(read->steps[0].fault.on, (Names{"victim-to-be", "node-5"}));
  EXPECT_EQ(read->steps[0].fault.lasts, seconds(90));
  EXPECT_EQ(read->steps[0].line, 10);
  EXPECT_EQ(read->steps[1].since.step, "gone");
  EXPECT_EQ(read->steps[1].since.wait, milliseconds(200));
  EXPECT_EQ(to_text(read->steps[1].when), "decision_open and voters >= 4");
  EXPECT_EQ(read->steps[1].delay, seconds(5));
  EXPECT_TRUE(read->steps[1].optional);
  EXPECT_EQ(read->steps[2].times, 3U);
  EXPECT_EQ(read->steps[2].fault.backend, 2U);
  EXPECT_EQ(to_text(read->expectations.at(0).that), "voters 4 and not evicted node-0 and says 'dead' boss");
  EXPECT_EQ(read->nevers.at(0).until, minutes(20));
}

TEST(ScenarioFile, ThatIsNoYamlNamesTheLine) {
  EXPECT_THAT(error_of("runs: [sim]\nlasts: [1m\nnodes: 3\n"), StartsWith("f.yaml:3: not YAML: "));
  EXPECT_EQ(error_of(""), "f.yaml:1: the file is empty");
  EXPECT_EQ(error_of("- sim\n"), "f.yaml:1: a scenario must be a map");
}

TEST(ScenarioFile, WithAnUnknownOrDoubledKeyIsRefused) {
  EXPECT_THAT(error_of("runs: [sim]\nlast: 5m\n"), StartsWith("f.yaml:2: unknown key 'last'; known: runs, nodes,"));
  EXPECT_EQ(error_of("runs: [sim]\nlasts: 5m\nlasts: 6m\n"), "f.yaml:3: the key 'lasts' is given twice");
  EXPECT_EQ(error_of("lasts: 5m\n"), "f.yaml:1: the key 'runs' is missing");
  EXPECT_EQ(error_of("runs: [moon]\n"), "f.yaml:1: unknown place 'moon'; known: sim, real");
}

TEST(ScenarioFile, ThatCannotFailIsRefused) {
  EXPECT_EQ(error_of("runs: [sim]\nlasts: 5m\n"), "f.yaml:1: neither 'expect' nor 'never': such a scenario cannot fail");
}

TEST(ScenarioFile, WithAnUnknownNameListsTheKnownOnes) {
  EXPECT_THAT(with_fault("{at: 1s, fault: vanishes, on: node-1}"), StartsWith("f.yaml:4: unknown fault 'vanishes'; known: node-starts, "));
  EXPECT_EQ(with_fault("{at: 1s, fault: host-vanishes, on: node-7}"),
            "f.yaml:4: unknown node 'node-7'; known: node-0, node-1, node-2, all, remover, leader, victim");
  EXPECT_THAT(with_never("{voter_count: 3}"), StartsWith("f.yaml:4: unknown observation 'voter_count'; known: voters, members, "));
  EXPECT_EQ(with_fault("{after: cut, fault: host-vanishes, on: node-1}"), "f.yaml:4: unknown step 'cut'; known: ");
  EXPECT_THAT(error_of("runs: [sim]\nlet: {a: king}\nlasts: 1m\n"),
              HasSubstr("f.yaml:2: unknown role 'king'; known: remover, leader, other"));
}

TEST(ScenarioFile, NamesOnlyMutantsAndInvariantsThatAreKnownIfTheyAre) {
  const std::string yaml = "runs: [sim]\nlasts: 1m\nkills: [veto]\ntolerates: [one-cluster]\nnever:\n  - that: {voters: 0}\n";
  EXPECT_EQ(error_of(yaml), "no error");
  Known known;
  known.mutants = {"majority"};
  EXPECT_EQ(error_of(yaml, known), "f.yaml:3: unknown mutant 'veto'; known: majority");
  known.mutants = {"veto"};
  known.invariants = {"epochs-grow"};
  EXPECT_EQ(error_of(yaml, known), "f.yaml:4: unknown invariant 'one-cluster'; known: epochs-grow");
}

TEST(ScenarioFile, ThatRunsForRealUsesNothingThatOnlyVirtualTimeCanDo) {
  EXPECT_EQ(with_fault("{at: 1s, fault: machine-suspended, on: node-1}"), "no error");
  EXPECT_EQ(with_fault("{at: 1s, fault: machine-suspended, on: node-1}", "[sim, real]"),
            "f.yaml:4: 'machine-suspended' can be done in virtual time only, and 'runs' says real");
  EXPECT_EQ(with_never("veto_sent", "[sim, real]"), "f.yaml:4: 'veto_sent' can be seen in virtual time only, and 'runs' says real");
}

TEST(ScenarioFile, GivesEachFaultWhatItTakes) {
  EXPECT_EQ(with_fault("{at: 1s, fault: host-vanishes}"), "f.yaml:4: the key 'on' is missing");
  EXPECT_EQ(with_fault("{at: 1s, fault: api-down, on: node-1}"), "f.yaml:4: 'api-down' takes no 'on'");
  EXPECT_EQ(with_fault("{at: 1s, fault: host-vanishes, on: node-1, to: node-2}"), "f.yaml:4: 'host-vanishes' takes no 'to'");
  EXPECT_EQ(with_fault("{at: 1s, fault: node-goes-on, on: node-1, for: 3s}"), "f.yaml:4: 'node-goes-on' takes no 'for'");
  EXPECT_EQ(with_fault("{at: 1s, fault: row-removed, on: node-1, backend: 3}"), "f.yaml:4: '3' must be a number from 0 to 2");
  EXPECT_EQ(with_fault("{fault: host-vanishes, on: node-1}"), "f.yaml:4: a fault needs 'at', 'after' or 'when'");
  EXPECT_EQ(with_fault("{at: 1s, fault: host-vanishes, on: node-1, every: 3s}"), "f.yaml:4: 'every' and 'times' belong together");
  EXPECT_EQ(with_fault("{at: 6m, fault: host-vanishes, on: node-1}"), "f.yaml:4: this is later than the scenario lasts");
}

TEST(ScenarioFile, GivesEachObservationWhatItTakes) {
  EXPECT_EQ(with_never("{writable: true}"), "f.yaml:4: 'writable' takes nothing");
  EXPECT_EQ(with_never("voters"), "f.yaml:4: 'voters' wants a value: voters in etcd's list");
  EXPECT_EQ(with_never("{voters: many}"), "f.yaml:4: 'many' must be a number, with <, <=, > or >= before it if wanted");
  EXPECT_EQ(with_never("{not: [writable, decision_open]}"), "f.yaml:4: 'not' is of one observation");
  EXPECT_EQ(with_never("[]"), "f.yaml:4: an observation is wanted here");
}

TEST(ScenarioFile, KnowsDurations) {
  for (const char* const wrong : {"5", "m", "5 m", "-5m", "5x", "1h2", "999999999999h", "1.5h", "2000h"}) {
    EXPECT_EQ(error_of(std::string("runs: [sim]\nlasts: ") + wrong + "\n"),
              std::string("f.yaml:2: '") + wrong + "' is no duration; allowed: numbers with ms, s, m or h, like 90s or 1m30s");
  }
}

TEST(ScenarioFile, WithNodesBeyondTheBoundsIsRefused) {
  EXPECT_EQ(error_of("runs: [sim]\nnodes: 0\n"), "f.yaml:2: '0' must be a number from 1 to 9");
  EXPECT_EQ(error_of("runs: [sim]\nnodes: ten\n"), "f.yaml:2: 'ten' must be a number from 1 to 9");
}

TEST(ScenarioFile, NamesNobodyBeforeThereIsACluster) {
  EXPECT_EQ(error_of("runs: [sim]\nfounded: false\nlasts: 1m\nlet: {a: remover}\n"),
            "f.yaml:4: 'let' looks at a founded cluster, and this scenario begins without one");
  EXPECT_EQ(error_of("runs: [sim]\nlasts: 1m\nlet: {node-1: remover}\n"), "f.yaml:3: the name 'node-1' is taken");
}

TEST(ScenarioFile, IsJudgedBeforeItEnds) {
  EXPECT_EQ(error_of("runs: [sim]\nlasts: 1m\nexpect:\n  - {from: 50s, within: 20s, that: writable}\n"),
            "f.yaml:4: this is judged later than the scenario lasts");
}

}  // namespace fluxpg::scenario
