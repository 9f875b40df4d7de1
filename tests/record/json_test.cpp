#include <gtest/gtest.h>

#include "tests/golden/golden.hpp"
#include "tests/record/samples.hpp"

namespace fluxpg::record {
namespace {

TEST(RecordJson, ComesBackAsItWentIn) {
  EXPECT_EQ(record_from_json(to_json(samples::removal())).value(), samples::removal());
  EXPECT_EQ(record_from_json(to_json(samples::promotion())).value(), samples::promotion());
  EXPECT_EQ(founded_from_json(to_json(samples::founded())).value(), samples::founded());
  const RemoverKey key{samples::node(1), samples::member(1)};
  EXPECT_EQ(remover_from_json(to_json(key)).value(), key);
  const Binding binding{samples::member(2), samples::node(2), "node \"two\" \u00e9", "198.18.0.12"};
  EXPECT_EQ(binding_from_json(to_json(binding)).value(), binding);
}

TEST(RecordJson, ABallotAndItsVotesComeBackWithEverythingThatIsSigned) {
  const verdict::Certificate certificate = samples::removal().certificate;
  EXPECT_EQ(ballot_from_json(to_json(certificate.ballot)).value(), certificate.ballot);
  for (const verdict::Vote& vote : certificate.votes) {
    const verdict::Vote back = vote_from_json(to_json(vote)).value();
    EXPECT_EQ(back, vote);
    EXPECT_EQ(verdict::signed_bytes(certificate.ballot, back), verdict::signed_bytes(certificate.ballot, vote));
  }
}

TEST(RecordJson, AClusterThatWasGivenUpComesBackAndEveryFieldOfItIsSigned) {
  Superseded word{{1}, {2}, "t", samples::member(1), samples::node(1), {{samples::member(1), samples::node(1), "node-1"}}, {"198.18.0.12"},
                  5,   {}};
  word.signature.bytes.fill(9);
  EXPECT_EQ(superseded_from_json(to_json(word)).value(), word);
  EXPECT_FALSE(superseded_from_json(R"({"cluster":"1"})"));
  const std::string bytes = signed_bytes(word);
  std::vector<Superseded> others(9, word);
  others[0].cluster = {3};
  others[1].successor = {3};
  others[2].member = samples::member(2);
  others[3].node = samples::node(2);
  others[4].voters[0].node = samples::node(2);
  others[5].voters.clear();
  others[6].although.clear();
  others[7].at_ms = 6;
  others[8].founding_token = "u";
  for (const Superseded& other : others) EXPECT_NE(signed_bytes(other), bytes);
}

TEST(RecordJson, AGivenUpClusterMayTellNoFoundingPlanAsAnEarlierVersionWroteIt) {
  const std::string text = R"({"cluster":"1","successor":"2","member":"","node":"","voters":[],"although":[],"at_ms":0,"signature":""})";
  EXPECT_EQ(superseded_from_json(text).value().founding_token, "");
}

TEST(RecordJson, KeepsTheLargestNumbersExactly) {
  Record r = samples::removal();
  r.change.member = {UINT64_MAX};
  r.certificate.ballot.victim.incarnation = {UINT64_MAX};
  r.certificate.ballot.opened_at = WallPoint(Duration(INT64_MAX));
  r.epoch = {UINT64_MAX};
  r.decided_at_ms = INT64_MIN;
  EXPECT_EQ(record_from_json(to_json(r)).value(), r);
}

// One that an earlier version wrote, or of a cluster that made its database itself.
TEST(RecordJson, AFoundingMayTellOfNoDatabase) {
  Founded plain = samples::founded();
  plain.database.reset();
  EXPECT_EQ(founded_from_json(to_json(plain)).value(), plain);
  EXPECT_EQ(founded_from_json(R"({"token":"t","cluster":"1","round":1,"founders":[],"at_ms":0})").value().database, std::nullopt);
}

// These files are the format: if one of these tests fails, other versions cannot read what this one writes.
TEST(RecordJson, IsTheGoldenFile) {
  expect_golden("record/removal.json", to_json(samples::removal()) + "\n");
  expect_golden("record/promotion.json", to_json(samples::promotion()) + "\n");
  expect_golden("record/founded.json", to_json(samples::founded()) + "\n");
  expect_golden("record/remover.json", to_json(RemoverKey{samples::node(1), samples::member(1)}) + "\n");
}

TEST(RecordJson, IgnoresFieldsOfNewerVersions) {
  std::string text = to_json(samples::promotion());
  text.insert(1, R"("invented":{"later":[1,2]},)");
  EXPECT_EQ(record_from_json(text).value(), samples::promotion());
}

TEST(RecordJson, WritesOddBytesRatherThanFailing) {
  Record r = samples::promotion();
  r.change.name = "caf\xe9";
  EXPECT_EQ(record_from_json(to_json(r)).value().change.name, "caf\xef\xbf\xbd");
}

TEST(Keys, LieUnderTheApp) {
  EXPECT_EQ(record_key("orders"), "/fluxpg/orders/record");
  EXPECT_EQ(remover_key("orders"), "/fluxpg/orders/remover");
  EXPECT_EQ(founded_key("orders"), "/fluxpg/orders/founded");
  EXPECT_EQ(paused_key("orders"), "/fluxpg/orders/paused");
  EXPECT_EQ(node_key("orders", {0x0e9e05c521646903ULL}), "/fluxpg/orders/nodes/e9e05c521646903");
  EXPECT_EQ(history_key("orders", {16}), "/fluxpg/orders/history/16");
}

}  // namespace
}  // namespace fluxpg::record
