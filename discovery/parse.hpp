// A Flux answer checked strictly: bytes in, rows or a named fault out. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/expected.hpp"
#include "discovery/types.hpp"

namespace fluxpg::discovery {

struct ParseLimits {
  std::size_t max_bytes = 1 << 20;
  std::size_t max_rows = 1000;
};

// `backend` is the header FLUXNODE, or the base URL.
Answer parse_locations(std::string_view app, const std::string& backend, int http_status, std::string_view body, const ParseLimits& limits);
// `instances` of /apps/appspecifications/{app}; 3 … 100.
Expected<std::uint32_t, Bad> parse_instances(std::string_view app, const std::string& backend, int http_status, std::string_view body);
// `data.ip` of the host's hostinfo (an IPv4 address, maybe with a port).
Expected<std::string, std::string> parse_hostinfo(int http_status, std::string_view body);

}  // namespace fluxpg::discovery
