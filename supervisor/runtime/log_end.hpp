// Where PostgreSQL's write-ahead log on disk ends: how far its data goes once it is started, read while it is stopped.
//
// The control file tells of the last checkpoint only, and names of segments tell nothing, because old segments are kept under future
// names. So the pages are asked: one that was written in its place carries its own address. In the last of them the chain of records is
// followed to the last one that is whole. No checksum is verified: PostgreSQL does that when it starts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace fluxpg::runtime {

struct LogEnd {
  std::uint32_t timeline = 0;
  std::uint64_t lsn = 0;
  bool operator==(const LogEnd&) const = default;
};

// nullopt: there is no data, or it is not as PostgreSQL 11 and later leave it. A few dozen small reads.
std::optional<LogEnd> end_of_log(const std::string& data_dir);

}  // namespace fluxpg::runtime
