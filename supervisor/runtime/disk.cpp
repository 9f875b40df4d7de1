#include "supervisor/runtime/disk.hpp"

#include <cstdint>
#include <cstring>
#include <filesystem>

#include "supervisor/runtime/files.hpp"

namespace fluxpg::runtime {

namespace fs = std::filesystem;

// A failed join leaves member/snap without a log, which is no data; `0.tmp` is etcd's preallocated next segment.
bool has_etcd_data(const std::string& data_dir) {
  std::error_code error;
  for (fs::directory_iterator it(data_dir + "/member/wal", error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".wal") return true;
  }
  return false;
}

bool has_postgres_data(const std::string& data_dir) {
  std::error_code error;
  return fs::exists(data_dir + "/PG_VERSION", error);
}

std::string postgres_system_id(const std::string& data_dir) {
  const auto control = read_file(data_dir + "/global/pg_control", 64 * 1024);
  std::uint64_t id = 0;
  if (!control || control->size() < sizeof(id)) return "";
  std::memcpy(&id, control->data(), sizeof(id));  // written in the machine's own byte order
  return id == 0 ? "" : std::to_string(id);
}

}  // namespace fluxpg::runtime
