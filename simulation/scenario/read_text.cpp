#include "simulation/scenario/read_text.hpp"

#include <algorithm>
#include <iterator>

#include "base/ids.hpp"

namespace fluxpg::scenario {

std::optional<Duration> duration_from_text(const std::string& text) {
  static const std::pair<const char*, Duration> kUnits[] = {
      {"ms", milliseconds(1)}, {"s", seconds(1)}, {"m", minutes(1)}, {"h", std::chrono::hours(1)}};
  constexpr std::uint64_t kMost = 3'600'000;  // of any unit
  constexpr Duration kLongest = std::chrono::hours(1000);
  const char* const kDigits = "0123456789";
  Duration sum{};
  std::size_t at = 0;
  do {
    const std::size_t digits_end = text.find_first_not_of(kDigits, at);
    if (digits_end == std::string::npos) return std::nullopt;
    const auto count = number_from_decimal(text.substr(at, digits_end - at));
    at = text.find_first_of(kDigits, digits_end);
    const std::string unit = text.substr(digits_end, at == std::string::npos ? at : at - digits_end);
    const auto* const known = std::find_if(std::begin(kUnits), std::end(kUnits), [&unit](const auto& each) { return unit == each.first; });
    if (!count || *count > kMost || known == std::end(kUnits)) return std::nullopt;
    if (*count > static_cast<std::uint64_t>(kLongest / known->second)) return std::nullopt;
    sum += known->second * static_cast<std::int64_t>(*count);
    if (sum > kLongest) return std::nullopt;
  } while (at != std::string::npos);
  return sum;
}

std::optional<std::pair<Compare, std::uint64_t>> comparison_from_text(const std::string& text) {
  static const std::pair<const char*, Compare> kSigns[] = {
      {"<=", Compare::kAtMost}, {">=", Compare::kAtLeast}, {"<", Compare::kLess}, {">", Compare::kMore}, {"", Compare::kEqual}};
  for (const auto& [sign, compare] : kSigns) {
    const std::string begin = sign;
    if (text.rfind(begin, 0) != 0) continue;
    const std::size_t digits = text.find_first_not_of(' ', begin.size());
    const auto number = number_from_decimal(digits == std::string::npos ? "" : text.substr(digits));
    if (!number) return std::nullopt;
    return std::make_pair(compare, *number);
  }
  return std::nullopt;
}

}  // namespace fluxpg::scenario
