#include "supervisor/runtime/status_protocol.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace fluxpg::runtime {

namespace {

using nlohmann::json;

// Text that is not UTF-8 (an argument typed by hand) must not throw.
std::string line(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"; }

template <class T, class Read>
std::optional<T> parsed(const std::string& text, Read read) {
  const json value = json::parse(text, nullptr, false);
  if (!value.is_object()) return std::nullopt;
  try {
    return read(value);
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

std::string to_line(const StatusRequest& r) {
  return line({{"verb", r.verb}, {"args", r.args}, {"format", r.json ? "json" : "text"}, {"width", r.width}, {"color", r.color}});
}
std::string to_line(const StatusReply& r) { return line({{"exit", r.exit}, {"body", r.body}}); }

std::optional<StatusRequest> request_from_line(const std::string& text) {
  return parsed<StatusRequest>(text, [](const json& value) {
    StatusRequest r;
    r.verb = value.at("verb").get<std::string>();
    if (value.contains("args")) r.args = value.at("args").get<std::vector<std::string>>();
    r.json = value.value("format", "text") == "json";
    r.width = std::clamp<std::size_t>(value.value("width", r.width), 40, 400);
    r.color = value.value("color", false);
    return r;
  });
}

std::optional<StatusReply> reply_from_line(const std::string& text) {
  return parsed<StatusReply>(text, [](const json& value) {
    return StatusReply{value.at("exit").get<int>(), value.at("body").get<std::string>()};
  });
}

}  // namespace fluxpg::runtime
