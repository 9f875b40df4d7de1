#include "supervisor/runtime/probes.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "supervisor/runtime/disk.hpp"
#include "supervisor/runtime/etcd_process.hpp"
#include "supervisor/runtime/log_end.hpp"
#include "supervisor/runtime/node_files.hpp"

namespace fluxpg::runtime {

using supervisor::PostgresSeen;
using supervisor::Process;
using supervisor::ProcessesSeen;

namespace {

constexpr Duration kProcessPeriod = seconds(1);
constexpr Duration kPatroniPeriod = seconds(3);
constexpr Duration kRepeat = seconds(5);  // unchanged things are told this often
constexpr Duration kPatroniDeadline = seconds(2);
constexpr std::size_t kMaxPatroniAnswer = 256 * 1024;
constexpr Duration kAsidePeriod = minutes(1);

Process find(const Programs& programs, const char* name) {
  const auto found = programs.find(name);
  return found == programs.end() ? Process{} : found->second;
}

bool same(const ProcessesSeen& a, const ProcessesSeen& b) {
  return a.etcd == b.etcd && a.patroni == b.patroni && a.etcd_data == b.etcd_data && a.etcd_elsewhere == b.etcd_elsewhere &&
         a.unreadable == b.unreadable && a.postgres_data == b.postgres_data;
}

std::string text_at(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

PostgresSeen postgres_from_patroni(const std::string& body) {
  PostgresSeen seen;
  const auto answer = nlohmann::json::parse(body, nullptr, false);
  if (!answer.is_object()) return seen;
  const std::string system_id = text_at(answer, "database_system_identifier");
  if (system_id.size() <= 20 && system_id.find_first_not_of("0123456789") == std::string::npos) seen.system_id = system_id;
  if (text_at(answer, "state") != "running") return seen;
  const std::string role = text_at(answer, "role");
  if (role == "master" || role == "primary") seen.role = "primary";  // Patroni 3 and 4
  if (role == "replica" || role == "standby_leader") seen.role = "replica";
  return seen;
}

std::optional<supervisor::PostgresPlace> place_from_patroni(const std::string& body) {
  const auto answer = nlohmann::json::parse(body, nullptr, false);
  if (!answer.is_object() || !answer.contains("xlog") || !answer["xlog"].is_object()) return std::nullopt;
  const PostgresSeen seen = postgres_from_patroni(body);
  supervisor::PostgresPlace place{seen.role, seen.system_id, 0, 0};
  const auto number = [](const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
  };
  place.timeline = static_cast<std::uint32_t>(number(answer, "timeline"));
  for (const char* key : {"location", "received_location", "replayed_location"}) place.lsn = std::max(place.lsn, number(answer["xlog"], key));
  return place;
}

Probes::Probes(const Context& context, ProcessControl& control, const std::string& listen)
    : context_(context),
      control_(control),
      listen_(listen),
      trouble_(context.log, "supervisord answers again."),
      aside_trouble_(context.log, "Few directories are set aside now.") {}

void Probes::start() {
  look_at_processes();
  if (context_.settings.patroni_manage) look_at_patroni();
}

void Probes::look_at_processes() {
  control_.programs([this](const Expected<Programs, RpcError>& programs) {
    processes_seen(programs);
    context_.later(kProcessPeriod, [this] { look_at_processes(); });
  });
}

void Probes::processes_seen(const Expected<Programs, RpcError>& programs) {
  trouble_.set(programs ? "" : "etcd and Patroni cannot be controlled: " + programs.error().message);
  ProcessesSeen seen;
  if (programs) seen.etcd = find(*programs, kEtcdProgram);
  if (programs) seen.patroni = find(*programs, kPatroniProgram);
  const auto etcd_data = has_etcd_data(context_.settings.etcd_data_dir);
  const auto postgres_data = has_postgres_data(context_.settings.postgres_data_dir);
  seen.etcd_data = etcd_data && *etcd_data;
  seen.postgres_data = postgres_data && *postgres_data;
  seen.unreadable = !etcd_data ? etcd_data.error() : !postgres_data ? postgres_data.error() : "";
  look_aside();
  seen.etcd_elsewhere = seen.etcd.state == Process::State::kRunning && !etcd_listens_on(context_.settings, listen_);
  patroni_runs_ = seen.patroni.state == Process::State::kRunning;
  patroni_is_down_ = seen.patroni.state == Process::State::kStopped || seen.patroni.state == Process::State::kExited;
  const TimePoint now = context_.now().boot;
  if (processes_ && same(*processes_, seen) && now - processes_told_ < kRepeat) return;
  processes_ = seen;
  processes_told_ = now;
  context_.feed(seen);
}

// Once a minute: it walks through every file of them.
void Probes::look_aside() {
  const TimePoint now = context_.now().boot;
  if (now < aside_at_) return;
  aside_at_ = now + kAsidePeriod;
  const Aside aside = set_aside(context_.settings.etcd_data_dir);
  aside_trouble_.set(aside.directories < kAskAboutAside
                         ? ""
                         : std::to_string(aside.directories) + " directories of old etcd data were set aside beside " +
                               context_.settings.etcd_data_dir + ", " + std::to_string(aside.bytes >> 20) +
                               " MiB: look whether anything in them is missed, and delete them. At " + std::to_string(kMostAside) +
                               " none is set aside any more.");
}

void Probes::look_at_patroni() {
  const auto over = [this](const http::Result& result) {
    patroni_seen(result);
    context_.later(kPatroniPeriod, [this] { look_at_patroni(); });
  };
  if (!patroni_runs_) return over(unexpected(http::Error{}));
  http::Request request;
  request.url = "http://" + context_.settings.etcd_local_address + ":" + std::to_string(context_.settings.ports.patroni) + "/patroni";
  request.deadline = kPatroniDeadline;
  request.max_body = kMaxPatroniAnswer;
  context_.http.start(std::move(request), over);
}

void Probes::patroni_seen(const http::Result& result) {
  PostgresSeen seen;
  if (result) seen = postgres_from_patroni(result->body);
  if (seen.system_id.empty()) seen.system_id = postgres_system_id(context_.settings.postgres_data_dir);
  const bool stopped = patroni_is_down_ && !postgres_runs(context_.settings.postgres_data_dir);  // it may outlive a Patroni that was killed
  const auto end = stopped ? end_of_log(context_.settings.postgres_data_dir) : std::nullopt;
  if (end) seen.timeline = end->timeline, seen.lsn = end->lsn;
  const TimePoint now = context_.now().boot;
  if (postgres_ == seen && now - postgres_told_ < kRepeat) return;
  postgres_ = seen;
  postgres_told_ = now;
  context_.feed(seen);
}

}  // namespace fluxpg::runtime
