// Files that must survive a crash at any moment: replaced as a whole, or (if they are mount points) rewritten in place.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/expected.hpp"

namespace fluxpg::runtime {

using Done = Expected<void, std::string>;  // the error is one sentence naming the file

Expected<std::string, std::string> read_file(const std::string& path, std::size_t max_bytes = 1 << 20);
// Readers see the old content or the new one; after the return the new one is durable. `owner`: user name, or empty to leave it; ignored
// unless root.
Done write_atomically(const std::string& path, std::string_view content, mode_t mode, const std::string& owner = "");
// For /etc/hosts, a bind mount in containers: it cannot be renamed over. The new content is written before the file is cut to its length.
Done write_in_place(const std::string& path, std::string_view content);
Done make_directories(const std::string& path, mode_t mode);
// `from` to a name that does not exist yet; durable.
Done rename_durably(const std::string& from, const std::string& to);

}  // namespace fluxpg::runtime
