#include "simulation/flux-api/model.hpp"

#include <cmath>
#include <cstdio>

#include "base/check.hpp"
#include "base/ids.hpp"

namespace fluxpg::flux_api {
namespace {

// "2026-07-01T10:00:00.000Z"
std::string date(WallPoint at) {
  const auto since = std::chrono::floor<std::chrono::days>(at.time_since_epoch());
  const std::chrono::year_month_day day{std::chrono::sys_days(since)};
  const std::chrono::hh_mm_ss time(std::chrono::floor<milliseconds>(at.time_since_epoch() - since));
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int{day.year()}, unsigned{day.month()}, unsigned{day.day()},
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return json_text(text);
}

// Looks like a hash and is the same in every run.
std::string hash_of(std::string_view name) {
  std::uint64_t value = 14695981039346656037U;
  std::string result;
  for (int part = 0; part < 4; ++part) {
    for (const char c : name) value = (value ^ static_cast<std::uint8_t>(c)) * 1099511628211U;
    const std::string digits = to_hex(value);
    result += std::string(16 - digits.size(), '0') + digits;
  }
  return json_text(result);
}

template <class Items, class Write>
std::string list(char open, const Items& items, Write write, char close) {
  std::string text(1, open);
  for (const auto& item : items) {
    if (text.size() > 1) text += ',';
    text += write(item);
  }
  text += close;
  return text;
}

std::string object_of(const std::map<std::string, std::string>& fields) {
  return list(
      '{', fields, [](const auto& field) { return json_text(field.first) + ":" + field.second; }, '}');
}

std::string success(const std::string& data) { return R"({"status":"success","data":)" + data + "}"; }
std::string error(const std::string& message) {
  return R"({"status":"error","data":{"name":"Error","message":)" + json_text(message) + "}}";
}

}  // namespace

Model::Model(std::size_t backends) : backends_(backends) {
  CHECK(backends >= 1 && backends <= kMaxBackends);
  for (std::size_t i = 0; i < backends; ++i) backends_[i].name = "server" + std::to_string(i) + "_192.0.2." + std::to_string(i + 1);
}

Model::Backend& Model::next_backend() {
  Backend& backend = backends_[next_++ % backends_.size()];
  ++backend.requests;
  return backend;
}

// Spread evenly and without chance: with a share of 0.5 every second request is hit.
Mode Model::mode_of_next_request(Fault& fault) {
  const auto hits = [&](std::uint64_t asked) { return std::floor(static_cast<double>(asked) * fault.share + 1e-9); };
  const bool hit = hits(fault.asked + 1) > hits(fault.asked);
  ++fault.asked;
  return hit ? fault.mode : Mode::kOk;
}

Reply Model::reply(Backend& backend, std::string good_body) {
  Reply result;
  result.mode = mode_of_next_request(backend.fault);
  result.backend = backend.name;
  result.body = std::move(good_body);
  switch (result.mode) {
    case Mode::kOk:
    case Mode::kHang:
    case Mode::kSlow:
    case Mode::kHuge:
      break;
    case Mode::kRedirect:
      result.status = 302;
      break;
    case Mode::kError:
      result.body = error("Something went wrong");
      break;
    case Mode::kEmpty:
      result.body = success("[]");
      break;
    case Mode::kHtml502:
      result.status = 502;
      result.content_type = "text/html";
      result.body = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
      break;
    case Mode::kTruncated:
      result.body.resize(result.body.size() / 2);
      break;
  }
  return result;
}

Reply Model::location(std::string_view app, WallPoint now) {
  Backend& backend = next_backend();
  const auto found = backend.apps.find(lower_case(app));
  if (found == backend.apps.end()) return reply(backend, success("[]"));
  // A record is renewed every hour and lives 125 minutes.
  const auto renewed = WallPoint(std::chrono::floor<std::chrono::hours>(now.time_since_epoch()));
  Row defaults = {{"name", json_text(found->second.name)},
                  {"hash", hash_of(found->second.name)},
                  {"broadcastedAt", date(renewed)},
                  {"expireAt", date(renewed + minutes(125))},
                  {"runningSince", date(renewed - std::chrono::hours(240))},
                  {"osUptime", "864000.5"},
                  {"staticIp", "true"}};
  const auto write = [&](const Row& row) {
    Row fields = row;
    fields.insert(defaults.begin(), defaults.end());
    return object_of(fields);
  };
  return reply(backend, success(list('[', found->second.rows, write, ']')));
}

Reply Model::specification(std::string_view app) {
  Backend& backend = next_backend();
  const auto found = backend.apps.find(lower_case(app));
  if (found == backend.apps.end()) return reply(backend, error("Application not found"));
  const Row fields = {{"name", json_text(found->second.name)},
                      {"hash", hash_of(found->second.name)},
                      {"instances", std::to_string(found->second.instances)},
                      {"version", "8"}};
  return reply(backend, success(object_of(fields)));
}

std::optional<std::string> Model::put_state(std::optional<std::size_t> backend, std::string_view text) {
  if (backend && *backend >= backends_.size()) {
    return "There is no backend " + std::to_string(*backend) + "; there are 0 to " + std::to_string(backends_.size() - 1) + ".";
  }
  const auto apps = read_state(text);
  if (!apps) return apps.error();
  for (std::size_t i = 0; i < backends_.size(); ++i) {
    if (!backend || *backend == i) backends_[i].apps = *apps;
  }
  return std::nullopt;
}

std::optional<std::string> Model::put_fault(std::string_view text) {
  const auto order = read_fault(text, backends_.size());
  if (!order) return order.error();
  for (std::size_t i = 0; i < backends_.size(); ++i) {
    if (!order->backend || *order->backend == i) backends_[i].fault = order->fault;
  }
  return std::nullopt;
}

std::string Model::state() const {
  const auto write_app = [](const auto& entry) {
    const App& app = entry.second;
    return json_text(app.name) + ":" +
           object_of({{"instances", std::to_string(app.instances)}, {"rows", list('[', app.rows, object_of, ']')}});
  };
  const auto apps_of = [&](const Backend& backend) { return list('{', backend.apps, write_app, '}'); };
  const auto write_backend = [&](const Backend& backend) {
    const Row fault = {{"mode", json_text(to_text(backend.fault.mode))}, {"share", std::to_string(backend.fault.share)}};
    return object_of({{"name", json_text(backend.name)},
                      {"apps", apps_of(backend)},
                      {"fault", object_of(fault)},
                      {"requests", std::to_string(backend.requests)}});
  };
  return object_of({{"apps", apps_of(backends_.front())}, {"backends", list('[', backends_, write_backend, ']')}});
}

}  // namespace fluxpg::flux_api
