#include "supervisor/render/certificates.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

namespace fluxpg::render {
namespace {

constexpr std::int64_t kNow = 1'800'000'000'000;  // 2027-01-15

CaSeed seed(std::uint8_t byte) {
  CaSeed result;
  result.fill(byte);
  return result;
}

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate parse(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Certificate certificate(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr), X509_free);
  BIO_free(bio);
  return certificate;
}

// As a strict TLS library does: "" if `leaf` chains to one of `authorities` for this purpose (and name) at that time, else why not.
std::string refusal(const std::string& leaf, const std::vector<std::string>& authorities, int purpose, std::int64_t at_ms,
                    const char* name = nullptr) {
  const Certificate certificate = parse(leaf);
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(), X509_STORE_free);
  for (const std::string& pem : authorities) X509_STORE_add_cert(store.get(), parse(pem).get());
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(X509_STORE_CTX_new(), X509_STORE_CTX_free);
  X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr);
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT);
  X509_VERIFY_PARAM_set_time(rules, at_ms / 1000);
  if (name != nullptr) X509_VERIFY_PARAM_set1_host(rules, name, 0);
  if (X509_verify_cert(context.get()) == 1) return "";
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

NodePairs node(const CaSeed& ca, const std::string& app = "orders") {
  return mint(ca, app, "n-aa", {"198.18.0.11", "172.17.0.2"}, wall_from_unix_ms(kNow), 77);
}

TEST(Ca, IsTheSameBytesOnEveryNode) {
  EXPECT_EQ(ca_certificate(seed(1), "orders"), ca_certificate(seed(1), "orders"));
  EXPECT_NE(ca_certificate(seed(1), "orders"), ca_certificate(seed(2), "orders"));
  EXPECT_NE(ca_certificate(seed(1), "orders"), ca_certificate(seed(1), "other"));
}

TEST(Ca, TakesAnAppNameLongerThanACommonNameMayBe) {
  const std::string app(120, 'a');
  EXPECT_EQ(refusal(node(seed(1), app).server.certificate, {ca_certificate(seed(1), app)}, X509_PURPOSE_SSL_SERVER, kNow), "");
}

TEST(NodePairs, ServeUnderTheirNames) {
  const std::string ca = ca_certificate(seed(1), "orders");
  const std::string server = node(seed(1)).server.certificate;
  EXPECT_EQ(refusal(server, {ca}, X509_PURPOSE_SSL_SERVER, kNow, "n-aa"), "");
  EXPECT_EQ(refusal(server, {ca}, X509_PURPOSE_SSL_SERVER, kNow, "localhost"), "");
  EXPECT_EQ(refusal(server, {ca}, X509_PURPOSE_SSL_CLIENT, kNow), "");
  EXPECT_EQ(refusal(server, {ca}, X509_PURPOSE_SSL_SERVER, kNow, "n-bb"), "hostname mismatch");
  const Certificate certificate = parse(server);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "198.18.0.11", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "198.18.0.12", 0), 0);
}

TEST(NodePairs, CallWithAPairThatNamesNothingAndCannotServe) {
  const std::string ca = ca_certificate(seed(1), "orders");
  const std::string client = node(seed(1)).client.certificate;
  EXPECT_EQ(refusal(client, {ca}, X509_PURPOSE_SSL_CLIENT, kNow), "");
  EXPECT_NE(refusal(client, {ca}, X509_PURPOSE_SSL_SERVER, kNow), "");
  EXPECT_EQ(X509_get_ext_by_NID(parse(client).get(), NID_subject_alt_name, -1), -1);
}

TEST(NodePairs, AreRefusedByAnotherSecretsCa) {
  EXPECT_NE(refusal(node(seed(2)).server.certificate, {ca_certificate(seed(1), "orders")}, X509_PURPOSE_SSL_SERVER, kNow), "");
}

// Rotation: both CAs carry the same name, and the key identifier tells them apart.
TEST(NodePairs, AreTrustedUnderEitherOfTwoSecrets) {
  const std::vector<std::string> both{ca_certificate(seed(1), "orders"), ca_certificate(seed(2), "orders")};
  EXPECT_EQ(refusal(node(seed(1)).server.certificate, both, X509_PURPOSE_SSL_SERVER, kNow), "");
  EXPECT_EQ(refusal(node(seed(2)).server.certificate, both, X509_PURPOSE_SSL_SERVER, kNow), "");
}

TEST(NodePairs, AreValidFromYesterdayForTenYears) {
  const std::string ca = ca_certificate(seed(1), "orders");
  const std::string server = node(seed(1)).server.certificate;
  constexpr std::int64_t kDay = 86'400'000;
  EXPECT_EQ(refusal(server, {ca}, X509_PURPOSE_SSL_SERVER, kNow - kDay + 1000), "");
  EXPECT_EQ(refusal(server, {ca}, X509_PURPOSE_SSL_SERVER, kNow + 3649 * kDay), "");
  EXPECT_EQ(refusal(server, {ca}, X509_PURPOSE_SSL_SERVER, kNow - kDay - 1000), "certificate is not yet valid");
  EXPECT_EQ(refusal(server, {ca}, X509_PURPOSE_SSL_SERVER, kNow + 3651 * kDay), "certificate has expired");
}

TEST(NodePairs, HaveANewKeyEachTime) { EXPECT_NE(node(seed(1)).server.key, node(seed(1)).server.key); }

}  // namespace
}  // namespace fluxpg::render
