#include "discovery/own_address.hpp"

#include "discovery/text.hpp"
#include "discovery/types.hpp"

namespace fluxpg::discovery {
namespace {

std::string not_an_address(const std::string& setting, const std::string& value) {
  return setting + " is \"" + printable(value, 80) + "\"; it must be an IPv4 address of a host, such as 203.0.113.7.";
}

}  // namespace

Expected<OwnAddress, std::string> own_address(const AddressSources& sources) {
  if (!sources.advertise.empty()) {
    const auto row = row_from_ip(sources.advertise);
    if (!row || row->address != sources.advertise) return unexpected(not_an_address("ADVERTISE_ADDRESS", sources.advertise));
    return OwnAddress{row->address, "ADVERTISE_ADDRESS says so."};
  }
  const auto env = row_from_ip(sources.flux_env);
  if (sources.hostinfo && *sources.hostinfo) {
    const std::string& address = **sources.hostinfo;
    if (sources.flux_env.empty()) return OwnAddress{address, "The host's hostinfo says so."};
    if (env && env->address == address) return OwnAddress{address, "The host's hostinfo and FLUX_NODE_HOST_IP say so."};
    return OwnAddress{address, "The host's hostinfo says so; FLUX_NODE_HOST_IP is stale (" + printable(sources.flux_env, 80) + ")."};
  }
  const std::string silence = sources.hostinfo ? "hostinfo failed: " + sources.hostinfo->error() : "hostinfo was not asked yet";
  if (env) return OwnAddress{env->address, "FLUX_NODE_HOST_IP says so (" + silence + ")."};
  if (!sources.flux_env.empty()) return unexpected(not_an_address("FLUX_NODE_HOST_IP", sources.flux_env));
  return unexpected("The own address is unknown: set ADVERTISE_ADDRESS; FLUX_NODE_HOST_IP is not set and " + silence + ".");
}

}  // namespace fluxpg::discovery
