// What a good answer may look like, the specification, and hostinfo.
#include "discovery/parse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discovery/text.hpp"

namespace fluxpg::discovery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Row> good_rows(const std::string& data) {
  const auto answer = parse_locations("orders-db", "server7_1.2.3.4", 200, R"({"status":"success","data":)" + data + "}", {});
  if (const auto* bad = std::get_if<Bad>(&answer)) ADD_FAILURE() << bad->detail;
  const auto* good = std::get_if<Good>(&answer);
  return good ? good->rows : std::vector<Row>{};
}

TEST(Parse, ReadsTheDocumentedShape) {
  const auto answer = parse_locations("orders-db", "server7_1.2.3.4", 200, R"({"status":"success","data":[{"name":"orders-db","hash":"a1",
    "ip":"203.0.113.7:16137","broadcastedAt":"2026-07-01T10:00:00.000Z","expireAt":"2026-07-01T12:05:00.000Z",
    "runningSince":"2026-06-20T08:00:00.000Z","osUptime":123456.7,"staticIp":true}]})",
                                      {});
  const auto& good = std::get<Good>(answer);
  EXPECT_EQ(good.backend, "server7_1.2.3.4");
  EXPECT_THAT(good.rows, ElementsAre(Row{"203.0.113.7", 16137}));
}

TEST(Parse, TakesABareIpForTheDefaultPortAndSortsByAddress) {
  EXPECT_THAT(good_rows(R"([{"name":"orders-db","ip":"198.18.0.12"},{"name":"orders-db","ip":"198.18.0.11:16147"}])"),
              ElementsAre(Row{"198.18.0.11", 16147}, Row{"198.18.0.12", 16127}));
}

TEST(Parse, MergesDuplicatesAndABareIpBesideItsOwnPort) {
  EXPECT_THAT(good_rows(R"([{"name":"orders-db","ip":"198.18.0.11"},{"name":"orders-db","ip":"198.18.0.11:16127"},
                            {"name":"orders-db","ip":"198.18.0.11"},{"name":"orders-db","ip":"198.18.0.11:16137"}])"),
              ElementsAre(Row{"198.18.0.11", 16127}));
}

TEST(Parse, IgnoresUnknownFieldsHoweverNested) {
  EXPECT_THAT(
      good_rows(R"([{"name":"orders-db","ip":"198.18.0.11","new":{"deep":[[{"ip":"1.1.1.1"}]]},"other":null}],"more":{"data":[1]})"),
      ElementsAre(Row{"198.18.0.11", 16127}));
}

TEST(Parse, AcceptsMissingAndNullDates) {
  EXPECT_EQ(good_rows(R"([{"name":"orders-db","ip":"198.18.0.11","broadcastedAt":null},{"name":"orders-db","ip":"198.18.0.12"}])").size(),
            2U);
}

TEST(Parse, ComparesAppNamesWithoutCase) { EXPECT_EQ(good_rows(R"([{"name":"Orders-DB","ip":"198.18.0.11"}])").size(), 1U); }

TEST(Parse, AllowsPrivateAndLoopbackAddressesForTestNetworks) {
  EXPECT_EQ(good_rows(R"([{"name":"orders-db","ip":"127.0.0.3"},{"name":"orders-db","ip":"10.0.0.1:16127"}])").size(), 2U);
}

TEST(Parse, MakesTheBackendsNamePrintableAndShort) {
  const auto answer = parse_locations("a", "\x1b[31m" + std::string(1000, 'x'), 500, "", {});
  EXPECT_EQ(std::get<Bad>(answer).backend.substr(0, 6), "?[31mx");
  EXPECT_LE(std::get<Bad>(answer).backend.size(), 128U);
}

TEST(Parse, ReadsInstances) {
  EXPECT_EQ(
      parse_instances("orders-db", "b", 200, R"({"status":"success","data":{"name":"orders-db","instances":5,"compose":[{"name":"x"}]}})"),
      5U);
}

TEST(Parse, RefusesInstancesThatFluxCannotMean) {
  for (const char* instances : {"2", "101", "-3", "3.5", "\"3\"", "null", "true", "18446744073709551615"}) {
    const std::string body = std::string(R"({"status":"success","data":{"name":"orders-db","instances":)") + instances + "}}";
    const auto result = parse_instances("orders-db", "b", 200, body);
    ASSERT_FALSE(result) << instances;
    EXPECT_EQ(result.error().fault, Fault::kShape) << instances;
  }
}

TEST(Parse, RefusesTheSpecificationOfAnotherApp) {
  const auto result = parse_instances("orders", "b", 200, R"({"status":"success","data":{"name":"orders-db","instances":3}})");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::kForeignApp);
  EXPECT_EQ(result.error().backend, "b");
}

TEST(Parse, ReadsHostinfoWithAndWithoutAPort) {
  EXPECT_EQ(parse_hostinfo(200, R"({"status":"success","data":{"appName":"x","id":"h","ip":"203.0.113.7:16137"}})"), "203.0.113.7");
  EXPECT_EQ(parse_hostinfo(200, R"({"status":"success","data":{"ip":"203.0.113.7"}})"), "203.0.113.7");
}

TEST(Parse, RefusesHostinfoWithoutAnAddress) {
  EXPECT_THAT(parse_hostinfo(200, R"({"status":"success","data":{"ip":"localhost"}})").error(), HasSubstr("\"localhost\" is not IPv4"));
  EXPECT_THAT(parse_hostinfo(200, R"({"status":"success","data":{}})").error(), HasSubstr("no ip"));
  EXPECT_THAT(parse_hostinfo(200, R"({"status":"success","data":"1.2.3.4"})").error(), HasSubstr("no ip"));
  EXPECT_THAT(parse_hostinfo(503, "").error(), HasSubstr("503"));
}

TEST(Text, KnowsUtf8) {
  for (const char* text : {"", "plain", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x90\x98", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (const char* bytes :
       {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "a\xFF", "\xE2\x82"}) {
    EXPECT_FALSE(is_utf8(bytes));
  }
}

}  // namespace
}  // namespace fluxpg::discovery
