// The model alone; that its answers are Flux answers is shown by the parser of the daemon.
#include "simulation/flux-api/model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discovery/parse.hpp"

namespace fluxpg::flux_api {
namespace {

using discovery::Bad;
using discovery::Good;
using testing::HasSubstr;

const WallPoint kNow = wall_from_unix_ms(1'782'900'000'123);  // 2026-07-01 10:00:00.123 UTC
const char* const kThree =
    R"({"apps":{"Orders-DB":{"instances":5,"rows":[{"ip":"198.18.0.11:16127"},{"ip":"198.18.0.12"},{"ip":"198.18.0.13:16137"}]}}})";

Model with(const char* state, std::size_t backends = 1) {
  Model model(backends);
  const auto refused = model.put_state(std::nullopt, state);
  EXPECT_EQ(refused, std::nullopt);
  return model;
}

discovery::Answer parsed(const Reply& reply) {
  return discovery::parse_locations("orders-db", reply.backend, reply.status, reply.body, {});
}

TEST(Model, AnswersWhatTheDaemonsParserAccepts) {
  Model model = with(kThree);
  const auto answer = parsed(model.location("ORDERS-db", kNow));
  EXPECT_EQ(std::get<Good>(answer).rows.size(), 3U);
  EXPECT_EQ(std::get<Good>(answer).backend, "server0_192.0.2.1");
  const auto specification = model.specification("orders-db");
  EXPECT_EQ(discovery::parse_instances("orders-db", "b", specification.status, specification.body), 5U);
}

TEST(Model, FillsInTheFieldsThatFluxSends) {
  Model model = with(R"({"apps":{"a":{"rows":[{"ip":"1.2.3.4","staticIp":null,"name":"liar"}]}}})");
  const std::string body = model.location("a", kNow).body;
  EXPECT_THAT(body, HasSubstr(R"("broadcastedAt":"2026-07-01T10:00:00.000Z")"));
  EXPECT_THAT(body, HasSubstr(R"("expireAt":"2026-07-01T12:05:00.000Z")"));
  EXPECT_THAT(body, HasSubstr(R"("runningSince":"2026-06-21T10:00:00.000Z")"));
  EXPECT_THAT(body, HasSubstr(R"("staticIp":null)")) << "what is given is kept";
  EXPECT_THAT(body, HasSubstr(R"("name":"liar")"));
  EXPECT_THAT(model.specification("a").body, HasSubstr(R"("instances":3)"));
}

TEST(Model, KnowsNothingOfOtherApps) {
  Model model = with(kThree);
  EXPECT_EQ(model.location("orders", kNow).body, R"({"status":"success","data":[]})");
  EXPECT_THAT(model.specification("orders").body, HasSubstr(R"({"status":"error")"));
}

TEST(Model, LetsBackendsAnswerInTurnAndDisagree) {
  Model model = with(kThree, 3);
  ASSERT_EQ(model.put_state(1, R"({"apps":{"orders-db":{"rows":[{"ip":"198.18.0.11"}]}}})"), std::nullopt);
  std::vector<std::size_t> rows;
  for (int i = 0; i < 6; ++i) rows.push_back(std::get<Good>(parsed(model.location("orders-db", kNow))).rows.size());
  EXPECT_THAT(rows, testing::ElementsAre(3, 1, 3, 3, 1, 3));
}

TEST(Model, TellsEachFaultAsTheParserNamesIt) {
  Model model = with(kThree);
  const std::vector<std::pair<std::string, discovery::Fault>> table = {{"error", discovery::Fault::kStatusError},
                                                                       {"empty", discovery::Fault::kEmpty},
                                                                       {"html502", discovery::Fault::kHttpStatus},
                                                                       {"truncated", discovery::Fault::kNotJson},
                                                                       {"redirect", discovery::Fault::kRedirect}};
  for (const auto& [mode, fault] : table) {
    ASSERT_EQ(model.put_fault(R"({"mode":")" + mode + R"("})"), std::nullopt);
    const auto answer = parsed(model.location("orders-db", kNow));
    ASSERT_TRUE(std::holds_alternative<Bad>(answer)) << mode;
    EXPECT_EQ(to_text(std::get<Bad>(answer).fault), to_text(fault)) << mode;
  }
  ASSERT_EQ(model.put_fault(R"({"mode":"ok"})"), std::nullopt);
  EXPECT_TRUE(std::holds_alternative<Good>(parsed(model.location("orders-db", kNow))));
}

TEST(Model, HitsTheGivenShareOfTheRequestsEvenly) {
  for (const auto& [share, expected] :
       std::vector<std::pair<std::string, int>>{{"0", 0}, {"0.1", 10}, {"0.5", 50}, {"0.33", 33}, {"1", 100}}) {
    Model model = with(kThree);
    ASSERT_EQ(model.put_fault(R"({"mode":"empty","share":)" + share + "}"), std::nullopt);
    int hits = 0;
    for (int i = 0; i < 100; ++i) hits += model.location("orders-db", kNow).mode == Mode::kEmpty ? 1 : 0;
    EXPECT_EQ(hits, expected) << share;
  }
}

TEST(Model, FaultsOneBackendOnly) {
  Model model = with(kThree, 2);
  ASSERT_EQ(model.put_fault(R"({"mode":"hang","backend":1})"), std::nullopt);
  EXPECT_EQ(model.location("orders-db", kNow).mode, Mode::kOk);
  EXPECT_EQ(model.location("orders-db", kNow).mode, Mode::kHang);
}

TEST(Model, RefusesBadStatesWithOneSentenceAndKeepsTheOldOne) {
  Model model = with(kThree);
  const std::string before = model.state();
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "not JSON"},
      {"[]", "must be a JSON object"},
      {"{}", "needs \"apps\""},
      {R"({"apps":{},"app":1})", "Unknown key \"app\" in the state; allowed: apps."},
      {R"({"apps":{"a":{"row":[]}}})", "Unknown key \"row\""},
      {R"({"apps":{"a":{"instances":-1}}})", "\"instances\" must be a number"},
      {R"({"apps":{"a":{"rows":{}}}})", "\"rows\" must be a list"},
      {R"({"apps":{"a":{"rows":[{"ip":"1.1.1.1"},{"address":"x"}]}}})", "row 1 needs \"ip\""},
      {R"({"apps":{"a":{"rows":["1.1.1.1"]}}})", "row 0 must be an object"},
      {R"({"apps":{"a":{},"A":{}}})", "is there twice"},
      {R"({"apps":{"":{}}})", "1 to 64 characters"},
      {R"({"apps":)" + std::string(100000, '[') + std::string(100000, ']') + "}", "nested deeper"},
      {R"({"]]]]]]]]]]\"]":)" + std::string(40, '[') + std::string(40, ']') + "}", "nested deeper"},
  };
  for (const auto& [body, sentence] : table) {
    const auto refused = model.put_state(std::nullopt, body);
    ASSERT_TRUE(refused) << body;
    EXPECT_THAT(*refused, HasSubstr(sentence));
  }
  EXPECT_EQ(model.put_state(1, kThree), "There is no backend 1; there are 0 to 0.");
  EXPECT_EQ(model.state(), before);
}

TEST(Model, RefusesBadFaultsWithOneSentenceAndKeepsTheOldOne) {
  Model model = with(kThree);
  for (const auto* body : {"", "[]", "{}", R"({"mode":"odd"})", R"({"mode":3})", R"({"mode":"ok","share":1.5})",
                           R"({"mode":"ok","share":"all"})", R"({"mode":"empty","backend":1})", R"({"mode":"empty","backend":-1})",
                           R"({"mode":"empty","backend":"0"})", R"({"mode":"empty","shares":1})"}) {
    const auto refused = model.put_fault(body);
    ASSERT_TRUE(refused) << body;
    EXPECT_EQ(refused->back(), '.') << *refused;
  }
  EXPECT_EQ(model.location("orders-db", kNow).mode, Mode::kOk);
}

TEST(Model, ShowsItsStateInTheFormOfThePut) {
  Model model(1);
  ASSERT_EQ(model.put_state(std::nullopt, R"({"apps":{"a":{"instances":3,"rows":[{"ip":"198.18.0.11:16127"}]}}})"), std::nullopt);
  EXPECT_EQ(model.state(),
            R"({"apps":{"a":{"instances":3,"rows":[{"ip":"198.18.0.11:16127"}]}},"backends":[{"apps":{"a":{"instances":3,)"
            R"("rows":[{"ip":"198.18.0.11:16127"}]}},"fault":{"mode":"ok","share":1.000000},"name":"server0_192.0.2.1","requests":0}]})");
}

}  // namespace
}  // namespace fluxpg::flux_api
