#include "supervisor/render/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

#include "base/check.hpp"

namespace fluxpg::render {
namespace {

struct Free {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
  void operator()(BIO* p) const { BIO_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

constexpr std::time_t kDay = 86400;
constexpr std::time_t kCaFrom = 1767225600;               // 2026-01-01, fixed: every node must write the same certificate
constexpr std::time_t kCaTo = kCaFrom + 20 * 365 * kDay;  // 2045-12-27
constexpr std::time_t kNodeLife = 10 * 365 * kDay;

// Everything OpenSSL could refuse below (memory aside) is an argument that we made ourselves.
Owned<EVP_PKEY> ca_key(const CaSeed& seed) {
  Owned<EVP_PKEY> key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  CHECK(key != nullptr);
  return key;
}

Owned<EVP_PKEY> new_key() {
  Owned<EVP_PKEY> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  CHECK(key != nullptr);
  return key;
}

void set_name(X509_NAME* name, const std::string& common_name) {
  const std::string text = common_name.substr(0, 64);  // X.520's bound
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  CHECK(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, bytes, static_cast<int>(text.size()), -1, 0) == 1);
}

Owned<X509> blank(EVP_PKEY* public_key, const std::string& subject, const std::string& issuer, std::uint64_t serial, std::time_t from,
                  std::time_t to) {
  Owned<X509> certificate(X509_new());
  CHECK(certificate != nullptr);
  X509* const c = certificate.get();
  CHECK(X509_set_version(c, X509_VERSION_3) == 1);
  CHECK(ASN1_INTEGER_set_uint64(X509_get_serialNumber(c), serial) == 1);
  CHECK(ASN1_TIME_set(X509_getm_notBefore(c), from) != nullptr);
  CHECK(ASN1_TIME_set(X509_getm_notAfter(c), to) != nullptr);
  set_name(X509_get_subject_name(c), subject);
  set_name(X509_get_issuer_name(c), issuer);
  CHECK(X509_set_pubkey(c, public_key) == 1);
  return certificate;
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  CHECK(extension != nullptr);
  CHECK(X509_add_ext(certificate, extension.get(), -1) == 1);
}

template <class Write>
std::string pem(Write write) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  CHECK(bio != nullptr && write(bio.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string ca_name(const std::string& app) { return "fluxpg " + app; }

// RFC 5280's key identifiers and critical marks are all there: Python 3.13 verifies strictly.
Owned<X509> make_ca(EVP_PKEY* key, const std::string& app) {
  Owned<X509> ca = blank(key, ca_name(app), ca_name(app), 1, kCaFrom, kCaTo);
  extend(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
  extend(ca.get(), ca.get(), NID_authority_key_identifier, "keyid:always");
  CHECK(X509_sign(ca.get(), key, nullptr) > 0);
  return ca;
}

Pair issue(X509* ca, EVP_PKEY* ca_secret, const std::string& app, const std::string& subject, const std::string& usage,
           const std::string& names, std::time_t from, std::uint64_t serial) {
  const Owned<EVP_PKEY> key = new_key();
  const Owned<X509> certificate = blank(key.get(), subject, ca_name(app), serial, from, from + kDay + kNodeLife);
  X509* const c = certificate.get();
  extend(c, ca, NID_basic_constraints, "critical,CA:FALSE");
  extend(c, ca, NID_key_usage, "critical,digitalSignature");
  extend(c, ca, NID_ext_key_usage, usage);
  extend(c, ca, NID_subject_key_identifier, "hash");
  extend(c, ca, NID_authority_key_identifier, "keyid:always");
  if (!names.empty()) extend(c, ca, NID_subject_alt_name, names);
  CHECK(X509_sign(c, ca_secret, nullptr) > 0);
  return {pem([&](BIO* bio) { return PEM_write_bio_X509(bio, c); }),
          pem([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); })};
}

}  // namespace

std::string ca_certificate(const CaSeed& seed, const std::string& app) {
  const Owned<X509> ca = make_ca(ca_key(seed).get(), app);
  return pem([&](BIO* bio) { return PEM_write_bio_X509(bio, ca.get()); });
}

NodePairs mint(const CaSeed& seed, const std::string& app, const std::string& host_name, const std::vector<std::string>& addresses,
               WallPoint now, std::uint64_t serial) {
  const Owned<EVP_PKEY> secret = ca_key(seed);
  const Owned<X509> ca = make_ca(secret.get(), app);
  const std::time_t from = unix_ms(now) / 1000 - kDay;
  std::string names = "DNS:" + host_name + ",DNS:localhost,IP:127.0.0.1";
  for (const std::string& address : addresses) names += ",IP:" + address;
  // The server's pair is also a client's: etcd's gateway calls etcd itself with it, and etcd 3.4 its peers.
  Pair server = issue(ca.get(), secret.get(), app, host_name, "serverAuth,clientAuth", names, from, serial);
  Pair client = issue(ca.get(), secret.get(), app, host_name + " client", "clientAuth", "", from, serial ^ 1);
  return {std::move(server), std::move(client)};
}

}  // namespace fluxpg::render
