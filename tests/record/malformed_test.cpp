// Everything in etcd may have been written by hand. Each way of being wrong is one sentence that names the field.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/record/samples.hpp"

namespace fluxpg::record {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

Json good() { return Json::parse(to_json(samples::removal())); }

std::string error(const std::string& text) {
  const auto result = record_from_json(text);
  return result ? "accepted" : result.error();
}

std::string error_with(const std::string& pointer, const Json& value) {
  Json json = good();
  json[Json::json_pointer(pointer)] = value;
  return error(json.dump());
}

TEST(MalformedRecord, IsNotJsonAtAll) {
  EXPECT_EQ(error(""), "record is not JSON in UTF-8");
  EXPECT_EQ(error("<html>"), "record is not JSON in UTF-8");
  EXPECT_EQ(error("{\"kind\":\"\xff\"}"), "record is not JSON in UTF-8");
  EXPECT_EQ(error("[]"), "record is [], expected an object");
  EXPECT_EQ(error("null"), "record is null, expected an object");
  const std::string text = to_json(samples::removal());
  EXPECT_EQ(error(text.substr(0, text.size() / 2)), "record is not JSON in UTF-8");
  EXPECT_EQ(error(text + "x"), "record is not JSON in UTF-8");
}

TEST(MalformedRecord, IsTooLargeOrTooDeep) {
  EXPECT_EQ(error(std::string((1 << 20) + 1, ' ')), "record has 1048577 bytes, allowed are 1048576");
  EXPECT_EQ(error(std::string(100'000, '[')), "record is nested more than 16 levels deep");
}

// Takes every field away in turn, at every depth.
void expect_each_field_is_missed(const Json& whole, const Json& part, const std::string& pointer) {
  for (const auto& [field, value] : part.items()) {
    if (part.is_object()) {
      Json damaged = whole;
      damaged[Json::json_pointer(pointer)].erase(field);
      EXPECT_THAT(error(damaged.dump()), HasSubstr("." + field + " is missing"));
      damaged = whole;
      damaged[Json::json_pointer(pointer)][field] = Json::object({{"x", true}});
      EXPECT_THAT(error(damaged.dump()), HasSubstr(field)) << pointer;
    }
    if (value.is_structured()) expect_each_field_is_missed(whole, value, pointer + "/" + field);
  }
}

TEST(MalformedRecord, LacksAFieldOrHasAnObjectInItsPlace) { expect_each_field_is_missed(good(), good(), ""); }

TEST(MalformedRecord, HasAWrongValue) {
  EXPECT_EQ(error_with("/kind", "destroy"), R"(record.kind is "destroy", expected one of "remove" "add-learner" "promote")");
  EXPECT_EQ(error_with("/outcome", "maybe"), R"(record.outcome is "maybe", expected one of "" "done" "refuted" "void" "refused")");
  EXPECT_EQ(error_with("/member", ""), R"(record.member is "", expected a member id)");
  EXPECT_EQ(error_with("/member", 17), "record.member is 17, expected a text");
  EXPECT_EQ(error_with("/member", "0x12"), R"(record.member is "0x12", expected 1 to 16 hex digits or an empty text)");
  EXPECT_EQ(error_with("/node", "abc"), R"(record.node is "abc", expected 64 hex digits or an empty text)");
  EXPECT_EQ(error_with("/epoch", -1), "record.epoch is -1, expected a whole number of 0 or more");
  EXPECT_EQ(error_with("/epoch", 1.5), "record.epoch is 1.5, expected a whole number of 0 or more");
  EXPECT_EQ(error_with("/decided_at_ms", "now"), R"(record.decided_at_ms is "now", expected a whole number)");
  EXPECT_EQ(error_with("/decided_at_ms", UINT64_MAX), "record.decided_at_ms is 18446744073709551615, expected a number below 2^63");
  EXPECT_EQ(error_with("/certificate", "yes"), R"(record.certificate is "yes", expected an object)");
  EXPECT_EQ(error_with("/certificate/votes", 3), "record.certificate.votes is 3, expected a list");
  EXPECT_EQ(error_with("/certificate/votes/1/vote", "maybe"),
            R"(record.certificate.votes[1].vote is "maybe", expected one of "dead" "alive" "abstain")");
  EXPECT_EQ(error_with("/certificate/votes/0/evidence/1/ms", nullptr),
            "record.certificate.votes[0].evidence[1].ms is null, expected a whole number");
  EXPECT_EQ(error_with("/certificate/ballot/id", ""), R"(record.certificate.ballot.id is "", expected a ballot id)");
}

TEST(MalformedRecord, HasAnElectorateThatIsNoSet) {
  EXPECT_EQ(error_with("/electorate/voters/2", "8e9e05c521646902"),
            R"(record.electorate.voters[2] is "8e9e05c521646902", expected ascending ids without repetition)");
  EXPECT_THAT(error_with("/electorate/voters/0", ""), StartsWith(R"(record.electorate.voters[0] is "", expected a member id)"));
}

TEST(MalformedRecord, ShowsOnlyTheBeginningOfALongValue) { EXPECT_LT(error_with("/kind", std::string(100'000, 'x')).size(), 200U); }

TEST(MalformedKeys, NameTheirKeyAndField) {
  EXPECT_EQ(remover_from_json("{}").error(), "remover.node is missing");
  EXPECT_EQ(remover_from_json(R"({"node":"","member":"1"})").error(), R"(remover.node is "", expected a node id)");
  EXPECT_EQ(binding_from_json(R"({"member":"","node":"","name":"","address":""})").error(), R"(nodes.member is "", expected a member id)");
  EXPECT_EQ(founded_from_json(R"({"token":"t","cluster":"1","round":1,"founders":[7],"at_ms":0})").error(),
            "founded.founders[0] is 7, expected an object");
  EXPECT_EQ(
      founded_from_json(R"({"token":"t","cluster":"1","round":1,"founders":[],"at_ms":0,"database":{"system_id":"7","node":7}})").error(),
      "founded.database.timeline is missing");
}

TEST(MalformedReferendum, IsNamedByItsField) {
  const verdict::Ballot ballot = samples::removal().certificate.ballot;
  const auto with = [&ballot](const std::string& pointer, const Json& value) {
    Json json = Json::parse(to_json(ballot));
    json[Json::json_pointer(pointer)] = value;
    return ballot_from_json(json.dump()).error();
  };
  EXPECT_EQ(ballot_from_json("<html>").error(), "referendum is not JSON in UTF-8");
  EXPECT_EQ(with("/id", ""), R"(referendum.id is "", expected a ballot id)");
  EXPECT_EQ(with("/electorate/voters/0", "0"), R"(referendum.electorate.voters[0] is "0", expected a member id of 1 to 16 hex digits)");
  EXPECT_EQ(with("/revision", -1), "referendum.revision is -1, expected a whole number of 0 or more");
}

TEST(MalformedVote, IsNamedByItsField) {
  const verdict::Vote vote = samples::removal().certificate.votes.at(0);
  const auto with = [&vote](const std::string& field, const Json& value) {
    Json json = Json::parse(to_json(vote));
    json[field] = value;
    return vote_from_json(json.dump()).error();
  };
  EXPECT_EQ(vote_from_json("").error(), "votes is not JSON in UTF-8");
  EXPECT_EQ(with("vote", "maybe"), R"(votes.vote is "maybe", expected one of "dead" "alive" "abstain")");
  EXPECT_EQ(with("signature", "12"), R"(votes.signature is "12", expected 128 hex digits or an empty text)");
  EXPECT_EQ(with("evidence", 3), "votes.evidence is 3, expected a list");
}

}  // namespace
}  // namespace fluxpg::record
