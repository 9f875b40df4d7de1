// Any bytes: refused, or a message that survives the way out and back unchanged.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "gossip/wire/codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = fluxpg::wire::decode(std::string_view(reinterpret_cast<const char*>(data), size));
  if (message) {
    const auto again = fluxpg::wire::decode(fluxpg::wire::encode(*message));
    CHECK(again && *again == *message);
  }
  return 0;
}
