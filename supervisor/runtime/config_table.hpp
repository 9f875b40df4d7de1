// One row for every setting, and the two conversions between its text and its field.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "supervisor/runtime/config.hpp"

namespace fluxpg::runtime {

enum class Kind : std::uint8_t { kName, kPort, kNumber, kDuration, kFlag, kChoice, kAddress, kPath, kUrl, kText, kPassword, kSecrets };

// Where the value lives: a function from the settings to the field.
using Field = std::variant<std::string& (*)(Settings&), std::vector<std::string>& (*)(Settings&), std::uint16_t& (*)(Settings&),
                           std::uint32_t& (*)(Settings&), std::size_t& (*)(Settings&), int& (*)(Settings&), bool& (*)(Settings&),
                           Duration& (*)(Settings&)>;

struct Row {
  const char* name;  // in YAML: "section.key", or "key" at the top level
  const char* env;   // "" if it can only be set in the file; "A|B": B is used if A is unset
  Kind kind;
  Field field;
  std::int64_t least;  // kNumber, kDuration (nanoseconds)
  std::int64_t most;
  const char* choices;  // kChoice: "a|b"
  const char* help;
};

const std::vector<Row>& table();
bool is_secret(const Row& row);

// What is allowed, to follow "… is not allowed: ": "a port from 1 to 65535 is needed".
std::string allowed(const Row& row);
// False if the text is not allowed; the field is then unchanged.
bool set(Settings& settings, const Row& row, const std::string& text);
std::string get(const Settings& settings, const Row& row);

std::optional<Duration> duration_from_text(const std::string& text);
std::string to_text(Duration duration);

}  // namespace fluxpg::runtime
