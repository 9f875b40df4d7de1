#include "supervisor/render/patroni.hpp"

#include <yaml-cpp/yaml.h>

#include "supervisor/render/yaml.hpp"

namespace fluxpg::render {
namespace {

class Map {
 public:
  Map(YAML::Emitter& out, const char* key) : out_(out) { out_ << YAML::Key << key << YAML::Value << YAML::BeginMap; }
  ~Map() { out_ << YAML::EndMap; }
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

 private:
  YAML::Emitter& out_;
};

template <class T>
void plain(YAML::Emitter& out, const char* key, T value) {
  out << YAML::Key << key << YAML::Value << value;
}

void list(YAML::Emitter& out, const char* key, const std::vector<std::string>& values) {
  out << YAML::Key << key << YAML::Value << YAML::BeginSeq;
  for (const std::string& value : values) out << YAML::DoubleQuoted << value;
  out << YAML::EndSeq;
}

std::string at(const std::string& address, std::uint16_t port) { return to_text(Endpoint{address, port}); }

void rest_api(YAML::Emitter& out, const PatroniInputs& in) {
  const Map section(out, "restapi");
  text(out, "listen", at("0.0.0.0", in.patroni_port));
  text(out, "connect_address", at(in.address, in.host_patroni_port));
  const Map authentication(out, "authentication");
  text(out, "username", "fluxpg");
  text(out, "password", in.rest_password);
}

void etcd(YAML::Emitter& out, const PatroniInputs& in) {
  const Map section(out, "etcd3");
  std::vector<std::string> hosts;
  for (const Endpoint& host : in.etcd_hosts) hosts.push_back(to_text(host));
  list(out, "hosts", hosts);
  text(out, "protocol", "https");
  text(out, "cacert", in.tls.ca);
  text(out, "cert", in.tls.client_certificate);
  text(out, "key", in.tls.client_key);
}

// Read once, by the node that makes the cluster; later values live in etcd (patronictl edit-config).
void bootstrap(YAML::Emitter& out) {
  const Map section(out, "bootstrap");
  {
    const Map dcs(out, "dcs");
    // 18 s of write outage when the primary's node dies (30/10/10: 28 to 33 s); ttl must be at least loop_wait + 2 × retry_timeout.
    plain(out, "ttl", 20);
    plain(out, "loop_wait", 5);
    plain(out, "retry_timeout", 5);
    plain(out, "maximum_lag_on_failover", 1048576);
    const Map postgresql(out, "postgresql");
    plain(out, "use_pg_rewind", true);
    plain(out, "use_slots", true);
    const Map parameters(out, "parameters");
    text(out, "wal_level", "replica");
    text(out, "hot_standby", "on");
    text(out, "wal_log_hints", "on");
  }
  out << YAML::Key << "initdb" << YAML::Value << YAML::BeginSeq;
  out << YAML::BeginMap;
  text(out, "encoding", "UTF8");
  out << YAML::EndMap << YAML::BeginMap;
  text(out, "locale", "C.UTF-8");
  out << YAML::EndMap << "data-checksums" << YAML::EndSeq;
}

void account(YAML::Emitter& out, const char* key, const char* user, const std::string& password) {
  const Map section(out, key);
  text(out, "username", user);
  text(out, "password", password);
}

// Over the socket the kernel says who asks: the container's root and postgres may be postgres, so `docker exec … psql -U postgres` needs
// no password, and a stray process under any other user gets nothing. Everything over TCP, replication included, proves its password.
void access(YAML::Emitter& out) {
  list(out, "pg_hba",
       {"local all postgres peer map=fluxpg", "local all all scram-sha-256", "local replication all scram-sha-256",
        "host replication replicator all scram-sha-256", "host all all all scram-sha-256"});
  list(out, "pg_ident", {"fluxpg root postgres", "fluxpg postgres postgres"});
}

void postgresql(YAML::Emitter& out, const PatroniInputs& in) {
  const Map section(out, "postgresql");
  text(out, "listen", at("0.0.0.0", in.postgres_port));
  text(out, "connect_address", at(in.address, in.host_postgres_port));
  text(out, "data_dir", "/var/lib/postgresql/data");
  text(out, "bin_dir", "/usr/lib/postgresql/" + in.pg_major + "/bin");
  text(out, "pgpass", "/var/lib/postgresql/.pgpass_patroni");
  plain(out, "use_unix_socket", true);
  {
    // pg_rewind uses the superuser: no third password to keep.
    const Map authentication(out, "authentication");
    account(out, "superuser", "postgres", in.superuser_password);
    account(out, "replication", "replicator", in.replication_password);
  }
  {
    const Map parameters(out, "parameters");
    text(out, "unix_socket_directories", "/var/run/postgresql");
    text(out, "password_encryption", "scram-sha-256");
  }
  access(out);
}

}  // namespace

std::string patroni_yml(const PatroniInputs& in) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  text(out, "scope", in.app);
  text(out, "namespace", "/service/");
  text(out, "name", in.name);
  rest_api(out, in);
  etcd(out, in);
  bootstrap(out);
  postgresql(out, in);
  {
    const Map watchdog(out, "watchdog");
    text(out, "mode", "off");
  }
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace fluxpg::render
