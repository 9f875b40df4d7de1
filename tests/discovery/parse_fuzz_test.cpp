// The parsers under damaged bytes: they must return, and never call a damaged list good with an address that no host can have.
#include <gtest/gtest.h>

#include "base/endpoint.hpp"
#include "base/random.hpp"
#include "discovery/parse.hpp"

namespace fluxpg::discovery {
namespace {

std::string damaged(std::string text, Random& random) {
  static const std::string kBytes = "{}[]\",:0129.eE-\\u\x00\x7f\x80\xff nulltrue";
  for (std::uint64_t changes = 1 + random.below(6); changes > 0 && !text.empty(); --changes) {
    const std::size_t at = random.below(text.size());
    const std::size_t length = std::min<std::size_t>(random.below(20), text.size() - at);
    switch (random.below(4)) {
      case 0:
        text[at] = kBytes[random.below(kBytes.size())];
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, text.substr(random.below(text.size()), length));
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

TEST(ParseFuzz, SurvivesDamagedAnswers) {
  const std::string good =
      R"({"status":"success","data":[{"name":"orders-db","ip":"198.18.0.11:16127","staticIp":null,"x":[{"y":"\u00e9"}]},)"
      R"({"name":"orders-db","ip":"198.18.0.12","osUptime":1.5e3}],"instances":3,"ip":"1.2.3.4"})";
  Random random(20261123);
  std::size_t accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string body = damaged(good, random);
    const auto answer = parse_locations("orders-db", "b", 200, body, {});
    if (const auto* rows = std::get_if<Good>(&answer)) {
      ++accepted;
      for (const Row& row : rows->rows) ASSERT_TRUE(is_ipv4(row.address) && row_from_ip(row.address)) << body;
    }
    const auto instances = parse_instances("orders-db", "b", 200, body);
    ASSERT_TRUE(!instances || (*instances >= 3 && *instances <= 100)) << body;
    const auto own = parse_hostinfo(200, body);
    ASSERT_TRUE(!own || row_from_ip(*own)) << body;
  }
  EXPECT_GT(accepted, 100U) << "else nothing but the first check was tried";
}

}  // namespace
}  // namespace fluxpg::discovery
