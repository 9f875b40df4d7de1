#include "supervisor/runtime/patroni_process.hpp"

#include "supervisor/runtime/disk.hpp"

namespace fluxpg::runtime {

using supervisor::Process;

void PatroniProcess::want(Step step) {
  waiting_ = std::move(step);
  next();
}

void PatroniProcess::next() {
  if (busy_ || !waiting_) return;
  busy_ = true;
  const Step step = std::move(*waiting_);
  waiting_.reset();
  std::visit([this](const auto& s) { begin(s); }, step);
}

void PatroniProcess::finish(const std::string& trouble) {
  if (!trouble.empty()) context_.log.write(Level::kError, trouble);
  busy_ = false;
  next();
}

void PatroniProcess::begin(const supervisor::RunPatroni& run) {
  // Data of another cluster is nobody's to overwrite: Patroni would refuse it, too, but only after it has become a member.
  const std::string on_disk = postgres_system_id(context_.settings.postgres_data_dir);
  if (!run.system_id_expected.empty() && !on_disk.empty() && on_disk != run.system_id_expected) {
    return finish("Patroni is not started: the PostgreSQL data here has the system identifier " + on_disk + ", the cluster's is " +
                  run.system_id_expected + ".");
  }
  const auto written = write_patroni_config(context_.settings, keys_, self_, run);
  if (!written) return finish("Patroni is not started: " + written.error());
  unread_ = unread_ || *written;
  control_.programs([this](const Expected<Programs, RpcError>& programs) {
    if (!programs) return finish("Patroni cannot be started: " + programs.error().message);
    const auto patroni = programs->find(kPatroniProgram);
    if (patroni == programs->end()) return finish("Patroni cannot be started: supervisord has no program of that name.");
    const auto state = patroni->second.state;
    if (state != Process::State::kRunning && state != Process::State::kStarting) return start();
    if (unread_ && state == Process::State::kRunning) return reload();
    finish();
  });
}

void PatroniProcess::begin(const supervisor::StopPatroni& stop) {
  control_.stop(kPatroniProgram, [this, why = stop.why](Expected<bool, RpcError> stopped) {
    if (!stopped && stopped.error().fault != kNotRunning) return finish("Patroni cannot be stopped: " + stopped.error().message);
    if (stopped) context_.log.write(Level::kWarning, "Patroni is stopped: " + why);
    finish();
  });
}

void PatroniProcess::start() {
  control_.start(kPatroniProgram, [this](Expected<bool, RpcError> started) {
    if (!started && started.error().fault != kAlreadyStarted) return finish("Patroni cannot be started: " + started.error().message);
    if (started) context_.log.write(Level::kInfo, "Patroni is started.");
    unread_ = unread_ && !started;  // one that was running already has not read the file
    finish();
  });
}

void PatroniProcess::reload() {
  control_.signal(kPatroniProgram, "HUP", [this](Expected<bool, RpcError> told) {
    if (!told) return finish("Patroni cannot be told to read its configuration again: " + told.error().message);
    context_.log.write(Level::kInfo, "Patroni reads its configuration again.");
    unread_ = false;
    finish();
  });
}

}  // namespace fluxpg::runtime
