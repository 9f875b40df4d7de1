// Where something listens: an IPv4 address (Flux has no other) or a host name, and a TCP port.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fluxpg {

struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
  auto operator<=>(const Endpoint&) const = default;
};

inline std::string to_text(const Endpoint& e) { return e.address + ":" + std::to_string(e.port); }

// Dotted decimal, four parts of 0 to 255 without leading zeros: "1.2.3.4" is an address, "01.2.3.4" and "1.2.3" are not.
bool is_ipv4(std::string_view text);
// "ADDRESS:PORT" with an IPv4 address and a port of 1 to 65535.
std::optional<Endpoint> endpoint_from_text(std::string_view text);

}  // namespace fluxpg
