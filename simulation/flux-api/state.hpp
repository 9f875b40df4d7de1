// What a backend of the mock knows and how it misbehaves, read from the JSON that a person typed. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"

namespace fluxpg::flux_api {

enum class Mode : std::uint8_t {
  kOk,
  kError,      // {"status":"error"} with HTTP 200, as the real one does
  kEmpty,      // success without rows
  kHtml502,    // a proxy's page
  kTruncated,  // half of the good answer
  kHang,       // connection accepted, no byte ever sent
  kSlow,       // the good answer, one byte a second
  kHuge,       // 200 MB of rows
  kRedirect,   // to itself
};
std::string_view to_text(Mode mode);

using Row = std::map<std::string, std::string>;  // field → its value as JSON text; what is missing gets a default
struct App {
  std::string name;
  std::uint64_t instances = 3;
  std::vector<Row> rows;
};
using Apps = std::map<std::string, App>;  // by lower_case(name): Flux matches names without case

struct Fault {
  Mode mode = Mode::kOk;
  double share = 1.0;
  std::uint64_t asked = 0;  // requests since the fault was set
};
struct FaultOrder {
  std::optional<std::size_t> backend;  // nullopt: all
  Fault fault;
};

// What a PUT may hold.
struct Limits {
  std::size_t apps = 100;
  std::size_t rows = 20'000;  // of one app: enough for the "10,000 rows" lie
};

// The bodies of PUT /_mock/…; errors are one sentence that names the place and what is allowed.
Expected<Apps, std::string> read_state(std::string_view json);
Expected<FaultOrder, std::string> read_fault(std::string_view json, std::size_t backends);

std::string lower_case(std::string_view text);
std::string json_text(std::string_view text);  // quoted and escaped

}  // namespace fluxpg::flux_api
