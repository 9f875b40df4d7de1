#include "supervisor/runtime/etcd_restore.hpp"

#include <pwd.h>
#include <unistd.h>

#include <filesystem>

#include "supervisor/runtime/child.hpp"
#include "supervisor/runtime/etcd_process.hpp"

namespace fluxpg::runtime {

namespace {
constexpr Duration kSnapshotTakes = seconds(15);
constexpr Duration kRestoreTakes = seconds(60);
constexpr Duration kSmallTakes = seconds(30);

bool exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}
}  // namespace

void EtcdRestore::run(const supervisor::RestoreEtcd& order, std::function<void(OnDone)> stop, OnDone done) {
  order_ = order;
  stop_ = std::move(stop);
  done_ = std::move(done);
  if (exists(ready()) || is_swapped()) return swap();
  if (!exists(data())) return fail("there is no etcd data in " + data() + ".");
  snapshot();
}

// With a member that serves, its own `snapshot save`. A voter that was started without a majority accepts connections and never answers:
// then what it has applied is copied after it has ended, as etcd's documentation says, without the hash that only a snapshot has.
void EtcdRestore::snapshot() {
  const Settings& s = context_.settings;
  const std::string endpoint = "--endpoints=http://" + s.etcd_local_address + ":" + std::to_string(s.ports.etcd_client);
  if (exists(snapshot_file())) return restore(true);  // of an earlier try
  run_child(context_, {"etcdctl", endpoint, "--command-timeout=10s", "snapshot", "save", snapshot_file()}, output(), kSnapshotTakes,
            [this](const Done& saved) {
              if (saved) return restore(true);
              context_.log.write(Level::kWarning,
                                 "etcd gives no snapshot (" + saved.error() + "), so its database is copied once it has stopped.");
              copy_stopped();
            });
}

void EtcdRestore::copy_stopped() {
  stop_([this](const Done& stopped) {
    if (!stopped) return fail(stopped.error());
    child({"cp", "--", data() + "/member/snap/db", snapshot_file() + ".copy"}, kRestoreTakes, [this] { restore(false); });
  });
}

void EtcdRestore::restore(bool hash_check) {
  const supervisor::RunEtcd& run = order_.run;
  const std::string made = ready() + "." + std::to_string(unix_ms(context_.now().wall));
  std::vector<std::string> command = {"etcdctl",
                                      "snapshot",
                                      "restore",
                                      snapshot_file() + (hash_check ? "" : ".copy"),
                                      "--name=" + run.name,
                                      "--initial-cluster=" + run.name + "=" + run.peer_url,
                                      "--initial-cluster-token=" + run.token,
                                      "--initial-advertise-peer-urls=" + run.peer_url,
                                      "--data-dir=" + made};
  if (!hash_check) command.emplace_back("--skip-hash-check");
  child(command, kRestoreTakes, [this, made] { give_to_etcd(made); });
}

void EtcdRestore::give_to_etcd(const std::string& made) {
  const std::string& user = context_.settings.etcd_user;
  const auto complete = [this, made] {
    const auto renamed = rename_durably(made, ready());
    if (!renamed) return fail(renamed.error());
    swap();
  };
  if (::geteuid() != 0 || ::getpwnam(user.c_str()) == nullptr) return complete();
  child({"chown", "-R", user + ":", made}, kSmallTakes, complete);
}

bool EtcdRestore::is_swapped() const {
  const std::filesystem::path path(data());
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path.parent_path(), error)) {
    const std::string name = entry.path().filename().string();
    const bool aside = name.rfind(path.filename().string() + ".set-aside-", 0) == 0;
    if (aside && name.size() > aside_mark().size() && name.compare(name.size() - aside_mark().size(), std::string::npos, aside_mark()) == 0)
      return true;
  }
  return false;
}

void EtcdRestore::swap() {
  stop_([this](const Done& stopped) {
    if (!stopped) return fail(stopped.error());
    if (exists(data()) && !is_swapped()) {
      const std::string to = aside_name(data(), context_.now().wall, aside_mark());
      const auto renamed = rename_durably(data(), to);
      if (!renamed) return fail(renamed.error());
      context_.log.write(Level::kWarning, "etcd's data is set aside as " + to + ": an operator recovers this node.");
    }
    if (exists(ready())) {
      const auto renamed = rename_durably(ready(), data());
      if (!renamed) return fail(renamed.error());
    }
    if (!exists(data())) return fail("the restored data is not there.");
    context_.log.write(Level::kWarning,
                       "etcd's snapshot is restored as a new cluster; the snapshot is kept in " + context_.settings.data_dir + ".");
    done_({});
  });
}

void EtcdRestore::child(const std::vector<std::string>& command, Duration deadline, std::function<void()> next) {
  run_child(context_, command, output(), deadline, [this, next = std::move(next)](const Done& done) {
    if (!done) return fail(done.error() + " Its words are in " + output() + ".");
    next();
  });
}

void EtcdRestore::fail(const std::string& sentence) { done_(unexpected(sentence)); }

}  // namespace fluxpg::runtime
