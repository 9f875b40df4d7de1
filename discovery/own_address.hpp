// Which address the others reach this node at, and why: decided from what was configured and what the host says. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/expected.hpp"

namespace fluxpg::discovery {

struct AddressSources {
  std::string advertise;                                       // ADVERTISE_ADDRESS; empty: not set
  std::string flux_env;                                        // FLUX_NODE_HOST_IP; empty: not set
  std::optional<Expected<std::string, std::string>> hostinfo;  // parse_hostinfo(); nullopt: not asked yet
};

struct OwnAddress {
  std::string address;
  std::string why;  // one sentence naming the source that was used
  bool operator==(const OwnAddress&) const = default;
};

// The operator's word first. Then hostinfo: the environment was written when the container was made and is stale after an address
// change. The error is one sentence that says what to set.
Expected<OwnAddress, std::string> own_address(const AddressSources& sources);

}  // namespace fluxpg::discovery
