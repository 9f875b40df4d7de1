#include "supervisor/runtime/config.hpp"

#include <gtest/gtest.h>

#include "supervisor/runtime/config_table.hpp"
#include "tests/runtime/scratch.hpp"

namespace fluxpg::runtime {
namespace {

using Variables = std::map<std::string, std::string>;

Expected<Loaded, std::string> load(Variables variables, const std::string& yaml = "", const std::string& name = "fluxpg.yml") {
  const test::Scratch scratch;
  variables.try_emplace("POSTGRES_SUPERUSER_PASSWORD", "s");
  variables.try_emplace("POSTGRES_REPLICATION_PASSWORD", "r");
  const std::string file = yaml.empty() ? "" : scratch.write(name, yaml);
  auto loaded = load_settings(file, [&](const std::string& key) -> std::optional<std::string> {
    const auto found = variables.find(key);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
  if (loaded) return loaded;
  std::string sentence = loaded.error();  // the scratch path is different each time
  for (std::size_t at = sentence.find(scratch / ""); at != std::string::npos; at = sentence.find(scratch / "")) {
    sentence.erase(at, (scratch / "").size());
  }
  return unexpected(sentence);
}

std::string refusal(const Variables& variables, const std::string& yaml = "") {
  const auto loaded = load(variables, yaml);
  return loaded ? "accepted" : loaded.error();
}

TEST(Config, TheSeedsTwoPasswordsAreEnough) {
  const auto loaded = load({});
  ASSERT_TRUE(loaded) << loaded.error();
  const Settings& s = loaded->settings;
  EXPECT_EQ(s.app, "myapp-postgres");
  EXPECT_EQ(s.ports, gossip::Ports{});
  EXPECT_EQ(s.host_ports, s.ports);
  EXPECT_EQ(s.secrets, std::vector<std::string>{"r"});
  EXPECT_EQ(s.postgres_bin_dir, "/usr/lib/postgresql/17/bin");
}

TEST(Config, TheEnvironmentOverridesTheFileAndAnEmptyVariableIsUnset) {
  const auto loaded = load({{"GOSSIP_PORT", "7001"}, {"ETCD_PEER_PORT", ""}, {"HOST_GOSSIP_PORT", "31001"}},
                           "ports:\n  gossip: 7000\n  etcd_peer: 7002\nrules:\n  lease_ttl: 2s\n");
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->settings.ports.gossip, 7001);
  EXPECT_EQ(loaded->settings.ports.etcd_peer, 7002);
  EXPECT_EQ(loaded->settings.host_ports.gossip, 31001);
  EXPECT_EQ(loaded->settings.host_ports.etcd_peer, 7002);
  EXPECT_EQ(loaded->settings.rules.lease_ttl, seconds(2));
}

TEST(Config, TheFluxNameOfTheAppIsUsedIfNoOtherIsGiven) {
  EXPECT_EQ(load({{"FLUX_APP_NAME", "orders"}})->settings.app, "orders");
  EXPECT_EQ(load({{"FLUX_APP_NAME", "orders"}, {"APP_NAME", "bills"}})->settings.app, "bills");
}

TEST(Config, AnyPrintablePasswordWorks) {
  const std::string odd = "$a'b\"c{d}#e: f\\g%h,i";
  const auto loaded = load({{"POSTGRES_SUPERUSER_PASSWORD", odd}, {"POSTGRES_REPLICATION_PASSWORD", odd}});
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->settings.superuser_password, odd);
  EXPECT_EQ(loaded->settings.secrets, std::vector<std::string>{odd});
}

TEST(Config, SeveralSecretsAndUrlsAreTakenInOrder) {
  const auto loaded = load({{"CLUSTER_SECRET", "0123456789abcdef,fedcba9876543210"}, {"FLUX_API_URL", "https://a.example/,http://b:8080"}});
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->settings.secrets, (std::vector<std::string>{"0123456789abcdef", "fedcba9876543210"}));
  EXPECT_EQ(loaded->settings.flux_urls, (std::vector<std::string>{"https://a.example", "http://b:8080"}));
}

struct BadCase {
  Variables variables;
  const char* yaml;
  const char* sentence;
};

const BadCase kBadCases[] = {
    {{}, "portz:\n  gossip: 1\n", "portz (fluxpg.yml:1) is not a setting: fluxpgd --reference lists them all."},
    {{}, "app_name: a\nports:\n  gosip: 1\n", "ports.gosip (fluxpg.yml:3) is not a setting: fluxpgd --reference lists them all."},
    {{}, "rules:\n  a:\n    b: 1\n", "rules.a (fluxpg.yml:2) is not a setting: fluxpgd --reference lists them all."},
    {{}, "ports: 3\n", "ports (fluxpg.yml:1) is not allowed: it is a section and needs settings below it."},
    {{}, "ports:\n  gossip: [1]\n", "ports.gossip (fluxpg.yml:2) is not allowed: a single value is needed, not a list or a section."},
    {{}, "app_name: a\napp_name: b\n", "app_name (fluxpg.yml:2) is not allowed: it is already set at fluxpg.yml:1."},
    {{}, "- a\n", "The configuration file fluxpg.yml is not allowed: it needs settings as \"name: value\", some in sections."},
    {{}, "a: [\n", "fluxpg.yml:2 is not valid YAML: end of sequence flow not found."},
    {{{"GOSSIP_PORT", "0"}}, "", "GOSSIP_PORT = \"0\" (environment) is not allowed: a port from 1 to 65535 is needed."},
    {{}, "ports:\n  gossip: 70000\n", "ports.gossip = \"70000\" (fluxpg.yml:2) is not allowed: a port from 1 to 65535 is needed."},
    {{{"ETCD_PEER_PORT", "2380x"}}, "", "ETCD_PEER_PORT = \"2380x\" (environment) is not allowed: a port from 1 to 65535 is needed."},
    {{{"GOSSIP_PORT", "-1"}}, "", "GOSSIP_PORT = \"-1\" (environment) is not allowed: a port from 1 to 65535 is needed."},
    {{{"ETCD_PEER_PORT", "2379"}}, "", "ETCD_PEER_PORT = \"2379\" (environment) is not allowed: ETCD_CLIENT_PORT has that port already."},
    {{{"POSTGRES_PORT", "7946"}}, "", "POSTGRES_PORT = \"7946\" (environment) is not allowed: GOSSIP_PORT has that port already."},
    {{},
     "host_ports:\n  gossip: 8008\n",
     "host_ports.gossip = \"8008\" (fluxpg.yml:2) is not allowed: HOST_PATRONI_API_PORT has that port already."},
    {{{"ABSENCE_WINDOW", "90x"}},
     "",
     "ABSENCE_WINDOW = \"90x\" (environment) is not allowed: a duration from 10s to 24h, such as 500ms, 15s, 10m or 2h, is needed."},
    {{{"ABSENCE_WINDOW", "90"}},
     "",
     "ABSENCE_WINDOW = \"90\" (environment) is not allowed: a duration from 10s to 24h, such as 500ms, 15s, 10m or 2h, is needed."},
    {{},
     "rules:\n  lease_ttl: 1s\n",
     "rules.lease_ttl = \"1s\" (fluxpg.yml:2) is not allowed: a duration from 2s to 1m, such as 500ms, 15s, 10m or 2h, is needed."},
    {{{"TARGET_VOTERS", "10"}}, "", "TARGET_VOTERS = \"10\" (environment) is not allowed: a whole number from 1 to 9 is needed."},
    {{{"POSTGRES_SUPERUSER_PASSWORD", ""}},
     "",
     "POSTGRES_SUPERUSER_PASSWORD (or postgres.superuser_password in the configuration file) is missing: a password of printable "
     "characters is "
     "needed."},
    {{{"POSTGRES_REPLICATION_PASSWORD", ""}},
     "",
     "POSTGRES_REPLICATION_PASSWORD (or postgres.replication_password in the configuration file) is missing: a password of printable "
     "characters is needed."},
    {{{"POSTGRES_SUPERUSER_PASSWORD", "hid\nden"}},
     "",
     "POSTGRES_SUPERUSER_PASSWORD (environment) is not allowed: printable characters are needed."},
    {{{"CLUSTER_SECRET", "short"}},
     "",
     "CLUSTER_SECRET (environment) is not allowed: each comma-separated secret needs at least 16 printable characters."},
    {{{"CLUSTER_SECRET", "0123456789abcdef,"}},
     "",
     "CLUSTER_SECRET (environment) is not allowed: each comma-separated secret needs at least 16 printable characters."},
    {{{"EVICTIONS", "off"}}, "", "EVICTIONS = \"off\" (environment) is not allowed: enforce or shadow is needed."},
    {{{"ADVERTISE_ADDRESS", "1.2.3"}},
     "",
     "ADVERTISE_ADDRESS = \"1.2.3\" (environment) is not allowed: an IPv4 address such as 198.18.0.11 is needed."},
    {{{"FLUX_API_URL", "ftp://x"}},
     "",
     "FLUX_API_URL = \"ftp://x\" (environment) is not allowed: http:// or https:// URLs without a query are needed."},
    {{{"FLUX_API_URL", "http://"}},
     "",
     "FLUX_API_URL = \"http://\" (environment) is not allowed: http:// or https:// URLs without a query are needed."},
    {{{"APP_NAME", "a/b"}}, "", "APP_NAME = \"a/b\" (environment) is not allowed: 1 to 64 letters, digits, '-' or '_' are needed."},
    {{{"APP_NAME", std::string(65, 'a')}},
     "",
     "APP_NAME = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" (environment) is not allowed: 1 to 64 letters, "
     "digits, "
     "'-' or '_' are needed."},
    {{{"DATA_DIR", "here"}}, "", "DATA_DIR = \"here\" (environment) is not allowed: an absolute path is needed."},
    {{}, "patroni:\n  manage: maybe\n", "patroni.manage = \"maybe\" (fluxpg.yml:2) is not allowed: true or false is needed."},
    {{},
     "gossip:\n  suspicion_max: 500ms\n",
     "gossip.suspicion_max = \"500ms\" (fluxpg.yml:2) is not allowed: at least gossip.suspicion_min is needed, which is 1s."},
    {{},
     "etcd:\n  heartbeat_interval: 300ms\n",
     "etcd.election_timeout = \"1s\" (default) is not allowed: at least 5 times etcd.heartbeat_interval is needed, which is 300ms."},
};

TEST(Config, EveryBadSettingIsRefusedInOneSentence) {
  for (const auto& c : kBadCases) EXPECT_EQ(refusal(c.variables, c.yaml), c.sentence);
}

TEST(Config, AFileThatIsNotThereIsRefused) {
  const auto loaded = load_settings("/nonexistent/fluxpg.yml", [](const std::string&) { return std::nullopt; });
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error(), "The configuration file /nonexistent/fluxpg.yml cannot be read, or is empty.");
}

TEST(Config, WithoutPatroniOnlyASecretIsNeeded) {
  const Variables none = {{"POSTGRES_SUPERUSER_PASSWORD", ""}, {"POSTGRES_REPLICATION_PASSWORD", ""}};
  EXPECT_EQ(refusal(none, "patroni:\n  manage: false\ncluster_secret: 0123456789abcdef\n"), "accepted");
  EXPECT_NE(refusal(none, "patroni:\n  manage: false\n"), "accepted");
}

TEST(Config, EveryDefaultLiesInItsOwnRange) {
  const Settings defaults;
  for (const Row& row : table()) {
    const std::string value = get(defaults, row);
    Settings copy;
    if (value.empty() || (row.kind == Kind::kPort && value == "0")) continue;  // "none" is not typed by anybody
    EXPECT_TRUE(set(copy, row, value)) << row.name << " = " << value << ": " << allowed(row);
    EXPECT_EQ(get(copy, row), value) << row.name;
  }
}

TEST(Config, TheEffectiveTextHidesSecretsAndCanBeReadBack) {
  const Variables variables = {
      {"POSTGRES_SUPERUSER_PASSWORD", "topsecretone"}, {"CLUSTER_SECRET", "topsecretwo-0123456"}, {"APP_NAME", "orders"}};
  const auto loaded = load(variables);
  ASSERT_TRUE(loaded) << loaded.error();
  const std::string text = effective_text(*loaded);
  EXPECT_EQ(text.find("topsecret"), std::string::npos);
  EXPECT_NE(text.find("app_name: 'orders'  # environment\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  gossip: 7946  # default\n"), std::string::npos);
  EXPECT_NE(text.find("cluster_secret: '***'"), std::string::npos);
  EXPECT_EQ(refusal({{"CLUSTER_SECRET", "topsecretwo-0123456"}}, text),
            "cluster_secret (fluxpg.yml:2) is not allowed: each comma-separated secret needs at least 16 printable characters.");
}

TEST(Config, TheReferenceNamesEverySetting) {
  const std::string text = reference_text();
  for (const Row& row : table()) EXPECT_NE(text.find(std::string(" | ") + row.name + " | "), std::string::npos) << row.name;
  EXPECT_NE(text.find("| GOSSIP_PORT | ports.gossip | 7946 | a port from 1 to 65535 | fluxpgd, for its peers |\n"), std::string::npos)
      << text;
}

TEST(Duration, IsReadWithItsUnitOnly) {
  EXPECT_EQ(duration_from_text("500ms"), milliseconds(500));
  EXPECT_EQ(duration_from_text("2h"), std::chrono::hours(2));
  for (const char* bad : {"", "s", "5", "5 s", "-5s", "1.5s", "90x", "5sm", "99999999999999999999s", "9999999999999h"}) {
    EXPECT_EQ(duration_from_text(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace fluxpg::runtime
