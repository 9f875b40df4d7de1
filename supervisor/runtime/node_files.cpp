#include "supervisor/runtime/node_files.hpp"

#include <filesystem>

#include "supervisor/render/certificates.hpp"
#include "supervisor/render/hosts.hpp"
#include "supervisor/render/patroni.hpp"

namespace fluxpg::runtime {

namespace {

constexpr mode_t kPrivate = 0600;

Done make_parent(const std::string& path) { return make_directories(std::filesystem::path(path).parent_path().string(), 0755); }

Expected<bool, std::string> write_if_changed(const std::string& path, const std::string& content, const std::string& owner) {
  const auto old = read_file(path);
  if (old && *old == content) return false;
  auto done = make_parent(path);
  if (done) done = write_atomically(path, content, kPrivate, owner);
  if (!done) return unexpected(done.error());
  return true;
}

}  // namespace

Expected<ClusterKeys, std::string> derive_cluster_keys(const Settings& settings) {
  ClusterKeys keys;
  for (const auto& secret : settings.secrets) {
    const auto master = net::derive_master_key(secret, settings.app);
    if (!master) return unexpected(master.error());
    keys.curve.push_back(net::curve_keys(*master));
    keys.ca_seeds.push_back(net::ca_seed(*master));
    if (keys.rest_password.empty()) keys.rest_password = net::patroni_rest_password(*master);
  }
  return keys;
}

render::TlsFiles etcd_tls(const Settings& s) {
  const std::string& d = s.etcd_tls_dir;
  return {d + "/ca.crt", d + "/server.crt", d + "/server.key", d + "/client.crt", d + "/client.key"};
}

render::TlsFiles patroni_tls(const Settings& s) {
  render::TlsFiles files = etcd_tls(s);
  files.client_certificate = s.etcd_tls_dir + "/patroni.crt";
  files.client_key = s.etcd_tls_dir + "/patroni.key";
  return files;
}

Done write_certificates(const Settings& settings, const ClusterKeys& keys, const Self& self, WallPoint now, std::uint64_t serial) {
  std::string trusted;
  for (const auto& seed : keys.ca_seeds) trusted += render::ca_certificate(seed, settings.app);
  std::vector<std::string> addresses = {self.address};
  for (const auto& other : {self.listen, settings.etcd_local_address}) {
    if (other != self.address && other != "127.0.0.1") addresses.push_back(other);
  }
  std::string made_for = self.host_name;
  for (const auto& address : addresses) made_for.append(" ").append(address);
  made_for.append("\n").append(render::ca_certificate(keys.ca_seeds.front(), settings.app));

  auto done = make_directories(settings.etcd_tls_dir, 0755);
  const render::TlsFiles files = etcd_tls(settings);
  const std::string marker = settings.etcd_tls_dir + "/made-for";
  if (done) done = write_atomically(files.ca, trusted, 0644);
  const auto before = read_file(marker);
  if (!done || (before && *before == made_for)) return done;

  const render::NodePairs pairs = render::mint(keys.ca_seeds.front(), settings.app, self.host_name, addresses, now, serial);
  const std::string patroni_crt = patroni_tls(settings).client_certificate;
  const std::string patroni_key = patroni_tls(settings).client_key;
  done = write_atomically(files.server_certificate, pairs.server.certificate, 0644);
  if (done) done = write_atomically(files.server_key, pairs.server.key, kPrivate, settings.etcd_user);
  if (done) done = write_atomically(files.client_certificate, pairs.client.certificate, 0644);
  if (done) done = write_atomically(files.client_key, pairs.client.key, kPrivate, settings.etcd_user);
  if (done) done = write_atomically(patroni_crt, pairs.client.certificate, 0644);
  if (done) done = write_atomically(patroni_key, pairs.client.key, kPrivate, settings.patroni_user);
  if (done) done = write_atomically(marker, made_for, 0644);  // last: a crash before it mints again
  return done;
}

Expected<bool, std::string> write_etcd_config(const Settings& settings, const Self& self, const supervisor::RunEtcd& run) {
  render::EtcdInputs in;
  in.name = run.name;
  in.data_dir = settings.etcd_data_dir;
  in.interface_address = self.listen;
  in.loopback_address = settings.etcd_local_address;
  in.client_port = settings.ports.etcd_client;
  in.peer_port = settings.ports.etcd_peer;
  in.host_client_port = settings.host_ports.etcd_client;
  in.peer_url = run.peer_url;
  in.client_url = run.client_url;
  in.initial_cluster = run.initial_cluster;
  in.new_cluster = run.new_cluster;
  in.token = run.token;
  in.tls = etcd_tls(settings);
  in.heartbeat = settings.etcd_heartbeat;
  in.election = settings.etcd_election;
  in.quota_bytes = std::uint64_t{settings.etcd_quota_mb} << 20;
  return write_if_changed(settings.etcd_config_file, render::etcd_yml(in), settings.etcd_user);
}

bool etcd_listens_on(const Settings& settings, const std::string& interface_address) {
  const auto content = read_file(settings.etcd_config_file);
  return !content || content->find("https://" + interface_address + ":" + std::to_string(settings.ports.etcd_peer)) != std::string::npos;
}

Expected<bool, std::string> write_patroni_config(const Settings& settings, const ClusterKeys& keys, const Self& self,
                                                 const supervisor::RunPatroni& run) {
  render::PatroniInputs in;
  in.app = settings.app;
  in.name = self.name;
  in.address = self.address;
  in.postgres_port = settings.ports.postgres;
  in.patroni_port = settings.ports.patroni;
  in.host_postgres_port = settings.host_ports.postgres;
  in.host_patroni_port = settings.host_ports.patroni;
  in.etcd_hosts = run.etcd_hosts;
  in.tls = patroni_tls(settings);
  in.superuser_password = settings.superuser_password;
  in.replication_password = settings.replication_password;
  in.rest_password = keys.rest_password;
  in.pg_major = std::to_string(settings.postgres_major);
  return write_if_changed(settings.patroni_config_file, render::patroni_yml(in), settings.patroni_user);
}

Done write_hosts(const Settings& settings, const std::vector<supervisor::Host>& hosts) {
  const auto old = read_file(settings.hosts_file);
  if (!old) return unexpected(old.error());
  std::vector<render::HostEntry> entries;
  for (const auto& host : hosts) entries.push_back({host.name, host.address});
  const std::string content = render::with_our_hosts(*old, entries);
  return content == *old ? Done() : write_in_place(settings.hosts_file, content);
}

}  // namespace fluxpg::runtime
