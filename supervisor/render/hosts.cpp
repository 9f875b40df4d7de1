#include "supervisor/render/hosts.hpp"

#include <algorithm>

#include "base/endpoint.hpp"

namespace fluxpg::render {
namespace {

constexpr std::string_view kBegin = "# fluxpg begin: written by fluxpgd, changes between these lines are lost";
constexpr std::string_view kEnd = "# fluxpg end";

bool is_host_name(std::string_view name) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= 63 && name.front() != '-' && std::all_of(name.begin(), name.end(), allowed);
}

// "1.2.3.4 n-…", as written below.
bool is_ours(std::string_view line) {
  const std::size_t space = line.find(' ');
  return space != std::string_view::npos && is_ipv4(line.substr(0, space)) && line.substr(space + 1, 2) == "n-";
}

}  // namespace

std::string with_our_hosts(std::string_view old, const std::vector<HostEntry>& entries) {
  std::string result;
  bool inside = false;
  while (!old.empty()) {
    const std::size_t end = old.find('\n');
    const std::string_view line = old.substr(0, end);
    old.remove_prefix(end == std::string_view::npos ? old.size() : end + 1);
    if (line == kBegin) {
      inside = true;
    } else if (line == kEnd) {
      inside = false;
    } else if (!inside || !is_ours(line)) {
      // A foreign line also ends a block whose end was lost in a crash: the file is written in place (it is a mount point).
      inside = false;
      result.append(line).push_back('\n');
    }
  }
  result.append(kBegin).push_back('\n');
  for (const HostEntry& entry : entries) {
    if (is_ipv4(entry.address) && is_host_name(entry.name)) result += entry.address + " " + entry.name + "\n";
  }
  return result.append(kEnd) + "\n";
}

}  // namespace fluxpg::render
