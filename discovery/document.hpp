// The few fields of a Flux answer that we read, picked while it is parsed: whatever else is in it is never built.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"

namespace fluxpg::discovery {

struct Fields {  // absent also if of another type
  std::optional<std::string> name, ip, message;
  std::optional<std::uint64_t> instances;
};

struct Document {
  enum class Data { kMissing, kOther, kObject, kList };
  bool is_object = false;  // the outermost value
  bool repeats = false;    // a field that we read is there twice: it contradicts itself
  std::optional<std::string> status;
  Data data = Data::kMissing;
  Fields fields;             // of data, if an object
  std::size_t items = 0;     // in data, if a list
  bool only_objects = true;  // all of them
  std::vector<Fields> rows;  // the first `max_rows` objects
};

enum class Unreadable { kSyntax, kTooDeep };
constexpr std::size_t kMaxDepth = 32;  // the documented shape has 3 levels

// Time and memory are linear in the bytes, whatever they are.
Expected<Document, Unreadable> pick(std::string_view json, std::size_t max_rows);

}  // namespace fluxpg::discovery
