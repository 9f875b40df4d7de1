#include "gossip/net/keys.hpp"

#include <sodium.h>
#include <zmq.h>

#include "base/check.hpp"
#include "base/ids.hpp"

namespace fluxpg::net {
namespace {

// Written out, not libsodium's macros: nodes with different versions of the library must derive the same keys.
constexpr unsigned long long kPasses = 2;
constexpr std::size_t kMemory = 64U * 1024 * 1024;

enum class Subkey : std::uint64_t { kCurveServer = 1, kCurveClient = 2, kCertificates = 1, kPatroniRest = 1 };

// `context` is crypto_kdf's domain separation: exactly eight characters.
template <std::size_t Size>
std::array<std::uint8_t, Size> derive(const MasterKey& master, const char (&context)[9], Subkey id) {
  static_assert(crypto_kdf_CONTEXTBYTES == 8 && crypto_kdf_KEYBYTES == sizeof master.bytes);
  std::array<std::uint8_t, Size> key{};
  CHECK(crypto_kdf_derive_from_key(key.data(), Size, static_cast<std::uint64_t>(id), context, master.bytes.data()) == 0);
  return key;
}

void curve_pair(const MasterKey& master, Subkey id, std::string* public_key, std::string* secret_key) {
  const auto secret = derive<32>(master, "fluxcurv", id);
  char text[41];
  char public_text[41];
  CHECK(zmq_z85_encode(text, secret.data(), secret.size()) != nullptr);
  CHECK(zmq_curve_public(public_text, text) == 0);
  *secret_key = text;
  *public_key = public_text;
  sodium_memzero(text, sizeof text);
}

}  // namespace

Expected<MasterKey, std::string> derive_master_key(std::string_view secret, std::string_view app) {
  if (sodium_init() < 0) return unexpected(std::string("libsodium cannot start: the system gives it no random numbers"));
  std::array<std::uint8_t, crypto_pwhash_SALTBYTES> salt{};
  const std::string salted = "fluxpg/" + std::string(app);
  crypto_generichash(salt.data(), salt.size(), reinterpret_cast<const unsigned char*>(salted.data()), salted.size(), nullptr, 0);
  MasterKey master;
  if (crypto_pwhash(master.bytes.data(), master.bytes.size(), secret.data(), secret.size(), salt.data(), kPasses, kMemory,
                    crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return unexpected(std::string("the cluster key cannot be derived from the secret: that takes 64 MB of free memory for a moment"));
  }
  return master;
}

CurveKeys curve_keys(const MasterKey& master) {
  CurveKeys keys;
  curve_pair(master, Subkey::kCurveServer, &keys.server_public, &keys.server_secret);
  curve_pair(master, Subkey::kCurveClient, &keys.client_public, &keys.client_secret);
  return keys;
}

std::array<std::uint8_t, 32> ca_seed(const MasterKey& master) { return derive<32>(master, "fluxpgca", Subkey::kCertificates); }

std::string patroni_rest_password(const MasterKey& master) {
  const auto key = derive<24>(master, "patronir", Subkey::kPatroniRest);
  return hex(key.data(), key.size());
}

}  // namespace fluxpg::net
