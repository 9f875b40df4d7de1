// Which of the container's own addresses gossip and etcd listen on.
#pragma once

#include <string>
#include <vector>

#include "base/expected.hpp"

namespace fluxpg::runtime {

// IPv4 addresses of the interfaces, loopback last.
std::vector<std::string> interface_addresses();

// `configured` if not empty; else `advertised` if an interface has it (on Flux it is the host's address, and none has); else the first one
// that is not loopback. The error is one sentence.
Expected<std::string, std::string> listen_address(const std::string& configured, const std::string& advertised,
                                                  const std::vector<std::string>& interfaces);

}  // namespace fluxpg::runtime
