#include "supervisor/report/text.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace fluxpg::report {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNoteIndent = 6;  // of a last cell that goes below its row
constexpr std::size_t kNarrowest = 24;  // narrower text is unreadable, so the line grows instead

struct Date {
  int year;
  unsigned month, day;
  std::int64_t hour, minute, second, millisecond;
};

Date date(std::int64_t unix_ms) {
  using days = std::chrono::duration<std::int64_t, std::ratio<86400>>;
  const milliseconds time(unix_ms);
  const auto day = std::chrono::floor<days>(time);
  const auto rest = (time - day).count();
  const std::chrono::year_month_day ymd{std::chrono::sys_days(std::chrono::days(static_cast<int>(day.count())))};
  return {static_cast<int>(ymd.year()),
          static_cast<unsigned>(ymd.month()),
          static_cast<unsigned>(ymd.day()),
          rest / 3'600'000,
          rest / 60'000 % 60,
          rest / 1000 % 60,
          rest % 1000};
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c1) ++i;
    result.push_back(c1 || byte < 0x20 || byte == 0x7f ? '?' : text[i]);
  }
  return result;
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string result;
  std::size_t used = 0;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    const std::size_t size = columns(word);
    if (used > 0 && used + 1 + size > width) {
      result.append("\n").append(indent, ' ');
      used = 0;
    } else if (used > 0) {
      result.push_back(' ');
      ++used;
    }
    result.append(word);
    used += size;
  }
  return result;
}

std::string utc(std::int64_t unix_ms) {
  const Date d = date(unix_ms);
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02u %02d:%02d:%02d UTC", d.year, d.month, d.day, static_cast<int>(d.hour),
                static_cast<int>(d.minute), static_cast<int>(d.second));
  return buffer;
}

std::string iso_date(std::int64_t unix_ms) {
  const Date d = date(unix_ms);
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", d.year, d.month, d.day, static_cast<int>(d.hour),
                static_cast<int>(d.minute), static_cast<int>(d.second), static_cast<int>(d.millisecond));
  return buffer;
}

std::string span(double seconds) {
  const auto whole = [](double value) { return std::to_string(std::llround(std::floor(value))); };
  if (seconds < 120) return whole(seconds) + " s";
  if (seconds < 7200) return whole(seconds / 60) + " min";
  if (seconds < 172800) return whole(seconds / 3600) + " h";
  return whole(seconds / 86400) + " d";
}

std::string paint(std::string_view text, Color color, const TextOptions& options) {
  static constexpr const char* kCodes[] = {"", "32", "33", "1;31", "1", "2"};  // in the order of Color
  const std::string plain(text);
  if (!options.color || color == Color::kNone) return plain;
  return std::string("\033[") + kCodes[static_cast<std::size_t>(color)] + "m" + plain + "\033[0m";
}

std::string Table::text(const TextOptions& options) const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns(printable(row[i])));
  }
  std::size_t before_last = kGap;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) before_last += widths[i] + kGap;
  const std::size_t left = options.width > before_last ? options.width - before_last : 0;
  const std::size_t below = options.width > kNoteIndent + kNarrowest ? options.width - kNoteIndent : kNarrowest;
  std::string result;
  for (const auto& row : rows_) {
    std::string line(kGap, ' ');
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      const std::string cell = printable(row[i]);
      line.append(cell).append(widths[i] - columns(cell) + kGap, ' ');
    }
    const std::string last = printable(row.back());
    const bool fits = columns(last) <= left;
    if (fits) line += last;
    line.erase(line.find_last_not_of(' ') + 1);
    if (!fits) line.append("\n").append(kNoteIndent, ' ').append(wrapped(last, below, kNoteIndent));
    result += paint(line, &row == &rows_.front() ? Color::kFaint : Color::kNone, options) + "\n";
  }
  return result;
}

}  // namespace fluxpg::report
