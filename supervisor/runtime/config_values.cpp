// A setting's text to its field and back, and the words for what is allowed.
#include <algorithm>
#include <cctype>
#include <limits>

#include "base/endpoint.hpp"
#include "base/ids.hpp"
#include "supervisor/runtime/config_table.hpp"

namespace fluxpg::runtime {

namespace {

constexpr std::size_t kShortestSecret = 16;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

bool printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
  });
}

bool is_url(const std::string& text) {
  const std::size_t scheme = text.rfind("http://", 0) == 0 ? 7 : text.rfind("https://", 0) == 0 ? 8 : 0;
  if (scheme == 0 || text.size() > 400) return false;
  const std::string rest = text.substr(scheme);
  if (rest.empty() || rest[0] == '/' || rest[0] == ':') return false;
  return std::all_of(rest.begin(), rest.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("-._~:/%").find(c) != std::string_view::npos;
  });
}

bool is_allowed_text(const Row& row, const std::string& text) {
  switch (row.kind) {
    case Kind::kName:
      return is_name(text);
    case Kind::kAddress:
      return is_ipv4(text) && text != "0.0.0.0";
    case Kind::kPath:
      return text.front() == '/' && printable(text);
    case Kind::kUrl:
      return is_url(text);
    case Kind::kSecrets:
      return text.size() >= kShortestSecret && printable(text);
    case Kind::kText:
    case Kind::kPassword:
      return printable(text);
    case Kind::kChoice: {
      const auto choices = split(row.choices, '|');
      return std::find(choices.begin(), choices.end(), text) != choices.end();
    }
    case Kind::kPort:
    case Kind::kNumber:
    case Kind::kDuration:
    case Kind::kFlag:
      break;
  }
  return false;
}

// Text to field, by the field's type.
struct Setter {
  const Row& row;
  const std::string& text;

  bool operator()(std::string& field) const {
    if (!is_allowed_text(row, text)) return false;
    field = text;
    return true;
  }
  bool operator()(std::vector<std::string>& field) const {
    auto parts = split(text, ',');
    for (auto& part : parts) {
      while (row.kind == Kind::kUrl && !part.empty() && part.back() == '/') part.pop_back();
      if (part.empty() || !is_allowed_text(row, part)) return false;
    }
    field = std::move(parts);
    return true;
  }
  bool operator()(bool& field) const {
    if (text != "true" && text != "false") return false;
    field = text == "true";
    return true;
  }
  bool operator()(Duration& field) const {
    const auto value = duration_from_text(text);
    if (!value || value->count() < row.least || value->count() > row.most) return false;
    field = *value;
    return true;
  }
  template <class Number>
  bool operator()(Number& field) const {
    const auto value = number_from_decimal(text);
    if (!value || *value > static_cast<std::uint64_t>(row.most) || *value < static_cast<std::uint64_t>(row.least)) return false;
    field = static_cast<Number>(*value);
    return true;
  }
};

struct Getter {
  std::string operator()(const std::string& field) const { return field; }
  std::string operator()(const std::vector<std::string>& field) const {
    std::string text;
    for (const auto& part : field) text += (text.empty() ? "" : ",") + part;
    return text;
  }
  std::string operator()(bool field) const { return field ? "true" : "false"; }
  std::string operator()(const Duration& field) const { return to_text(field); }
  template <class Number>
  std::string operator()(Number field) const {
    return std::to_string(field);
  }
};

struct Unit {
  const char* name;
  std::int64_t size;
};
constexpr Unit kUnits[] = {{"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000}, {"ms", 1'000'000}};

}  // namespace

std::optional<Duration> duration_from_text(const std::string& text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = number_from_decimal(text.substr(0, digits));
  for (const Unit& unit : kUnits) {
    if (text.substr(digits) != unit.name || !number) continue;
    if (*number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / unit.size)) return std::nullopt;
    return Duration(static_cast<std::int64_t>(*number) * unit.size);
  }
  return std::nullopt;
}

std::string to_text(Duration duration) {
  if (duration.count() == 0) return "0s";
  for (const Unit& unit : kUnits) {
    if (duration.count() % unit.size == 0) return std::to_string(duration.count() / unit.size) + unit.name;
  }
  return std::to_string(to_ms(duration)) + "ms";
}

std::string allowed(const Row& row) {
  switch (row.kind) {
    case Kind::kName:
      return "1 to 64 letters, digits, '-' or '_' are needed";
    case Kind::kPort:
      return "a port from 1 to 65535 is needed";
    case Kind::kNumber:
      return "a whole number from " + std::to_string(row.least) + " to " + std::to_string(row.most) + " is needed";
    case Kind::kDuration:
      return "a duration from " + to_text(Duration(row.least)) + " to " + to_text(Duration(row.most)) +
             ", such as 500ms, 15s, 10m or 2h, is needed";
    case Kind::kFlag:
      return "true or false is needed";
    case Kind::kChoice: {
      std::string text;
      for (const auto& word : split(row.choices, '|')) text += (text.empty() ? "" : " or ") + word;
      return text + " is needed";
    }
    case Kind::kAddress:
      return "an IPv4 address such as 198.18.0.11 is needed";
    case Kind::kPath:
      return "an absolute path is needed";
    case Kind::kUrl:
      return "http:// or https:// URLs without a query are needed";
    case Kind::kText:
      return "printable characters are needed";
    case Kind::kPassword:
      return "printable characters are needed";
    case Kind::kSecrets:
      return "each comma-separated secret needs at least " + std::to_string(kShortestSecret) + " printable characters";
  }
  return "";
}

bool set(Settings& settings, const Row& row, const std::string& text) {
  if (text.empty()) return false;
  return std::visit([&](auto at) { return Setter{row, text}(at(settings)); }, row.field);
}

std::string get(const Settings& settings, const Row& row) {
  Settings copy = settings;  // the fields are reached through one mutable accessor
  return std::visit([&](auto at) { return Getter{}(at(copy)); }, row.field);
}

}  // namespace fluxpg::runtime
