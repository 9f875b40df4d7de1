#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/golden/golden.hpp"
#include "tests/report/snapshots.hpp"

namespace fluxpg::report {
namespace {

using testing::HasSubstr;
using testing::Not;

const Checksums kVerifier;

TEST(Explain, OfARemovalIsTheGoldenFile) {
  expect_golden("report/explain-removal.txt", explain_text(signed_removal(), kVerifier, names(healthy())));
}

TEST(Explain, OfAPromotionIsTheGoldenFile) {
  expect_golden("report/explain-promotion.txt", explain_text(record::samples::promotion(), kVerifier, names(healthy())));
}

TEST(Explain, ShowsABrokenSignature) {
  record::Record r = signed_removal();
  r.certificate.votes[0].signature.bytes[0] ^= 1;
  const std::string text = explain_text(r, kVerifier);
  EXPECT_THAT(text, HasSubstr("INVALID: Only 1 of 3 voters"));
  const auto json = nlohmann::json::parse(explain_json(r, kVerifier));
  EXPECT_EQ(json["votes"][0]["signature_valid"], false);
  EXPECT_EQ(json["votes"][1]["signature_valid"], true);
  EXPECT_EQ(json["certificate_valid"], false);
}

TEST(Explain, SaysThatARemovalWithoutCertificateProvesNothing) {
  record::Record r = signed_removal();
  r.certificate = {};
  EXPECT_THAT(explain_text(r, kVerifier), HasSubstr("INVALID: There is no certificate."));
  EXPECT_EQ(nlohmann::json::parse(explain_json(r, kVerifier))["certificate_valid"], false);
  EXPECT_TRUE(nlohmann::json::parse(explain_json(record::samples::promotion(), kVerifier))["certificate_valid"].is_null());
}

TEST(Explain, TellsEveryOutcomeApart) {
  record::Record r = signed_removal();
  const auto title = [&](const std::string& outcome) {
    r.outcome = outcome;
    const std::string text = explain_text(r, kVerifier);
    return text.substr(0, text.find('\n'));
  };
  EXPECT_EQ(title(""), "Epoch 16: node-198-18-0-13 is being removed from etcd");
  EXPECT_EQ(title("done"), "Epoch 16: node-198-18-0-13 was removed from etcd");
  EXPECT_EQ(title("refuted"), "Epoch 16: node-198-18-0-13 was not removed from etcd: it proved to be alive");
  EXPECT_EQ(title("void"), "Epoch 16: node-198-18-0-13 was not removed from etcd: the call had no effect");
  EXPECT_EQ(title("refused"), "Epoch 16: node-198-18-0-13 was not removed from etcd: etcd refused");
}

TEST(Explain, LetsNobodySteerTheTerminal) {
  record::Record r = signed_removal();
  r.change.reason = "\033[2J\nEpoch 99: all is well \xc2\x9b";
  EXPECT_THAT(explain_text(r, kVerifier), HasSubstr("?[2J?Epoch 99: all is well ?"));
  EXPECT_THAT(explain_text(r, kVerifier), Not(HasSubstr("\033")));
}

}  // namespace
}  // namespace fluxpg::report
