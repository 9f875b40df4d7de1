// The table of bad answers: each is refused as a whole and counted under its own name. (Those of the transport are in poll_test.cpp.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "discovery/parse.hpp"

namespace fluxpg::discovery {
namespace {

std::string answer(const std::string& data) { return R"({"status":"success","data":)" + data + "}"; }
std::string row(const std::string& ip) { return R"({"name":"orders-db","ip":")" + ip + R"("})"; }
std::string repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}
std::string many_rows(int count) {
  std::string rows = "[";
  for (int i = 0; i < count; ++i) {
    rows += R"({"name":"orders-db","hash":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","ip":"10.1.)" +
            std::to_string(i / 250) + "." + std::to_string(i % 250) +
            R"(:16127","broadcastedAt":"2026-07-01T10:00:00.000Z","expireAt":"2026-07-01T12:05:00.000Z"},)";
  }
  rows.back() = ']';
  return rows;
}

struct Case {
  std::string name;
  int status;
  std::string body;
  Fault fault;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

std::vector<Case> cases() {
  const std::string good = answer("[" + row("198.18.0.11") + "]");
  return {
      {"error_with_object", 200, R"({"status":"error","data":{"name":"Error","message":"App \u001b[31m not found"}})", Fault::kStatusError},
      {"error_with_a_list", 200, R"({"status":"error","data":[)" + row("198.18.0.11") + "]}", Fault::kStatusError},
      {"empty_list", 200, answer("[]"), Fault::kEmpty},
      {"data_null", 200, answer("null"), Fault::kShape},
      {"only_null", 200, "null", Fault::kShape},
      {"data_missing", 200, R"({"status":"success"})", Fault::kShape},
      {"data_object", 200, answer(row("198.18.0.11")), Fault::kShape},
      {"data_text", 200, answer("\"198.18.0.11\""), Fault::kShape},
      {"a_list_outside", 200, "[" + row("198.18.0.11") + "]", Fault::kShape},
      {"status_missing", 200, R"({"data":[)" + row("198.18.0.11") + "]}", Fault::kShape},
      {"status_unknown", 200, R"({"status":"maybe","data":[)" + row("198.18.0.11") + "]}", Fault::kShape},
      {"html_502", 502, "<html><body>Bad Gateway</body></html>", Fault::kHttpStatus},
      {"good_but_500", 500, good, Fault::kHttpStatus},
      {"good_but_201", 201, good, Fault::kHttpStatus},
      {"html_200", 200, "<html><body>Welcome</body></html>", Fault::kNotJson},
      {"truncated", 200, good.substr(0, good.size() - 1), Fault::kNotJson},
      {"nothing", 200, "", Fault::kNotJson},
      {"two_documents", 200, good + good, Fault::kNotJson},
      {"redirect", 302, good, Fault::kRedirect},
      {"too_large", 200, std::string(std::size_t{4} << 20, ' ') + good, Fault::kTooLarge},
      {"not_utf8", 200,
       answer(R"([{"name":"orders-db","ip":"198.18.0.11","x":")"
              "\xC3\x28"
              R"("}])"),
       Fault::kNotText},
      {"other_app_same_prefix", 200, answer(R"([)" + row("198.18.0.11") + R"(,{"name":"orders-db2","ip":"198.18.0.12"}])"),
       Fault::kForeignApp},
      {"prefix_of_ours", 200, answer(R"([{"name":"orders","ip":"198.18.0.12"}])"), Fault::kForeignApp},
      {"ten_thousand_rows", 200, answer(many_rows(10000)), Fault::kTooManyRows},
      {"ten_thousand_numbers", 200, answer("[" + repeated("1,", 9999) + "1]"), Fault::kTooManyRows},
      {"one_bad_row", 200, answer("[" + row("198.18.0.11") + "," + row("198.18.0.999") + "]"), Fault::kBadRow},
      {"row_not_object", 200, answer("[" + row("198.18.0.11") + ",null]"), Fault::kBadRow},
      {"row_without_ip", 200, answer(R"([{"name":"orders-db"}])"), Fault::kBadRow},
      {"row_without_name", 200, answer(R"([{"ip":"198.18.0.11"}])"), Fault::kBadRow},
      {"ip_number", 200, answer(R"([{"name":"orders-db","ip":3}])"), Fault::kBadRow},
      {"ipv6", 200, answer("[" + row("::1") + "]"), Fault::kBadRow},
      {"ip_empty", 200, answer("[" + row("") + "]"), Fault::kBadRow},
      {"ip_spaces", 200, answer("[" + row(" 198.18.0.11") + "]"), Fault::kBadRow},
      {"port_0", 200, answer("[" + row("198.18.0.11:0") + "]"), Fault::kBadRow},
      {"port_large", 200, answer("[" + row("198.18.0.11:65536") + "]"), Fault::kBadRow},
      {"all_zero", 200, answer("[" + row("0.0.0.0") + "]"), Fault::kBadRow},
      {"multicast", 200, answer("[" + row("224.0.0.1:16127") + "]"), Fault::kBadRow},
      {"broadcast", 200, answer("[" + row("255.255.255.255") + "]"), Fault::kBadRow},
      {"status_twice", 200, R"({"status":"error","status":"success","data":[)" + row("198.18.0.11") + "]}", Fault::kShape},
      {"data_twice", 200, R"({"status":"success","data":[)" + row("198.18.0.11") + R"(],"data":[]})", Fault::kShape},
      {"ip_twice", 200, answer(R"([{"name":"orders-db","ip":"198.18.0.11","ip":"198.18.0.12"}])"), Fault::kShape},
      {"million_empty_rows", 200, answer("[" + repeated("{},", 1000000) + "{}]"), Fault::kTooManyRows},
      {"rows_elsewhere", 200, R"({"status":"success","data":null,"more":[)" + row("198.18.0.11") + "]}", Fault::kShape},
      {"rows_too_deep", 200, answer("[[" + row("198.18.0.11") + "]]"), Fault::kBadRow},
      {"deep_open", 200, repeated("[", 1000000), Fault::kShape},
      {"deep_closed", 200, answer(repeated("[", 500000) + repeated("]", 500000)), Fault::kShape},
      {"deep_objects", 200, repeated(R"({"data":)", 100000) + "1" + repeated("}", 100000), Fault::kShape},
  };
}

class BadAnswer : public testing::TestWithParam<Case> {};

TEST_P(BadAnswer, IsRefusedUnderItsOwnName) {
  const auto result = parse_locations("orders-db", "b", GetParam().status, GetParam().body, {});
  const auto* bad = std::get_if<Bad>(&result);
  ASSERT_NE(bad, nullptr);
  EXPECT_EQ(to_text(bad->fault), to_text(GetParam().fault)) << bad->detail;
  EXPECT_EQ(bad->backend, "b");
  EXPECT_FALSE(bad->detail.empty());
  EXPECT_LE(bad->detail.size(), 300U);
  for (const char c : bad->detail) EXPECT_TRUE(c >= 0x20 && c <= 0x7E) << "a terminal would act on " << int{c};
}

INSTANTIATE_TEST_SUITE_P(Table, BadAnswer, testing::ValuesIn(cases()), [](const auto& test) { return test.param.name; });

TEST(Fault, HasANameOfItsOwnEach) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kFaults; ++i) names.insert(to_text(static_cast<Fault>(i)));
  EXPECT_EQ(names.size(), kFaults);
  EXPECT_EQ(names.count("unknown"), 0U);
}

}  // namespace
}  // namespace fluxpg::discovery
