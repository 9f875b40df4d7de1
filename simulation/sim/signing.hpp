// Signatures for virtual time: a hash of signer and bytes. Forgeable by whoever wants to, deterministic, fast.
#pragma once

#include <algorithm>
#include <cstring>

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
    const auto mix = [&hash](const void* data, std::size_t size) {
      std::uint64_t word = 0;
      std::memcpy(&word, data, size);
      hash = (hash ^ word) * 1099511628211ULL;
      hash ^= hash >> 29;
    };
    for (std::size_t i = 0; i < NodeId::kSize; i += 8) mix(signer.bytes.data() + i, 8);
    for (std::size_t i = 0; i < bytes.size(); i += 8) mix(bytes.data() + i, std::min<std::size_t>(8, bytes.size() - i));
    Signature signature;
    for (std::size_t i = 0; i < 8; ++i) signature.bytes[i] = static_cast<std::uint8_t>(hash >> (8 * i));
    return signature;
  }
  NodeId id_;
};

}  // namespace fluxpg::simulation
