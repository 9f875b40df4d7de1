#include "supervisor/render/etcd.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "tests/golden/golden.hpp"

namespace fluxpg::render {
namespace {

EtcdInputs inputs() {
  EtcdInputs in;
  in.name = "n-aa";
  in.data_dir = "/var/lib/etcd/data";
  in.interface_address = "172.17.0.2";
  in.host_client_port = 31002;
  in.peer_url = "https://n-aa:31003";
  in.client_url = "https://n-aa:31002";
  in.initial_cluster = {{"n-aa", "https://n-aa:31003"}, {"n-bb", "https://n-bb:31013"}};
  in.new_cluster = true;
  in.token = "5f1e";
  in.tls = {"/tls/ca.crt", "/tls/server.crt", "/tls/server.key", "/tls/client.crt", "/tls/client.key"};
  return in;
}

std::string client_listeners(const EtcdInputs& in) { return YAML::Load(etcd_yml(in))["listen-client-urls"].as<std::string>(); }

TEST(EtcdYml, IsTheGoldenFile) { expect_golden("render/etcd.yml", etcd_yml(inputs())); }

TEST(EtcdYml, ListensInPlainTextOnLoopbackOnly) {
  const YAML::Node yml = YAML::Load(etcd_yml(inputs()));
  EXPECT_EQ(yml["listen-client-urls"].as<std::string>(), "http://127.0.0.1:2379,https://172.17.0.2:2379,https://172.17.0.2:31002");
  EXPECT_EQ(yml["listen-peer-urls"].as<std::string>(), "https://172.17.0.2:2380");
}

TEST(EtcdYml, ListensOnTheHostsPortOnlyWhereItIsAnotherAndFree) {
  EtcdInputs in = inputs();
  in.host_client_port = in.client_port;
  EXPECT_EQ(client_listeners(in), "http://127.0.0.1:2379,https://172.17.0.2:2379");
  in.host_client_port = in.peer_port;
  EXPECT_EQ(client_listeners(in), "http://127.0.0.1:2379,https://172.17.0.2:2379");
}

TEST(EtcdYml, WantsACertificateFromEverybody) {
  const YAML::Node yml = YAML::Load(etcd_yml(inputs()));
  for (const char* section : {"client-transport-security", "peer-transport-security"}) {
    EXPECT_TRUE(yml[section]["client-cert-auth"].as<bool>()) << section;
    EXPECT_EQ(yml[section]["trusted-ca-file"].as<std::string>(), "/tls/ca.crt") << section;
  }
}

TEST(EtcdYml, SaysExistingUnlessItFounds) {
  EtcdInputs in = inputs();
  in.new_cluster = false;
  EXPECT_EQ(YAML::Load(etcd_yml(in))["initial-cluster-state"].as<std::string>(), "existing");
}

}  // namespace
}  // namespace fluxpg::render
