#include "discovery/parse.hpp"

#include <algorithm>
#include <utility>

#include "discovery/document.hpp"
#include "discovery/text.hpp"

namespace fluxpg::discovery {
namespace {

constexpr std::size_t kMaxBackend = 128;  // bytes of a backend's name that are kept
constexpr std::size_t kMaxQuote = 80;     // bytes of a stranger's text that are quoted

Bad bad(Fault fault, std::string detail) { return Bad{"", fault, std::move(detail)}; }

using Data = Document::Data;

// What every route shares: HTTP status, text, JSON, {"status":"success","data":…}.
Expected<Document, Bad> envelope(int http_status, std::string_view body, const ParseLimits& limits) {
  if (http_status >= 300 && http_status < 400) {
    return unexpected(bad(Fault::kRedirect, "HTTP " + std::to_string(http_status) + ": redirects are not followed"));
  }
  if (http_status != 200) return unexpected(bad(Fault::kHttpStatus, "HTTP " + std::to_string(http_status) + " instead of 200"));
  if (body.size() > limits.max_bytes) {
    return unexpected(bad(Fault::kTooLarge, "the answer has more than " + std::to_string(limits.max_bytes) + " bytes"));
  }
  if (!is_utf8(body)) return unexpected(bad(Fault::kNotText, "the answer is not UTF-8"));

  auto document = pick(body, limits.max_rows);
  if (!document && document.error() == Unreadable::kTooDeep) {
    return unexpected(bad(Fault::kShape, "the answer is nested deeper than " + std::to_string(kMaxDepth) + " levels"));
  }
  if (!document) return unexpected(bad(Fault::kNotJson, "the answer is not complete JSON: \"" + printable(body, kMaxQuote) + "\""));
  if (!document->is_object) return unexpected(bad(Fault::kShape, "the answer is JSON, but not an object"));
  if (document->repeats) return unexpected(bad(Fault::kShape, "a field is there twice"));
  if (document->status == "error") {
    return unexpected(
        bad(Fault::kStatusError, "the API reports an error: " + printable(document->fields.message.value_or("no message"), kMaxQuote)));
  }
  if (document->status != "success") return unexpected(bad(Fault::kShape, "\"status\" is neither \"success\" nor \"error\""));
  if (document->data == Data::kMissing) return unexpected(bad(Fault::kShape, "\"data\" is missing"));
  return std::move(*document);
}

Expected<Row, Bad> row(std::string_view app, const Fields& fields) {
  if (!fields.name) return unexpected(bad(Fault::kBadRow, "a row has no name"));
  if (!equal_ignoring_case(*fields.name, app)) {
    return unexpected(bad(Fault::kForeignApp, "a row belongs to the app \"" + printable(*fields.name, kMaxQuote) + "\""));
  }
  if (!fields.ip) return unexpected(bad(Fault::kBadRow, "a row has no ip"));
  const auto result = row_from_ip(*fields.ip);
  if (!result)
    return unexpected(bad(Fault::kBadRow, "the ip \"" + printable(*fields.ip, kMaxQuote) + "\" is not IPv4 or IPv4:PORT of a host"));
  return *result;
}

Expected<std::vector<Row>, Bad> rows(std::string_view app, int http_status, std::string_view body, const ParseLimits& limits) {
  const auto document = envelope(http_status, body, limits);
  if (!document) return unexpected(document.error());
  if (document->data != Data::kList) return unexpected(bad(Fault::kShape, "\"data\" is not a list"));
  if (document->items == 0) return unexpected(bad(Fault::kEmpty, "an empty list: it may mean that this backend has lost all rows"));
  if (document->items > limits.max_rows) {
    const std::string count = std::to_string(document->items);
    return unexpected(bad(Fault::kTooManyRows, count + " rows, at most " + std::to_string(limits.max_rows) + " are believed"));
  }
  if (!document->only_objects) return unexpected(bad(Fault::kBadRow, "a row is not an object"));
  std::vector<Row> result;
  for (const Fields& fields : document->rows) {
    const auto checked = row(app, fields);
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
  const auto document = envelope(http_status, body, ParseLimits{});
  if (!document) return fail(document.error());
  const Fields& fields = document->fields;
  if (!fields.name) return fail(bad(Fault::kShape, "the specification has no name"));
  if (!equal_ignoring_case(*fields.name, app)) {
    return fail(bad(Fault::kForeignApp, "the specification belongs to the app \"" + printable(*fields.name, kMaxQuote) + "\""));
  }
  if (!fields.instances) return fail(bad(Fault::kShape, "\"instances\" is not a number"));
  if (*fields.instances < 3 || *fields.instances > 100) {
    return fail(bad(Fault::kShape, "\"instances\" is " + std::to_string(*fields.instances) + ", allowed are 3 to 100"));
  }
  return static_cast<std::uint32_t>(*fields.instances);
}

Expected<std::string, std::string> parse_hostinfo(int http_status, std::string_view body) {
  const auto document = envelope(http_status, body, ParseLimits{});
  if (!document) return unexpected(document.error().detail);
  const auto& ip = document->fields.ip;
  if (!ip) return unexpected(std::string("hostinfo has no ip"));
  const auto found = row_from_ip(*ip);
  if (!found) return unexpected("hostinfo's ip \"" + printable(*ip, kMaxQuote) + "\" is not IPv4 or IPv4:PORT of a host");
  return found->address;
}

}  // namespace fluxpg::discovery
