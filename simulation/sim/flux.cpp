#include "simulation/sim/flux.hpp"

#include "discovery/parse.hpp"

namespace fluxpg::simulation {

namespace {

constexpr int kTooManyRows = 1001;

std::string row(const std::string& app, const std::string& ip) {
  return "{\"name\":\"" + app + "\",\"hash\":\"0f\",\"ip\":\"" + ip +
         "\",\"broadcastedAt\":\"2026-07-01T10:00:00.000Z\",\"expireAt\":\"2026-07-01T12:05:00.000Z\",\"osUptime\":123456.7}";
}

std::string document(const std::vector<std::string>& rows) {
  std::string all;
  for (const std::string& each : rows) all += (all.empty() ? "" : ",") + each;
  return R"({"status":"success","data":[)" + all + "]}";
}

// Refused for their number, whatever they say: parsed once for all runs, or they would be most of what is parsed.
discovery::Answer too_many(const std::string& app, const std::string& backend) {
  static const discovery::Answer kRefused = [&app] {
    std::vector<std::string> rows;
    for (int i = 0; i < kTooManyRows; ++i) rows.push_back(row(app, "198.19." + std::to_string(i / 250) + "." + std::to_string(i % 250)));
    return discovery::parse_locations(app, "", 200, document(rows), {});
  }();
  discovery::Answer answer = kRefused;
  std::get<discovery::Bad>(answer).backend = backend;
  return answer;
}

}  // namespace

discovery::Answer Flux::as_text(Lie lie, const std::string& backend, const std::vector<discovery::Row>& rows) const {
  std::vector<std::string> texts;
  for (const discovery::Row& each : rows) texts.push_back(row(app_, each.address));
  int status = 200;
  std::string body = document(texts);
  switch (lie) {
    case Lie::kStatusError:
      body = R"({"status":"error","data":{"name":"Error","message":"database is not available"}})";
      break;
    case Lie::kTruncated:
      body.resize(body.size() * 2 / 3);
      break;
    case Lie::kHtml:
      body = "<html><body>Bad gateway</body></html>";
      break;
    case Lie::kHttp502:
      status = 502;
      break;
    case Lie::kDuplicates:
      for (const discovery::Row& each : rows) texts.push_back(row(app_, each.address + ":16127"));
      body = document(texts);
      break;
    case Lie::kForeignRow:
      texts.push_back(row("somebody-elses", "198.18.7.7"));
      body = document(texts);
      break;
    case Lie::kBadRow:
      texts.push_back(row(app_, "host.example"));
      body = document(texts);
      break;
    case Lie::kNotAList:
      body = R"({"status":"success","data":null})";
      break;
    case Lie::kNotText:
      body += "\xff\xfe";
      break;
    case Lie::kTooMany:
      return too_many(app_, backend);
  }
  return discovery::parse_locations(app_, backend, status, body, {});
}

std::optional<std::uint32_t> Flux::instances(std::uint32_t really) const {
  if (fault_) return std::nullopt;
  if (!lie_) return really;
  const bool answers = *lie_ == Lie::kDuplicates || *lie_ == Lie::kForeignRow || *lie_ == Lie::kBadRow || *lie_ == Lie::kTooMany;
  const std::string good = R"({"status":"success","data":{"name":")" + app_ + R"(","instances":)" + std::to_string(really) + "}}";
  const auto parsed = discovery::parse_instances(app_, "server0", *lie_ == Lie::kHttp502 ? 502 : 200, answers ? good : good.substr(0, 30));
  return parsed ? std::optional(*parsed) : std::nullopt;
}

}  // namespace fluxpg::simulation
