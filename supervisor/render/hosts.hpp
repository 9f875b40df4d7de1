// The block of /etc/hosts that is ours: names of nodes and where they are now.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fluxpg::render {

struct HostEntry {
  std::string name;
  std::string address;
};

// `old` with our block replaced by one for `entries`; every other line stays as it is. Rendering twice changes nothing. What is no IPv4
// address or no host name is left out: addresses come from gossip, and a line break in one would write foreign lines into the file.
std::string with_our_hosts(std::string_view old, const std::vector<HostEntry>& entries);

}  // namespace fluxpg::render
