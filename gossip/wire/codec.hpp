// Bytes <-> Message, by the grammar of WIRE.md; the only user of msgpack.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/expected.hpp"
#include "gossip/core/message.hpp"

namespace fluxpg::wire {

// Why a frame was dropped. No retry helps: the same bytes fail again. The texts are names of counters and stay as they are.
enum class DecodeError : std::uint8_t {
  kOversized,  // the frame is longer than kMaxFrame
  kGrammar,    // not msgpack, cut short, or not the fields of that kind of message
  kTrailing,   // a whole message and then more bytes
  kVersion,    // another version of the protocol
  kKind,       // a kind of message that this version does not have
  kLimits,     // a text, list or nesting beyond limits.hpp
  kValue,      // the right type with an impossible value: a port of 70000, control characters in a name
};

std::string to_text(DecodeError error);

// Never fails. A message whose texts or lists exceed limits.hpp becomes a frame that every receiver drops: senders keep the limits.
std::string encode(const gossip::Message& message);
Expected<gossip::Message, DecodeError> decode(std::string_view frame);

}  // namespace fluxpg::wire
