#include "supervisor/runtime/switchover.hpp"

#include <sodium.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace fluxpg::runtime {

namespace {

using nlohmann::json;
using Outcome = supervisor::SwitchoverAnswered::Outcome;

constexpr std::int64_t kMaxLag = 16 << 20;  // bytes; Patroni itself allows 1 MiB at a failover, and waits for the rest at a switchover
constexpr Duration kLookDeadline = seconds(3);
constexpr Duration kSwitchoverDeadline = seconds(60);  // a checkpoint, the shutdown of the old primary, the promotion of the new one
constexpr std::size_t kMaxAnswer = 256 * 1024;

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// A member whose lag Patroni does not know ("unknown") has not been heard from lately.
std::int64_t lag_of(const json& member) {
  const auto found = member.find("lag");
  return found != member.end() && found->is_number_integer() ? found->get<std::int64_t>() : kMaxLag + 1;
}

}  // namespace

std::optional<std::string> switchover_candidate(const std::string& body, const std::string& leader) {
  const json answer = json::parse(body, nullptr, false);
  if (!answer.is_object() || !answer.contains("members") || !answer["members"].is_array()) return std::nullopt;
  std::optional<std::string> best;
  std::int64_t least = kMaxLag + 1;
  for (const json& member : answer["members"]) {
    if (!member.is_object()) continue;
    const std::string state = text_at(member, "state");
    const std::string role = text_at(member, "role");
    const std::string name = text_at(member, "name");
    const bool able = (state == "running" || state == "streaming") && role != "leader" && role != "standby_leader";
    if (!able || name.empty() || name == leader || lag_of(member) >= least) continue;
    least = lag_of(member);
    best = name;
  }
  return best;
}

std::string basic_auth(const std::string& user, const std::string& password) {
  const std::string plain = user + ":" + password;
  std::string coded(sodium_base64_ENCODED_LEN(plain.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(coded.data(), coded.size(), reinterpret_cast<const unsigned char*>(plain.data()), plain.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  coded.pop_back();  // sodium ends it with a zero
  return "Authorization: Basic " + coded;
}

std::string Switchover::url(const char* path) const {
  return "http://" + context_.settings.etcd_local_address + ":" + std::to_string(context_.settings.ports.patroni) + path;
}

void Switchover::begin() {
  if (std::exchange(busy_, true)) return;
  http::Request request;
  request.url = url("/cluster");
  request.deadline = kLookDeadline;
  request.max_body = kMaxAnswer;
  context_.http.start(std::move(request), [this](const http::Result& result) { choose(result); });
}

void Switchover::choose(const http::Result& result) {
  if (!result) return end(Outcome::kFailed, "Patroni does not say who could take over: " + result.error().message);
  if (result->status != 200)
    return end(Outcome::kFailed, "Patroni does not say who could take over: HTTP " + std::to_string(result->status));
  const auto candidate = switchover_candidate(result->body, self_.name);
  if (candidate) return ask(*candidate);
  end(Outcome::kNobody, "this node is PostgreSQL's primary, and no healthy replica could take over");
}

void Switchover::ask(const std::string& candidate) {
  http::Request request;
  request.method = "POST";
  request.url = url("/switchover");
  request.headers = {"Content-Type: application/json", basic_auth("fluxpg", keys_.rest_password)};
  request.body = json{{"leader", self_.name}, {"candidate", candidate}}.dump();
  request.deadline = kSwitchoverDeadline;
  request.max_body = kMaxAnswer;
  context_.http.start(std::move(request), [this, candidate](const http::Result& answered) {
    if (!answered) return end(Outcome::kFailed, "no answer to the switchover to " + candidate + ": " + answered.error().message);
    if (answered->status == 200 || answered->status == 202) return end(Outcome::kAgreed, "PostgreSQL is handed over to " + candidate);
    end(Outcome::kFailed, "Patroni refuses the switchover to " + candidate + ": " + answered->body.substr(0, 200));
  });
}

void Switchover::end(Outcome outcome, std::string text) {
  busy_ = false;
  context_.feed(supervisor::SwitchoverAnswered{outcome, std::move(text)});
}

}  // namespace fluxpg::runtime
