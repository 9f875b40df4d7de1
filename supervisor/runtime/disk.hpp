// What lies in the data directories, told from a few files; cheap enough for every second.
#pragma once

#include <cstdint>
#include <string>

#include "base/expected.hpp"

namespace fluxpg::runtime {

// A write-ahead log; PG_VERSION. What cannot be looked at is an error in one sentence, never "no data".
Expected<bool, std::string> has_etcd_data(const std::string& data_dir);
Expected<bool, std::string> has_postgres_data(const std::string& data_dir);
// "DATA_DIR.set-aside-…" beside it: an operator's to look through and to delete.
struct Aside {
  std::size_t directories = 0;
  std::uint64_t bytes = 0;
};
Aside set_aside(const std::string& data_dir);
// PostgreSQL's system identifier, the first eight bytes of global/pg_control; empty if there is none.
std::string postgres_system_id(const std::string& data_dir);
// A server has the data open, whoever started it: its postmaster.pid names a process that is a PostgreSQL.
bool postgres_runs(const std::string& data_dir);

}  // namespace fluxpg::runtime
