#include "supervisor/render/etcd.hpp"

#include <yaml-cpp/yaml.h>

#include "supervisor/render/yaml.hpp"

namespace fluxpg::render {
namespace {

std::string url(const char* scheme, const std::string& address, std::uint16_t port) {
  return std::string(scheme) + "://" + address + ":" + std::to_string(port);
}

// The advertised client URL carries the host's port; its name leads to our own interface from inside, so that port is served too
// (Patroni asks its own etcd by that URL). Not where the peers' listener already sits.
std::string client_listeners(const EtcdInputs& in) {
  std::string urls = url("http", in.loopback_address, in.client_port);
  urls.append(",").append(url("https", in.interface_address, in.client_port));
  if (in.host_client_port != in.client_port && in.host_client_port != in.peer_port) {
    urls.append(",").append(url("https", in.interface_address, in.host_client_port));
  }
  return urls;
}

void security(YAML::Emitter& out, const char* section, const TlsFiles& tls, bool peers) {
  out << YAML::Key << section << YAML::Value << YAML::BeginMap;
  text(out, "cert-file", tls.server_certificate);
  text(out, "key-file", tls.server_key);
  if (peers) {
    // Known to 3.5 only. 3.4 ignores it, uses the server's pair, and so wants peers to come from an address of their certificate.
    text(out, "client-cert-file", tls.client_certificate);
    text(out, "client-key-file", tls.client_key);
  }
  text(out, "trusted-ca-file", tls.ca);
  out << YAML::Key << "client-cert-auth" << YAML::Value << true << YAML::EndMap;
}

}  // namespace

std::string etcd_yml(const EtcdInputs& in) {
  std::string initial_cluster;
  for (const auto& [name, peer_url] : in.initial_cluster) {
    if (!initial_cluster.empty()) initial_cluster += ',';
    initial_cluster.append(name).append("=").append(peer_url);
  }
  YAML::Emitter out;
  out << YAML::BeginMap;
  text(out, "name", in.name);
  text(out, "data-dir", in.data_dir);
  text(out, "listen-peer-urls", url("https", in.interface_address, in.peer_port));
  text(out, "listen-client-urls", client_listeners(in));
  text(out, "initial-advertise-peer-urls", in.peer_url);
  text(out, "advertise-client-urls", in.client_url);
  text(out, "initial-cluster", initial_cluster);
  text(out, "initial-cluster-state", in.new_cluster ? "new" : "existing");
  text(out, "initial-cluster-token", in.token);
  // With a configuration file the gateway is off unless it says so; both fluxpg and Patroni speak it.
  out << YAML::Key << "enable-grpc-gateway" << YAML::Value << true;
  out << YAML::Key << "pre-vote" << YAML::Value << true;
  out << YAML::Key << "strict-reconfig-check" << YAML::Value << true;
  text(out, "auto-compaction-mode", "periodic");
  text(out, "auto-compaction-retention", "1h");
  out << YAML::Key << "quota-backend-bytes" << YAML::Value << in.quota_bytes;
  out << YAML::Key << "heartbeat-interval" << YAML::Value << to_ms(in.heartbeat);
  out << YAML::Key << "election-timeout" << YAML::Value << to_ms(in.election);
  text(out, "logger", "zap");
  out << YAML::Key << "log-outputs" << YAML::Value << YAML::Flow << YAML::BeginSeq << "stderr" << YAML::EndSeq;
  security(out, "client-transport-security", in.tls, false);
  security(out, "peer-transport-security", in.tls, true);
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace fluxpg::render
