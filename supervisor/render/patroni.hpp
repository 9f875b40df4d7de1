// Patroni's configuration file (Patroni 3 and 4). It holds passwords: write it 0600, owned by postgres.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "supervisor/render/etcd.hpp"

namespace fluxpg::render {

struct PatroniInputs {
  std::string app;                     // scope
  std::string name;                    // node name
  std::string address;                 // IPv4 as peers reach this node
  std::uint16_t postgres_port = 5432;  // in the container
  std::uint16_t patroni_port = 8008;
  std::uint16_t host_postgres_port = 5432;  // as peers reach them
  std::uint16_t host_patroni_port = 8008;
  std::vector<Endpoint> etcd_hosts;  // host names; own etcd first
  TlsFiles tls;                      // the CA and the client's pair are used
  std::string superuser_password;
  std::string replication_password;
  std::string rest_password;  // for the REST verbs that change something
  std::string pg_major = "17";
};

std::string patroni_yml(const PatroniInputs& inputs);

}  // namespace fluxpg::render
