#include "supervisor/runtime/disk.hpp"

#include <cstdint>
#include <cstring>
#include <filesystem>

#include "base/ids.hpp"
#include "supervisor/runtime/files.hpp"

namespace fluxpg::runtime {

namespace fs = std::filesystem;

namespace {

Expected<bool, std::string> nothing_there(const std::string& path, const std::error_code& error) {
  if (!error || error == std::errc::no_such_file_or_directory) return false;
  return tl::unexpected<std::string>(path + " cannot be read: " + error.message() + ".");
}

}  // namespace

// A failed join leaves member/snap without a log, which is no data; `0.tmp` is etcd's preallocated next segment.
Expected<bool, std::string> has_etcd_data(const std::string& data_dir) {
  const std::string log = data_dir + "/member/wal";
  std::error_code error;
  for (fs::directory_iterator it(log, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".wal") return true;
  }
  return nothing_there(log, error);
}

Expected<bool, std::string> has_postgres_data(const std::string& data_dir) {
  std::error_code error;
  if (fs::exists(data_dir + "/PG_VERSION", error)) return true;
  const fs::directory_iterator looked(data_dir, error);  // a file where the directory should be has no such file in it either
  return nothing_there(data_dir, error);
}

Aside set_aside(const std::string& data_dir) {
  Aside aside;
  const fs::path path(data_dir);
  const std::string prefix = path.filename().string() + ".set-aside-";
  std::error_code error;
  for (fs::directory_iterator it(path.parent_path(), error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().rfind(prefix, 0) != 0) continue;
    ++aside.directories;
    std::error_code lost;  // a file that is being deleted just now
    for (fs::recursive_directory_iterator file(it->path(), lost), last; !lost && file != last; file.increment(lost)) {
      std::error_code gone;
      if (const auto size = file->is_regular_file(gone) ? file->file_size(gone) : 0; !gone) aside.bytes += size;
    }
  }
  return aside;
}

std::string postgres_system_id(const std::string& data_dir) {
  const auto control = read_file(data_dir + "/global/pg_control", 64 * 1024);
  std::uint64_t id = 0;
  if (!control || control->size() < sizeof(id)) return "";
  std::memcpy(&id, control->data(), sizeof(id));  // written in the machine's own byte order
  return id == 0 ? "" : std::to_string(id);
}

// The number alone would not do: after a restart of the container it may be another program's.
bool postgres_runs(const std::string& data_dir) {
  const auto lock = read_file(data_dir + "/postmaster.pid");
  const auto pid = lock ? number_from_decimal(lock->substr(0, lock->find('\n'))) : std::nullopt;
  const auto name = pid ? read_file("/proc/" + std::to_string(*pid) + "/comm") : Expected<std::string, std::string>("");
  return name && *name == "postgres\n";
}

}  // namespace fluxpg::runtime
