// A seeded generator that is passed in: one seed, one run, the same on every compiler (the standard distributions are not).
#pragma once

#include <cstdint>
#include <random>

#include "base/check.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace fluxpg {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t next() { return engine_(); }

  // Uniform in [0, bound), bound > 0. The modulo bias is below 2^-40 for the bounds used here.
  std::uint64_t below(std::uint64_t bound) {
    CHECK(bound > 0);
    return engine_() % bound;
  }

  // Uniform in [0, bound).
  Duration below(Duration bound) { return Duration(static_cast<std::int64_t>(below(static_cast<std::uint64_t>(bound.count())))); }

  Nonce nonce() {
    Nonce result;
    for (std::size_t i = 0; i < Nonce::kSize; i += 8) {
      const std::uint64_t word = next();
      for (std::size_t j = 0; j < 8; ++j) result.bytes[i + j] = static_cast<std::uint8_t>(word >> (8 * j));
    }
    return result;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace fluxpg
