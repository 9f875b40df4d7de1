// etcd's configuration file, valid for etcd 3.4 and 3.5.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace fluxpg::render {

// Paths, as etcd and Patroni see them. See certificates.hpp for why there are two pairs.
struct TlsFiles {
  std::string ca;
  std::string server_certificate;
  std::string server_key;
  std::string client_certificate;
  std::string client_key;
};

struct EtcdInputs {
  std::string name;
  std::string data_dir;
  std::string interface_address;               // IPv4 of the container's own interface: https listens here
  std::string loopback_address = "127.0.0.1";  // plain http listens here and nowhere else
  std::uint16_t client_port = 2379;            // in the container
  std::uint16_t peer_port = 2380;
  std::uint16_t host_client_port = 2379;                             // as peers reach it: part of client_url
  std::string peer_url;                                              // advertised: https://n-…:HOST_ETCD_PEER_PORT
  std::string client_url;                                            // advertised: https://n-…:HOST_ETCD_CLIENT_PORT
  std::vector<std::pair<std::string, std::string>> initial_cluster;  // name, peer URL
  bool new_cluster = false;
  std::string token;
  TlsFiles tls;
  Duration heartbeat = milliseconds(100);  // etcd wants about one round trip; 10 ms … 10 s
  Duration election = milliseconds(1000);  // 5 to 50 heartbeats. Shorter = faster failover, more elections by mistake.
  std::uint64_t quota_bytes = 2ULL << 30;  // beyond it etcd is read-only (NOSPACE); at most 8 GiB
};

std::string etcd_yml(const EtcdInputs& inputs);

}  // namespace fluxpg::render
