// The files that fluxpgd writes for etcd and Patroni: where they are, what is in them, who may read them.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "gossip/net/keys.hpp"
#include "supervisor/core/io.hpp"
#include "supervisor/render/etcd.hpp"
#include "supervisor/runtime/config.hpp"
#include "supervisor/runtime/files.hpp"

namespace fluxpg::runtime {

// This node, once its address is known.
struct Self {
  std::string host_name;  // n-…, the name in its certificate
  std::string name;       // node-198-18-0-11
  std::string address;    // as peers reach it
  std::string listen;     // the interface's
};

// What is derived from the cluster's secrets, the active one first.
struct ClusterKeys {
  std::vector<net::CurveKeys> curve;
  std::vector<std::array<std::uint8_t, 32>> ca_seeds;
  std::string rest_password;
};
Expected<ClusterKeys, std::string> derive_cluster_keys(const Settings& settings);

render::TlsFiles etcd_tls(const Settings& settings);
// The same client's pair once more, because it is another user who reads it.
render::TlsFiles patroni_tls(const Settings& settings);

// Writes the trusted CAs, and mints this node's pairs if there are none or they were made for another CA, name or address.
Done write_certificates(const Settings& settings, const ClusterKeys& keys, const Self& self, WallPoint now, std::uint64_t serial);

// Each returns whether the file changed.
Expected<bool, std::string> write_etcd_config(const Settings& settings, const Self& self, const supervisor::RunEtcd& run);
// Whether the file that etcd was started with lets it listen on this interface.
bool etcd_listens_on(const Settings& settings, const std::string& interface_address);
Expected<bool, std::string> write_patroni_config(const Settings& settings, const ClusterKeys& keys, const Self& self,
                                                 const supervisor::RunPatroni& run);
Done write_hosts(const Settings& settings, const std::vector<supervisor::Host>& hosts);

}  // namespace fluxpg::runtime
