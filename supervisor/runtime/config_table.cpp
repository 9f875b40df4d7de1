// The table of all settings. Documentation, validation and printing are made from it; nothing about a setting is said twice.
#include "supervisor/runtime/config_table.hpp"

#include <limits>

namespace fluxpg::runtime {

namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kS = 1000 * kMs;
constexpr std::int64_t kMin = 60 * kS;
constexpr std::int64_t kHour = 60 * kMin;

// NOLINTNEXTLINE: a lambda per field is what lets one table reach into nested structs
#define AT(member) \
  [](Settings & s) -> auto& { return s.member; }

Row text(const char* name, const char* env, Kind kind, Field field, const char* help) { return {name, env, kind, field, 0, 0, "", help}; }
Row choice(const char* name, const char* env, Field field, const char* choices, const char* help) {
  return {name, env, Kind::kChoice, field, 0, 0, choices, help};
}
Row port(const char* name, const char* env, Field field, const char* help) { return {name, env, Kind::kPort, field, 1, 65535, "", help}; }
Row number(const char* name, const char* env, Field field, std::int64_t least, std::int64_t most, const char* help) {
  return {name, env, Kind::kNumber, field, least, most, "", help};
}
Row time(const char* name, const char* env, Field field, std::int64_t least, std::int64_t most, const char* help) {
  return {name, env, Kind::kDuration, field, least, most, "", help};
}

using Rows = std::vector<Row>;

void add_cluster(Rows& t) {
  t.push_back(text("app_name", "APP_NAME|FLUX_APP_NAME", Kind::kName, AT(app), "the Flux app whose instances form the cluster"));
  t.push_back(text("cluster_secret", "CLUSTER_SECRET", Kind::kSecrets, AT(secrets),
                   "keys of gossip and of etcd's TLS come from it; several: the first is active; default: postgres.replication_password"));
  t.push_back(choice("evictions", "EVICTIONS", AT(evictions), "enforce|shadow", "shadow decides and explains, and touches nothing"));
  t.push_back(text("advertise_address", "ADVERTISE_ADDRESS", Kind::kAddress, AT(advertise_address),
                   "own address as peers reach it; default: ask Flux"));
  t.push_back(
      text("listen_address", "", Kind::kAddress, AT(listen_address),
           "where gossip, etcd and Patroni listen; default: the advertised address if an interface has it, else the first interface's"));
  t.push_back(text("data_dir", "DATA_DIR", Kind::kPath, AT(data_dir), "identity and promises; must lie on etcd's volume"));
  t.push_back(text("status_socket", "STATUS_SOCKET", Kind::kPath, AT(status_socket), "where fluxpgctl asks"));
  t.push_back(text("hosts_file", "", Kind::kPath, AT(hosts_file), "the names of all nodes are kept in a block of it"));
  t.push_back(port("ports.postgres", "POSTGRES_PORT", AT(ports.postgres), "PostgreSQL"));
  t.push_back(port("ports.patroni", "PATRONI_API_PORT", AT(ports.patroni), "Patroni's REST API"));
  t.push_back(port("ports.etcd_client", "ETCD_CLIENT_PORT", AT(ports.etcd_client), "etcd, for clients"));
  t.push_back(port("ports.etcd_peer", "ETCD_PEER_PORT", AT(ports.etcd_peer), "etcd, for its peers"));
  t.push_back(port("ports.gossip", "GOSSIP_PORT", AT(ports.gossip), "fluxpgd, for its peers"));
  t.push_back(port("host_ports.postgres", "HOST_POSTGRES_PORT", AT(host_ports.postgres), "as peers reach it; default: the same number"));
  t.push_back(port("host_ports.patroni", "HOST_PATRONI_API_PORT", AT(host_ports.patroni), "as peers reach it; default: the same number"));
  t.push_back(
      port("host_ports.etcd_client", "HOST_ETCD_CLIENT_PORT", AT(host_ports.etcd_client), "as peers reach it; default: the same number"));
  t.push_back(port("host_ports.etcd_peer", "HOST_ETCD_PEER_PORT", AT(host_ports.etcd_peer), "as peers reach it; default: the same number"));
  t.push_back(port("host_ports.gossip", "HOST_GOSSIP_PORT", AT(host_ports.gossip), "as peers reach it; default: the same number"));
}

void add_programs(Rows& t) {
  t.push_back(text("postgres.superuser_password", "POSTGRES_SUPERUSER_PASSWORD", Kind::kPassword, AT(superuser_password), "required"));
  t.push_back(
      text("postgres.replication_password", "POSTGRES_REPLICATION_PASSWORD", Kind::kPassword, AT(replication_password), "required"));
  t.push_back(text("postgres.data_dir", "", Kind::kPath, AT(postgres_data_dir), "PostgreSQL's data"));
  t.push_back(text("postgres.bin_dir", "", Kind::kPath, AT(postgres_bin_dir), "default: /usr/lib/postgresql/MAJOR/bin"));
  t.push_back(number("postgres.major", "PG_MAJOR", AT(postgres_major), 9, 99, "PostgreSQL's major version"));
  t.push_back(text("patroni.manage", "", Kind::kFlag, AT(patroni_manage), "false: fluxpgd leaves Patroni alone"));
  t.push_back(text("patroni.config_file", "", Kind::kPath, AT(patroni_config_file), "written by fluxpgd"));
  t.push_back(text("patroni.user", "", Kind::kText, AT(patroni_user), "owner of that file, if fluxpgd is root and the user exists"));
  t.push_back(text("etcd.data_dir", "", Kind::kPath, AT(etcd_data_dir), "etcd's data; set aside by renaming, never deleted"));
  t.push_back(text("etcd.config_file", "", Kind::kPath, AT(etcd_config_file), "written by fluxpgd"));
  t.push_back(text("etcd.tls_dir", "", Kind::kPath, AT(etcd_tls_dir), "certificates and keys, written by fluxpgd"));
  t.push_back(
      text("etcd.local_address", "", Kind::kAddress, AT(etcd_local_address), "loopback address on which own etcd and Patroni answer"));
  t.push_back(text("etcd.user", "", Kind::kText, AT(etcd_user), "owner of etcd's files, if fluxpgd is root and the user exists"));
  t.push_back(time("etcd.heartbeat_interval", "", AT(etcd_heartbeat), 10 * kMs, 5 * kS, "shorter = more traffic"));
  t.push_back(
      time("etcd.election_timeout", "", AT(etcd_election), 50 * kMs, 50 * kS, "at least five heartbeats; longer = slower failover"));
  t.push_back(number("etcd.quota_mb", "", AT(etcd_quota_mb), 8, 8192, "of its database; swept at 80 %, full beyond it"));
  t.push_back(text("supervisor.socket", "", Kind::kPath, AT(supervisor_socket), "supervisord, which runs etcd and patroni"));
  t.push_back(text("log.file", "", Kind::kPath, AT(log_file), "rotated at 10 MB, three kept; default: standard output only"));
  t.push_back(choice("log.level", "LOG_LEVEL", AT(log_level), "debug|info|warning|error", "what is logged"));
  t.push_back(text("flux.api_url", "FLUX_API_URL", Kind::kUrl, AT(flux_urls), "comma-separated; asked in turn"));
  t.push_back(time("flux.poll_period", "", AT(flux_poll_period), kS, kHour, "between two polls of the listing"));
  t.push_back(time("flux.deadline", "", AT(flux_deadline), 500 * kMs, kMin, "for one answer"));
  t.push_back(text("flux.node_host_ip", "FLUX_NODE_HOST_IP", Kind::kText, AT(flux_node_host_ip), "set by Flux; may be out of date"));
  t.push_back(text("flux.hostinfo_url", "", Kind::kUrl, AT(hostinfo_url), "where a Flux host tells its own address"));
  t.push_back(time("listing.absence_window", "ABSENCE_WINDOW", AT(listing.absence_window), 10 * kS, 24 * kHour,
                   "absent this long = unlisted. Longer = slower eviction, more patience with a lying API"));
  t.push_back(number("listing.min_absences", "", AT(listing.min_absences), 2, 100, "and absent from this many good answers"));
  t.push_back(
      time("listing.fresh", "", AT(listing.fresh), 30 * kS, 24 * kHour, "an older answer says nothing any more; several polls long"));
  t.push_back(number("listing.max_addresses", "", AT(listing.max_addresses), 16, 65536, "bound"));
  t.push_back(number("listing.max_backends", "", AT(listing.max_backends), 1, 4096, "bound"));
  t.push_back(time("listing.memory", "", AT(listing.memory), 10 * kMin, 72 * kHour, "addresses not seen for longer are forgotten"));
}

void add_rules(Rows& t) {
  t.push_back(
      number("rules.target_voters", "TARGET_VOTERS", AT(rules.target_voters), 1, 9, "more survive more failures and commit slower"));
  t.push_back(
      number("rules.expected_nodes", "EXPECTED_NODES", AT(rules.expected_nodes), 0, 100, "0: `instances` of the Flux specification"));
  t.push_back(
      time("rules.dead_for_unlisted", "", AT(rules.dead_for_unlisted), 5 * kS, kHour, "agreed dead this long: an unlisted member goes"));
  t.push_back(
      time("rules.dead_for_listed", "", AT(rules.dead_for_listed), 15 * kS, kHour, "the same for a listed one, if it helps somebody"));
  t.push_back(time("rules.listed_grace", "", AT(rules.listed_grace), kMin, 24 * kHour, "the same for a listed one otherwise"));
  t.push_back(time("rules.replacement_wait", "", AT(rules.replacement_wait), 0, kHour, "listed and alive this long = a replacement"));
  t.push_back(number("rules.budget", "", AT(rules.budget), 1, 9, "evictions not yet made good by a promotion"));
  t.push_back(time("rules.ballot_bound", "", AT(rules.ballot_bound), kS, 30 * kS, "later votes do not count"));
  t.push_back(time("rules.evidence_wait", "", AT(rules.evidence_wait), 200 * kMs, 10 * kS, "how long a voter listens for the victim"));
  t.push_back(time("rules.statement_age", "", AT(rules.statement_age), kS, 30 * kS, "how fresh the victim's word about its etcd must be"));
  t.push_back(
      time("rules.silent_etcd_consent", "", AT(rules.silent_etcd_consent), kMin, 24 * kHour, "a daemon without etcd this long consents"));
  t.push_back(time("rules.ghost_after", "", AT(rules.ghost_after), 5 * kS, kHour, "a dead learner goes, if its slot is of use"));
  t.push_back(
      time("rules.learner_patience", "", AT(rules.learner_patience), 10 * kS, 24 * kHour, "a learner without progress goes after this"));
  t.push_back(time("rules.unwell_dwell", "", AT(rules.unwell_dwell), kS, kMin, "abstain this long after a suspension or clock jump"));
  t.push_back(time("rules.void_after", "", AT(rules.void_after), 20 * kS, 10 * kMin, "an open decision without effect is void"));
  t.push_back(
      time("rules.lease_ttl", "", AT(rules.lease_ttl), 2 * kS, kMin, "of the remover's key. Shorter = faster takeover, more elections"));
  t.push_back(time("rules.campaign_step", "", AT(rules.campaign_step), 100 * kMs, 10 * kS, "rank i campaigns i steps later"));
  t.push_back(time("rules.call_deadline", "", AT(rules.call_deadline), kS, 30 * kS, "of a membership call; shorter than void_after"));
  t.push_back(time("rules.founding_step", "", AT(rules.founding_step), 500 * kMs, kMin, "rank i proposes i steps later"));
  t.push_back(time("rules.founding_patience", "", AT(rules.founding_patience), 10 * kS, kHour, "an uncommitted plan may then be replaced"));
  t.push_back(time("rules.identity_wait", "", AT(rules.identity_wait), 0, kMin, "before etcd starts: does another answer with our id?"));
  t.push_back(number("rules.history", "", AT(rules.history), 10, 10000, "closed decisions kept in etcd"));
}

void add_gossip(Rows& t) {
  t.push_back(time("gossip.probe_period", "", AT(gossip.probe_period), 50 * kMs, 10 * kS, "shorter = faster detection, more traffic"));
  t.push_back(number("gossip.probes_at_once", "", AT(gossip.probes_at_once), 1, 16, "members probed per period"));
  t.push_back(time("gossip.probe_timeout", "", AT(gossip.probe_timeout), 20 * kMs, 5 * kS, "then the indirect probes go out"));
  t.push_back(number("gossip.indirect_probes", "", AT(gossip.indirect_probes), 0, 9, "more = fewer false suspicions through one bad link"));
  t.push_back(time("gossip.suspicion_max", "", AT(gossip.suspicion_max), 200 * kMs, kMin, "time to refute, with one accuser"));
  t.push_back(time("gossip.suspicion_min", "", AT(gossip.suspicion_min), 200 * kMs, kMin, "time to refute, with many accusers"));
  t.push_back(time("gossip.sync_period", "", AT(gossip.sync_period), kS, 10 * kMin, "full-state exchange with one member"));
  t.push_back(
      time("gossip.seed_period", "", AT(gossip.seed_period), 200 * kMs, kMin, "listed but unknown addresses are contacted this often"));
  t.push_back(time("gossip.forget_after", "", AT(gossip.forget_after), kHour, 720 * kHour, "tombstones; longer than any partition"));
  t.push_back(time("gossip.late_timer", "", AT(gossip.late_timer), 50 * kMs, 10 * kS, "own timers later than this = ill health"));
  t.push_back(number("gossip.max_members", "", AT(gossip.max_members), 3, 4096, "bound"));
  t.push_back(number("gossip.max_rumors_per_message", "", AT(gossip.max_rumors_per_message), 1, 64, "bound"));
  t.push_back(number("gossip.max_link_rows_per_message", "", AT(gossip.max_link_rows_per_message), 1, 64, "bound"));
  t.push_back(number("gossip.max_seeds", "", AT(gossip.max_seeds), 1, 4096, "bound"));
  t.push_back(number("gossip.max_pending_probes", "", AT(gossip.max_pending_probes), 16, 65536, "bound"));
}

#undef AT

}  // namespace

const std::vector<Row>& table() {
  static const std::vector<Row> rows = [] {
    Rows t;
    add_cluster(t);
    add_programs(t);
    add_rules(t);
    add_gossip(t);
    return t;
  }();
  return rows;
}

bool is_secret(const Row& row) { return row.kind == Kind::kPassword || row.kind == Kind::kSecrets; }

}  // namespace fluxpg::runtime
