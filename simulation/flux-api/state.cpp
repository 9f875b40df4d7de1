#include "simulation/flux-api/state.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>

namespace fluxpg::flux_api {
namespace {

using nlohmann::json;

constexpr std::array kModes = {Mode::kOk,   Mode::kError, Mode::kEmpty, Mode::kHtml502, Mode::kTruncated,
                               Mode::kHang, Mode::kSlow,  Mode::kHuge,  Mode::kRedirect};

std::string mode_names() {
  std::string names;
  for (const Mode mode : kModes) names += (names.empty() ? "" : ", ") + std::string(to_text(mode));
  return names;
}

// Thrown inside this file only: a refusal ends the reading wherever it is found.
struct Refused {
  std::string sentence;
};

void check(bool condition, const std::string& sentence) {
  if (!condition) throw Refused{sentence};
}

// Writing a value back recurses, so its depth is bounded before it is built.
int depth(std::string_view text) {
  int now = 0;
  int deepest = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\\') ++i;
    if (quoted) continue;
    if (c == '[' || c == '{') deepest = std::max(deepest, ++now);
    if (c == ']' || c == '}') --now;
  }
  return deepest;
}

json object(std::string_view text, const std::string& what) {
  check(depth(text) <= 32, what + " is nested deeper than 32 levels.");
  const json root = json::parse(text, nullptr, false);
  check(!root.is_discarded(), what + " is not JSON.");
  check(root.is_object(), what + " must be a JSON object.");
  return root;
}

void only(const json& object, std::initializer_list<std::string_view> allowed, const std::string& where) {
  for (const auto& [key, value] : object.items()) {
    std::string list;
    for (const auto name : allowed) list += (list.empty() ? "" : ", ") + std::string(name);
    check(std::find(allowed.begin(), allowed.end(), key) != allowed.end(),
          "Unknown key " + json_text(key) + " in " + where + "; allowed: " + list + ".");
  }
}

Row row(const json& item, const std::string& where) {
  check(item.is_object(), where + " must be an object such as {\"ip\":\"198.18.0.11:16127\"}.");
  check(item.contains("ip") && item["ip"].is_string(), where + " needs \"ip\", a text.");
  Row result;
  for (const auto& [key, value] : item.items()) result[key] = value.dump();
  return result;
}

App app(const std::string& name, const json& item) {
  const std::string where = "app " + json_text(name);
  check(!name.empty() && name.size() <= 64, "An app's name has 1 to 64 characters.");
  check(item.is_object(), where + " must be an object with \"instances\" and \"rows\".");
  only(item, {"instances", "rows"}, where);
  App result;
  result.name = name;
  if (item.contains("instances")) {
    check(item["instances"].is_number_unsigned() && item["instances"] <= 1'000'000U,
          where + ": \"instances\" must be a number from 0 to 1000000.");
    result.instances = item["instances"];
  }
  const json rows = item.value("rows", json::array());
  check(rows.is_array(), where + ": \"rows\" must be a list.");
  check(rows.size() <= Limits{}.rows, where + ": at most " + std::to_string(Limits{}.rows) + " rows.");
  for (std::size_t i = 0; i < rows.size(); ++i) result.rows.push_back(row(rows[i], where + ": row " + std::to_string(i)));
  return result;
}

Apps apps(std::string_view text) {
  const json root = object(text, "The state");
  only(root, {"apps"}, "the state");
  check(root.contains("apps") && root["apps"].is_object(), "The state needs \"apps\", an object with the apps by name.");
  check(root["apps"].size() <= Limits{}.apps, "At most " + std::to_string(Limits{}.apps) + " apps.");
  Apps result;
  for (const auto& [name, item] : root["apps"].items()) {
    check(result.emplace(lower_case(name), app(name, item)).second,
          "App " + json_text(name) + " is there twice (names are compared without case).");
  }
  return result;
}

FaultOrder fault(std::string_view text, std::size_t backends) {
  const json root = object(text, "The fault");
  only(root, {"mode", "backend", "share"}, "the fault");
  Fault result;
  const auto mode = std::find_if(kModes.begin(), kModes.end(), [&](Mode m) { return root.value("mode", json()) == to_text(m); });
  check(mode != kModes.end(), "\"mode\" must be one of " + mode_names() + ".");
  result.mode = *mode;
  const json share = root.value("share", json(1.0));
  check(share.is_number() && share >= 0.0 && share <= 1.0, "\"share\" must be a number from 0.0 to 1.0.");
  result.share = share;
  const json backend = root.value("backend", json());
  if (backend.is_null()) return {std::nullopt, result};
  check(backend.is_number_unsigned() && backend < backends,
        "\"backend\" must be null or a number from 0 to " + std::to_string(backends - 1) + ".");
  return {backend.get<std::size_t>(), result};
}

}  // namespace

Expected<Apps, std::string> read_state(std::string_view text) {
  try {
    return apps(text);
  } catch (const Refused& refused) {
    return unexpected(refused.sentence);
  }
}

Expected<FaultOrder, std::string> read_fault(std::string_view text, std::size_t backends) {
  try {
    return fault(text, backends);
  } catch (const Refused& refused) {
    return unexpected(refused.sentence);
  }
}

std::string_view to_text(Mode mode) {
  switch (mode) {
    case Mode::kOk:
      return "ok";
    case Mode::kError:
      return "error";
    case Mode::kEmpty:
      return "empty";
    case Mode::kHtml502:
      return "html502";
    case Mode::kTruncated:
      return "truncated";
    case Mode::kHang:
      return "hang";
    case Mode::kSlow:
      return "slow";
    case Mode::kHuge:
      return "huge";
    case Mode::kRedirect:
      return "redirect";
  }
  return "unknown";
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

std::string json_text(std::string_view text) { return json(text).dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace fluxpg::flux_api
