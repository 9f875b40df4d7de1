// Keys from the cluster secret, and the node's own signing key: the only user of libsodium.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/expected.hpp"
#include "base/signing.hpp"

namespace fluxpg::net {

// 32 bytes derived from one secret with Argon2id (crypto_pwhash, libsodium's interactive limits, salt = hash of the app name): about 0.1 s
// and 64 MB, once at start. The error never contains the secret.
struct MasterKey {
  std::array<std::uint8_t, 32> bytes{};
};
Expected<MasterKey, std::string> derive_master_key(std::string_view secret, std::string_view app);

// Everything else is derived from the master key with crypto_kdf, one context per use.
struct CurveKeys {
  std::string server_public, server_secret;  // Z85, 40 characters
  std::string client_public, client_secret;
};
CurveKeys curve_keys(const MasterKey& master);
// Seed of the cluster CA's Ed25519 key (etcd's TLS), and a password for Patroni's REST API (48 hex digits).
std::array<std::uint8_t, 32> ca_seed(const MasterKey& master);
std::string patroni_rest_password(const MasterKey& master);

// The node's identity: a persisted Ed25519 key. Created (0600, fsync) if the file does not exist, with all of its content or not at all; a
// damaged file is an error, never replaced.
Expected<std::unique_ptr<Signing>, std::string> load_or_create_identity(const std::string& path);

}  // namespace fluxpg::net
