// What one question to the Flux API brought: a checked list of rows, or the named reason why not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fluxpg::discovery {

// One row of /apps/location: where an instance is said to run. `port` is the host's Flux API port, not one of the app's.
struct Row {
  std::string address;  // IPv4
  std::uint16_t api_port = 16127;
  auto operator<=>(const Row&) const = default;
};

// Each bad shape has its own name, so that it can be counted and shown under it. None of them evicts anybody.
enum class Fault : std::uint8_t {
  kUnreachable,    // no connection
  kTimeout,        // no complete answer in time (hanging, one byte a second)
  kHttpStatus,     // not 200
  kRedirect,       // redirected; not followed
  kTooLarge,       // more bytes than allowed
  kNotText,        // not UTF-8
  kNotJson,        // HTML, or cut off
  kStatusError,    // {"status":"error"}
  kShape,          // JSON, but not the documented shape (data null, an object, a string, …)
  kTooManyRows,    // more rows than any app can have
  kBadRow,         // a row whose ip is missing or no public-style IPv4 address
  kForeignApp,     // rows of another app
  kEmpty,          // a well-formed empty list: indistinguishable from "all rows are missing here"
};
constexpr std::size_t kFaults = 13;
std::string_view to_text(Fault fault);

struct Good {
  std::string backend;    // header FLUXNODE, or the base URL if there is none
  std::vector<Row> rows;  // sorted by address, one per address (bare and :16127 are one)
};
struct Bad {
  std::string backend;  // may be empty
  Fault fault = Fault::kUnreachable;
  std::string detail;   // one sentence: what was seen, what is allowed
};
using Answer = std::variant<Good, Bad>;

}  // namespace fluxpg::discovery
