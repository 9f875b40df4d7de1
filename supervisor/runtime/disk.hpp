// What lies in the data directories, told from a few files; cheap enough for every second.
#pragma once

#include <string>

namespace fluxpg::runtime {

bool has_etcd_data(const std::string& data_dir);      // a write-ahead log
bool has_postgres_data(const std::string& data_dir);  // PG_VERSION
// PostgreSQL's system identifier, the first eight bytes of global/pg_control; empty if there is none.
std::string postgres_system_id(const std::string& data_dir);

}  // namespace fluxpg::runtime
