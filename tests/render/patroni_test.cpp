#include "supervisor/render/patroni.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "base/random.hpp"
#include "tests/golden/golden.hpp"

namespace fluxpg::render {
namespace {

PatroniInputs inputs() {
  PatroniInputs in;
  in.app = "orders-db";
  in.name = "node-198-18-0-11";
  in.address = "198.18.0.11";
  in.host_postgres_port = 31000;
  in.host_patroni_port = 31001;
  in.etcd_hosts = {{"n-aa", 31002}, {"n-bb", 31012}};
  in.tls = {"/tls/ca.crt", "/tls/server.crt", "/tls/server.key", "/tls/client.crt", "/tls/client.key"};
  in.superuser_password = "su'per: \"secret\" #1";
  in.replication_password = "$rep\\lication%{x}";
  in.rest_password = "rest";
  return in;
}

// Each of the three passwords is read back as it was given.
void expect_survives(const std::string& password) {
  PatroniInputs in = inputs();
  in.superuser_password = password;
  in.replication_password = "r" + password;
  in.rest_password = password + "x";
  const YAML::Node yml = YAML::Load(patroni_yml(in));
  const YAML::Node accounts = yml["postgresql"]["authentication"];
  EXPECT_EQ(accounts["superuser"]["password"].as<std::string>(), password);
  EXPECT_EQ(accounts["replication"]["password"].as<std::string>(), "r" + password);
  EXPECT_EQ(yml["restapi"]["authentication"]["password"].as<std::string>(), password + "x");
  EXPECT_EQ(yml["scope"].as<std::string>(), "orders-db");
}

TEST(PatroniYml, IsTheGoldenFile) { expect_golden("render/patroni.yml", patroni_yml(inputs())); }

TEST(PatroniYml, TellsPeersTheHostsPortsAndListensOnItsOwn) {
  const YAML::Node yml = YAML::Load(patroni_yml(inputs()));
  EXPECT_EQ(yml["postgresql"]["listen"].as<std::string>(), "0.0.0.0:5432");
  EXPECT_EQ(yml["postgresql"]["connect_address"].as<std::string>(), "198.18.0.11:31000");
  EXPECT_EQ(yml["restapi"]["listen"].as<std::string>(), "0.0.0.0:8008");
  EXPECT_EQ(yml["restapi"]["connect_address"].as<std::string>(), "198.18.0.11:31001");
}

TEST(PatroniYml, LetsNobodyInOverTcpWithoutAPassword) {
  for (const YAML::Node& line : YAML::Load(patroni_yml(inputs()))["postgresql"]["pg_hba"]) {
    const std::string rule = line.as<std::string>();
    if (rule.rfind("host", 0) == 0) {
      EXPECT_EQ(rule.substr(rule.rfind(' ') + 1), "scram-sha-256") << rule;
    }
    EXPECT_EQ(rule.find("trust"), std::string::npos) << rule;
  }
}

TEST(PatroniYml, CarriesTheOddestPasswords) {
  for (const char* password : {"'",   "\"",       "\\",        "#",    " # ",  ":",   ": ",           "- ",           "{}",         "[a]",
                               "%",   "%s",       "$HOME",     "${X}", "`id`", "&a",  "*a",           "!!int 1",      "|",          ">",
                               "@",   "~",        "null",      "no",   "0x1f", "1e3", "\u00e9\u00df", "\u65e5\u672c", "\U0001f418", "\\x41",
                               "\\n", " leading", "trailing ", "a\\"}) {
    expect_survives(password);
  }
}

TEST(PatroniYml, CarriesAnyPrintablePassword) {
  Random random(7);
  for (int run = 0; run < 300; ++run) {
    std::string password;
    const std::uint64_t length = 1 + random.below(std::uint64_t{64});
    for (std::uint64_t i = 0; i < length; ++i) password.push_back(static_cast<char>(' ' + random.below(std::uint64_t{95})));
    expect_survives(password);
  }
}

}  // namespace
}  // namespace fluxpg::render
