// A Flux answer checked strictly: bytes in, rows or a named fault out. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/expected.hpp"
#include "discovery/types.hpp"

namespace fluxpg::discovery {

struct ParseLimits {
  std::size_t max_bytes = 4 << 20;  // room for 10,000 rows, so that too many rows are named as such
  std::size_t max_rows = 1000;      // Flux runs at most 100 instances of an app, for each of which two addresses may be listed
};

// `backend` is the header FLUXNODE, or the base URL. One bad row refuses the whole answer: nothing is applied by halves.
Answer parse_locations(std::string_view app, const std::string& backend, int http_status, std::string_view body, const ParseLimits& limits);
// `instances` of /apps/appspecifications/{app}; 3 … 100.
Expected<std::uint32_t, Bad> parse_instances(std::string_view app, const std::string& backend, int http_status, std::string_view body);
// `data.ip` of the host's hostinfo: the IPv4 address without its port, or one sentence.
Expected<std::string, std::string> parse_hostinfo(int http_status, std::string_view body);

}  // namespace fluxpg::discovery
