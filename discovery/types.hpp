// What one question to the Flux API brought: a checked list of rows, or the named reason why not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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
// "1.2.3.4" (meaning port 16127) or "1.2.3.4:PORT". Networks that no host can have (0.x, 224.x and above) are refused; private and
// loopback addresses are allowed, because test networks use them. Any port is allowed: nothing here depends on it.
std::optional<Row> row_from_ip(std::string_view ip);

// Each bad shape has its own name, so that it can be counted and shown under it. None of them evicts anybody.
enum class Fault : std::uint8_t {
  kUnreachable,  // no connection
  kCutOff,       // the connection ended before the answer was complete, or it was not HTTP
  kTimeout,      // no complete answer in time (hanging, one byte a second)
  kHttpStatus,   // not 200
  kRedirect,     // redirected; not followed
  kTooLarge,     // more bytes than allowed
  kNotText,      // not UTF-8
  kNotJson,      // HTML, or truncated
  kStatusError,  // {"status":"error"}
  kShape,        // JSON, but not the documented shape (data null, an object, a string, …)
  kTooManyRows,  // more rows than any app can have
  kBadRow,       // a row whose ip is missing or no possible IPv4 address
  kForeignApp,   // a row of another app; the whole answer is refused
  kEmpty,        // a well-formed empty list: indistinguishable from "all rows are missing here"
};
constexpr std::size_t kFaults = 14;
std::string_view to_text(Fault fault);  // as counters name it: "not_json"

struct Good {
  std::string backend;    // header FLUXNODE, or the base URL if there is none
  std::vector<Row> rows;  // sorted by address, one per address (bare and :16127 are one)
};
struct Bad {
  std::string backend;  // may be empty
  Fault fault = Fault::kUnreachable;
  std::string detail;  // one sentence: what was seen, what is allowed
};
using Answer = std::variant<Good, Bad>;

}  // namespace fluxpg::discovery
