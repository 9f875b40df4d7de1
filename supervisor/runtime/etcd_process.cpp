#include "supervisor/runtime/etcd_process.hpp"

#include <array>
#include <cctype>
#include <ctime>
#include <filesystem>

#include "supervisor/runtime/disk.hpp"

namespace fluxpg::runtime {

using supervisor::Process;

namespace {

constexpr std::size_t kMaxSteps = 8;
constexpr Duration kStopPatience = seconds(30);
constexpr Duration kLookAgain = milliseconds(200);
constexpr std::size_t kMaxSlug = 40;

bool has_ended(const Expected<Programs, RpcError>& programs) {
  if (!programs) return false;  // not known is not stopped
  const auto etcd = programs->find(kEtcdProgram);
  return etcd != programs->end() && (etcd->second.state == Process::State::kStopped || etcd->second.state == Process::State::kExited);
}

}  // namespace

std::string aside_name(const std::string& data_dir, WallPoint now, const std::string& why) {
  const std::time_t at = unix_ms(now) / 1000;
  std::tm parts{};
  ::gmtime_r(&at, &parts);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y%m%dT%H%M%SZ", &parts);
  std::string slug;
  for (const char c : why) {
    if (slug.size() >= kMaxSlug) break;
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (plain) slug += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (!plain && !slug.empty() && slug.back() != '-') slug += '-';
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return data_dir + ".set-aside-" + date.data() + (slug.empty() ? "" : "-" + slug);
}

// The agent repeats itself while it waits: the same kind of step twice in a row is the later one.
void EtcdProcess::add(Step step) {
  if (!steps_.empty() && steps_.back().index() == step.index()) {
    steps_.back() = std::move(step);
  } else if (steps_.size() < kMaxSteps) {
    steps_.push_back(std::move(step));
  }
  next();
}

void EtcdProcess::next() {
  if (busy_ || steps_.empty()) return;
  busy_ = true;
  const Step step = std::move(steps_.front());
  steps_.pop_front();
  std::visit([this](const auto& s) { begin(s); }, step);
}

void EtcdProcess::finish() {
  busy_ = false;
  next();
}

void EtcdProcess::fail(const std::string& sentence) {
  context_.log.write(Level::kError, sentence);
  steps_.clear();
  finish();
}

void EtcdProcess::begin(const supervisor::RunEtcd& run) {
  const auto written = write_etcd_config(context_.settings, self_, run);
  if (!written) return fail("etcd is not started: " + written.error());
  control_.start(kEtcdProgram, [this](Expected<bool, RpcError> started) {
    if (!started && started.error().fault != kAlreadyStarted) return fail("etcd cannot be started: " + started.error().message);
    if (started) context_.log.write(Level::kInfo, "etcd is started.");
    finish();
  });
}

void EtcdProcess::begin(const supervisor::StopEtcd& stop) {
  control_.stop(kEtcdProgram, [this, why = stop.why](Expected<bool, RpcError> stopped) {
    if (!stopped && stopped.error().fault != kNotRunning) return fail("etcd cannot be stopped: " + stopped.error().message);
    if (stopped) context_.log.write(Level::kWarning, "etcd is stopped: " + why);
    finish();
  });
}

void EtcdProcess::begin(const supervisor::SetAsideEtcdData& aside) {
  when_stopped(context_.now().boot + kStopPatience, [this, why = aside.why](const Done& stopped) {
    if (!stopped) return fail("etcd's data is not set aside: " + stopped.error());
    rename(why);
  });
}

void EtcdProcess::when_stopped(TimePoint give_up, const EtcdRestore::OnDone& then) {
  control_.programs([this, give_up, then](const Expected<Programs, RpcError>& programs) {
    if (has_ended(programs)) return then({});
    if (context_.now().boot >= give_up) return then(unexpected(std::string("supervisord does not say that etcd has stopped.")));
    context_.later(kLookAgain, [this, give_up, then] { when_stopped(give_up, then); });
  });
}

void EtcdProcess::begin(const supervisor::RestoreEtcd& order) {
  const auto stop = [this](const EtcdRestore::OnDone& then) {
    control_.stop(kEtcdProgram, [this, then](Expected<bool, RpcError> stopped) {
      if (!stopped && stopped.error().fault != kNotRunning) return then(unexpected("etcd cannot be stopped: " + stopped.error().message));
      when_stopped(context_.now().boot + kStopPatience, then);
    });
  };
  restore_.run(order, stop, [this, token = order.run.token](const Done& done) {
    context_.feed(supervisor::EtcdRestored{token, done ? "" : done.error()});
    finish();
  });
}

void EtcdProcess::rename(const std::string& why) {
  const std::string from = context_.settings.etcd_data_dir;
  std::error_code error;
  if (!std::filesystem::exists(from, error)) return finish();
  if (set_aside(from).directories >= kMostAside) {
    return fail("etcd's data is not set aside: " + std::to_string(kMostAside) +
                " such directories are there already. Delete those that nobody needs.");
  }
  const std::string to = aside_name(from, context_.now().wall, why);
  const auto renamed = rename_durably(from, to);
  if (!renamed) return fail(renamed.error());
  context_.log.write(Level::kWarning, "etcd's data is set aside as " + to + ": " + why);
  finish();
}

}  // namespace fluxpg::runtime
