// Laying out text for a terminal: tables, wrapping, dates, durations, colours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/report/report.hpp"

namespace fluxpg::report {

// Control characters become '?': names and reasons come from other machines and must not steer the reader's terminal.
std::string printable(std::string_view text);
// Columns on the screen, one per character (not per byte).
std::size_t columns(std::string_view text);
// Breaks at spaces; the first line may be `width` wide, later ones begin with `indent` spaces. A longer word stays whole.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

std::string utc(std::int64_t unix_ms);       // "2026-11-23 10:42:40 UTC"
std::string iso_date(std::int64_t unix_ms);  // "2026-11-23T10:42:40.123Z"
std::string span(double seconds);            // "12 s", "4 min", "3 h", "5 d"

enum class Color : std::uint8_t { kNone, kGood, kWarning, kBad, kStrong, kFaint };
std::string paint(std::string_view text, Color color, const TextOptions& options);

// Columns as wide as their widest cell. A last cell that does not fit into the line goes below it.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text(const TextOptions& options) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace fluxpg::report
