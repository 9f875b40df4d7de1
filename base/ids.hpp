// Strong types for the ids of this project: a node id cannot be passed where an etcd member id is wanted.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace fluxpg {

// A number with a name. Zero means "none".
template <class Tag>
struct StrongNumber {
  std::uint64_t value = 0;
  auto operator<=>(const StrongNumber&) const = default;
  explicit operator bool() const { return value != 0; }
};

using MemberId = StrongNumber<struct MemberIdTag>;        // an etcd member, for ever: etcd never gives an id twice
using ClusterId = StrongNumber<struct ClusterIdTag>;      // an etcd cluster
using Incarnation = StrongNumber<struct IncarnationTag>;  // version of what a node says about itself; only that node raises it
using Epoch = StrongNumber<struct EpochTag>;              // etcd revision of the decision record

// Fixed-size binary ids, written as lower-case hex.
template <class Tag, std::size_t Size>
struct StrongBytes {
  static constexpr std::size_t kSize = Size;
  std::array<std::uint8_t, Size> bytes{};
  // As arrays of bytes compare, eight at a time.
  friend bool operator==(const StrongBytes& a, const StrongBytes& b) {
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i < Size; i += 8) difference |= a.word(i) ^ b.word(i);
    return difference == 0;
  }
  friend std::strong_ordering operator<=>(const StrongBytes& a, const StrongBytes& b) {
    for (std::size_t i = 0; i < Size; i += 8) {
      if (a.word(i) != b.word(i)) return in_order(a.word(i)) <=> in_order(b.word(i));
    }
    return std::strong_ordering::equal;
  }
  explicit operator bool() const { return *this != StrongBytes{}; }

 private:
  static_assert(Size % 8 == 0);
  std::uint64_t word(std::size_t from) const {
    std::uint64_t result;
    std::memcpy(&result, bytes.data() + from, 8);
    return result;
  }
  static std::uint64_t in_order(std::uint64_t word) { return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word; }
};

using NodeId = StrongBytes<struct NodeIdTag, 32>;        // the node's Ed25519 public key: its votes verify against it
using Nonce = StrongBytes<struct NonceTag, 16>;          // makes an answer provably newer than its question
using Signature = StrongBytes<struct SignatureTag, 64>;  // Ed25519, detached

std::string hex(const std::uint8_t* data, std::size_t size);
// Reads exactly `size` bytes of lower- or upper-case hex; false if the text is anything else.
bool unhex(std::string_view text, std::uint8_t* out, std::size_t size);

template <class Tag, std::size_t Size>
std::string to_text(const StrongBytes<Tag, Size>& id) {
  return hex(id.bytes.data(), Size);
}

template <class Id>
std::optional<Id> bytes_from_text(std::string_view text) {
  Id id;
  if (!unhex(text, id.bytes.data(), Id::kSize)) return std::nullopt;
  return id;
}

// As etcdctl prints it: hex without leading zeros.
std::string to_hex(std::uint64_t value);
template <class Tag>
std::string to_text(StrongNumber<Tag> id) {
  return to_hex(id.value);
}
// Hex of 1 to 16 digits.
std::optional<std::uint64_t> number_from_hex(std::string_view text);
// Decimal without sign; nothing else around it.
std::optional<std::uint64_t> number_from_decimal(std::string_view text);

// The first eight digits: enough for a person to tell the nodes of one cluster apart.
std::string short_text(const NodeId& id);
// The name under which etcd reaches the node (https://n-…:2380). DNS labels end at 63 characters, so it carries 128 of the 256 bits.
std::string host_name(const NodeId& id);

}  // namespace fluxpg
