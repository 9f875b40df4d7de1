// The daemon's settings: where they come from, which values are allowed, and the one sentence that says what is wrong with one.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "base/time.hpp"
#include "discovery/listing.hpp"
#include "gossip/core/config.hpp"
#include "gossip/core/member.hpp"
#include "supervisor/core/rules.hpp"

namespace fluxpg::runtime {

// Default-made: the defaults. Every field has one row in config_table.cpp, with its names, range and meaning.
struct Settings {
  std::string app = "myapp-postgres";
  gossip::Ports ports;                      // where we listen
  gossip::Ports host_ports{0, 0, 0, 0, 0};  // as peers reach them; after load_settings never 0
  std::string superuser_password;
  std::string replication_password;
  std::vector<std::string> secrets;  // the active one first; after load_settings never empty
  std::string evictions = "enforce";

  std::string advertise_address;
  std::string listen_address;
  std::string flux_node_host_ip;
  std::string hostinfo_url = "http://fluxnode.service:16101/hostinfo";
  std::vector<std::string> flux_urls = {"https://api.runonflux.io"};
  Duration flux_poll_period = seconds(60);
  Duration flux_deadline = seconds(8);

  std::string data_dir = "/var/lib/etcd/fluxpg";
  std::string status_socket = "/run/fluxpg/status.sock";
  std::string hosts_file = "/etc/hosts";
  std::string supervisor_socket = "/run/supervisor.sock";
  std::string log_file;
  std::string log_level = "info";

  std::string etcd_data_dir = "/var/lib/etcd/data";
  std::string etcd_config_file = "/etc/etcd/etcd.yml";
  std::string etcd_tls_dir = "/etc/fluxpg/tls";
  std::string etcd_local_address = "127.0.0.1";
  std::string etcd_user = "etcd";
  Duration etcd_heartbeat = milliseconds(100);
  Duration etcd_election = milliseconds(1000);
  std::uint32_t etcd_quota_mb = 2048;

  bool patroni_manage = true;
  std::string patroni_config_file = "/etc/patroni/patroni.yml";
  std::string patroni_user = "postgres";
  std::string postgres_data_dir = "/var/lib/postgresql/data";
  std::string postgres_bin_dir;
  std::uint32_t postgres_major = 17;

  supervisor::Rules rules;
  gossip::Config gossip;
  discovery::ListingConfig listing;
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

struct Loaded {
  Settings settings;
  std::map<std::string, std::string> sources;  // YAML name -> "environment" or "FILE:LINE"; absent: default
};

// The environment overrides the file (no file if `file` is empty); an empty variable counts as unset. The error is one sentence.
Expected<Loaded, std::string> load_settings(const std::string& file, const Environment& environment);

// Every setting with its value and source as commented YAML; secrets are shown as ***.
std::string effective_text(const Loaded& loaded);
// Every setting with its names, default, allowed values and meaning, as a Markdown table.
std::string reference_text();

}  // namespace fluxpg::runtime
