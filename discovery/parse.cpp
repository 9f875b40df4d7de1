#include "discovery/parse.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "discovery/text.hpp"

namespace fluxpg::discovery {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 32;             // the documented shape has 3 levels
constexpr std::size_t kMaxBackend = 128;  // bytes of a backend's name that are kept
constexpr std::size_t kMaxQuote = 80;     // bytes of a stranger's text that are quoted

Bad bad(Fault fault, std::string detail) { return Bad{"", fault, std::move(detail)}; }

struct TooDeep {};

// Only the keys we read are built, and only `max_rows` rows, nested no deeper than kMaxDepth: a hostile answer costs little more memory
// than its own bytes.
struct Sieve {
  std::size_t max_rows;
  std::size_t rows = 0;

  bool keep(int depth, json::parse_event_t event, const json& value) {
    static const std::set<std::string> known = {"status", "data", "name", "ip", "instances", "message"};
    if (depth > kMaxDepth) throw TooDeep{};
    if (event == json::parse_event_t::key) return known.count(value.get_ref<const std::string&>()) != 0;
    if (event == json::parse_event_t::object_start && depth == 2) return ++rows <= max_rows;
    return true;
  }
};

// What every route shares: status, text, JSON, {"status":"success","data":…}. Returns `data`.
Expected<json, Bad> envelope(int http_status, std::string_view body, const ParseLimits& limits) {
  if (http_status >= 300 && http_status < 400) {
    return unexpected(bad(Fault::kRedirect, "HTTP " + std::to_string(http_status) + ": redirects are not followed"));
  }
  if (http_status != 200) return unexpected(bad(Fault::kHttpStatus, "HTTP " + std::to_string(http_status) + " instead of 200"));
  if (body.size() > limits.max_bytes) {
    return unexpected(bad(Fault::kTooLarge, "the answer has more than " + std::to_string(limits.max_bytes) + " bytes"));
  }
  if (!is_utf8(body)) return unexpected(bad(Fault::kNotText, "the answer is not UTF-8"));

  Sieve sieve{limits.max_rows};
  const auto filter = [&](int depth, json::parse_event_t event, json& value) { return sieve.keep(depth, event, value); };
  json root;
  try {
    root = json::parse(body, filter, false);  // false: a syntax error is a discarded value; our filter never discards the outermost one
  } catch (const TooDeep&) {
    return unexpected(bad(Fault::kShape, "the answer is nested deeper than " + std::to_string(kMaxDepth) + " levels"));
  }
  if (root.is_discarded())
    return unexpected(bad(Fault::kNotJson, "the answer is not complete JSON: \"" + printable(body, kMaxQuote) + "\""));
  if (!root.is_object()) return unexpected(bad(Fault::kShape, "the answer is JSON, but not an object"));
  const auto status = root.find("status");
  const auto data = root.find("data");
  if (status != root.end() && *status == "error") {
    std::string message = "without a message";
    if (data != root.end() && data->is_object() && data->contains("message") && (*data)["message"].is_string()) {
      message = printable((*data)["message"].get_ref<const std::string&>(), kMaxQuote);
    }
    return unexpected(bad(Fault::kStatusError, "the API reports an error: " + message));
  }
  if (status == root.end() || *status != "success")
    return unexpected(bad(Fault::kShape, "\"status\" is neither \"success\" nor \"error\""));
  if (data == root.end()) return unexpected(bad(Fault::kShape, "\"data\" is missing"));
  if (sieve.rows > limits.max_rows) {
    return unexpected(
        bad(Fault::kTooManyRows, std::to_string(sieve.rows) + " rows, at most " + std::to_string(limits.max_rows) + " are believed"));
  }
  return std::move(*data);
}

std::optional<std::string> text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

Expected<Row, Bad> row(std::string_view app, const json& item) {
  if (!item.is_object()) return unexpected(bad(Fault::kBadRow, "a row is not an object"));
  const auto name = text_at(item, "name");
  if (!name) return unexpected(bad(Fault::kBadRow, "a row has no name"));
  if (!equal_ignoring_case(*name, app)) {
    return unexpected(bad(Fault::kForeignApp, "a row belongs to the app \"" + printable(*name, kMaxQuote) + "\""));
  }
  const auto ip = text_at(item, "ip");
  if (!ip) return unexpected(bad(Fault::kBadRow, "a row has no ip"));
  const auto result = row_from_ip(*ip);
  if (!result) return unexpected(bad(Fault::kBadRow, "the ip \"" + printable(*ip, kMaxQuote) + "\" is not IPv4 or IPv4:PORT of a host"));
  return *result;
}

Expected<std::vector<Row>, Bad> rows(std::string_view app, int http_status, std::string_view body, const ParseLimits& limits) {
  const auto data = envelope(http_status, body, limits);
  if (!data) return unexpected(data.error());
  if (!data->is_array()) return unexpected(bad(Fault::kShape, "\"data\" is not a list"));
  if (data->empty()) return unexpected(bad(Fault::kEmpty, "an empty list: it may mean that this backend has lost all rows"));
  if (data->size() > limits.max_rows) return unexpected(bad(Fault::kTooManyRows, std::to_string(data->size()) + " rows"));
  std::vector<Row> result;
  for (const json& item : *data) {
    const auto checked = row(app, item);
    if (!checked) return unexpected(checked.error());
    result.push_back(*checked);
  }
  std::sort(result.begin(), result.end());
  const auto same = [](const Row& a, const Row& b) { return a.address == b.address; };
  result.erase(std::unique(result.begin(), result.end(), same), result.end());
  return result;
}

}  // namespace

Answer parse_locations(std::string_view app, const std::string& backend, int http_status, std::string_view body,
                       const ParseLimits& limits) {
  const std::string name = printable(backend, kMaxBackend);
  auto result = rows(app, http_status, body, limits);
  if (result) return Good{name, std::move(*result)};
  result.error().backend = name;
  return std::move(result.error());
}

Expected<std::uint32_t, Bad> parse_instances(std::string_view app, const std::string& backend, int http_status, std::string_view body) {
  const auto fail = [&](Bad what) {
    what.backend = printable(backend, kMaxBackend);
    return unexpected(std::move(what));
  };
  const auto data = envelope(http_status, body, ParseLimits{});
  if (!data) return fail(data.error());
  if (!data->is_object()) return fail(bad(Fault::kShape, "\"data\" is not an object"));
  const auto name = text_at(*data, "name");
  if (!name) return fail(bad(Fault::kShape, "the specification has no name"));
  if (!equal_ignoring_case(*name, app)) {
    return fail(bad(Fault::kForeignApp, "the specification belongs to the app \"" + printable(*name, kMaxQuote) + "\""));
  }
  const auto instances = data->find("instances");
  if (instances == data->end() || !instances->is_number_unsigned()) return fail(bad(Fault::kShape, "\"instances\" is not a number"));
  const auto value = instances->get<std::uint64_t>();
  if (value < 3 || value > 100) return fail(bad(Fault::kShape, "\"instances\" is " + std::to_string(value) + ", allowed are 3 to 100"));
  return static_cast<std::uint32_t>(value);
}

Expected<std::string, std::string> parse_hostinfo(int http_status, std::string_view body) {
  const auto data = envelope(http_status, body, ParseLimits{});
  if (!data) return unexpected(data.error().detail);
  const auto ip = data->is_object() ? text_at(*data, "ip") : std::nullopt;
  if (!ip) return unexpected(std::string("hostinfo has no ip"));
  const auto found = row_from_ip(*ip);
  if (!found) return unexpected("hostinfo's ip \"" + printable(*ip, kMaxQuote) + "\" is not IPv4 or IPv4:PORT of a host");
  return found->address;
}

}  // namespace fluxpg::discovery
