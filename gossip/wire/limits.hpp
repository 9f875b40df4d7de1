// Every bound of the wire in one place: what is longer, more or deeper than this is refused before it is believed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fluxpg::wire {

constexpr std::uint64_t kVersion = 2;

constexpr std::size_t kMaxFrame = 64 * 1024;  // bytes; the transport drops longer frames unseen
constexpr std::size_t kMaxDepth = 8;          // arrays within arrays; the deepest message of ours needs 5
constexpr std::size_t kMaxList = 1024;        // the longest list of any message: members of a full state

// Bytes of text. Texts are for people or are names; none may hold control characters.
constexpr std::size_t kMaxName = 64;      // node names, versions, roles, system ids
constexpr std::size_t kMaxToken = 128;    // founding tokens
constexpr std::size_t kMaxAddress = 253;  // a DNS name's own limit
constexpr std::size_t kMaxUrl = 512;      // etcd peer URLs
constexpr std::size_t kMaxReason = 512;   // why, reason, outcome

constexpr std::size_t kMaxRumors = 1024;
constexpr std::size_t kMaxLinkRows = 1024;
constexpr std::size_t kMaxLinks = 512;  // in one row
constexpr std::size_t kMaxVoters = 64;
constexpr std::size_t kMaxEvidence = 16;
constexpr std::size_t kMaxFounders = 64;

// A node adds one to what it hears about itself: a number near the end of 64 bits would leave it nowhere to go.
constexpr std::uint64_t kMaxIncarnation = std::uint64_t{1} << 40;

}  // namespace fluxpg::wire
