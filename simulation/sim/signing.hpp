// Signatures for virtual time: a hash of signer and bytes. Forgeable by whoever wants to, deterministic, fast.
#pragma once

#include "base/signing.hpp"

namespace fluxpg::simulation {

class Signer : public Signing {
 public:
  explicit Signer(NodeId id) : id_(id) {}
  NodeId id() const override { return id_; }
  Signature sign(std::string_view bytes) const override { return make(id_, bytes); }
  bool verify(const NodeId& signer, std::string_view bytes, const Signature& signature) const override {
    return make(signer, bytes) == signature;
  }

 private:
  static Signature make(const NodeId& signer, std::string_view bytes) {
    std::uint64_t hash = 14695981039346656037ULL;
    const auto mix = [&hash](std::uint8_t byte) { hash = (hash ^ byte) * 1099511628211ULL; };
    for (const std::uint8_t byte : signer.bytes) mix(byte);
    for (const char c : bytes) mix(static_cast<std::uint8_t>(c));
    Signature signature;
    for (std::size_t i = 0; i < 8; ++i) signature.bytes[i] = static_cast<std::uint8_t>(hash >> (8 * i));
    return signature;
  }
  NodeId id_;
};

}  // namespace fluxpg::simulation
