#include "supervisor/runtime/switchover.hpp"

#include <gtest/gtest.h>

namespace fluxpg::runtime {
namespace {

std::string cluster(const std::string& members) {
  return R"({"scope":"app","members":[{"name":"n1","role":"leader","state":"running"})" + members + "]}";
}

TEST(Switchover, GoesToTheRunningReplicaWithTheLeastLag) {
  const std::string both =
      R"(,{"name":"n2","role":"replica","state":"running","lag":4096},{"name":"n3","role":"replica","state":"streaming","lag":0})";
  EXPECT_EQ(switchover_candidate(cluster(both), "n1"), "n3");
  EXPECT_EQ(switchover_candidate(cluster(R"(,{"name":"n2","role":"sync_standby","state":"streaming","lag":0})"), "n1"), "n2");
}

TEST(Switchover, GoesToNobodyWhoIsDownFarBehindOrUnheard) {
  for (const char* unfit :
       {R"(,{"name":"n2","role":"replica","state":"starting","lag":0})",
        R"(,{"name":"n2","role":"replica","state":"streaming","lag":99999999})",
        R"(,{"name":"n2","role":"replica","state":"running","lag":"unknown"})", R"(,{"name":"n2","role":"replica","state":"running"})",
        R"(,{"role":"replica","state":"running","lag":0})", R"(,{"name":"n1","role":"replica","state":"running","lag":0})", ",7", ""}) {
    EXPECT_EQ(switchover_candidate(cluster(unfit), "n1"), std::nullopt) << unfit;
  }
  EXPECT_EQ(switchover_candidate("", "n1"), std::nullopt);
  EXPECT_EQ(switchover_candidate(R"({"members":{}})", "n1"), std::nullopt);
}

TEST(Switchover, ProvesThePasswordAsPatroniAsksForIt) {
  EXPECT_EQ(basic_auth("fluxpg", "pa:ss"), "Authorization: Basic Zmx1eHBnOnBhOnNz");
  EXPECT_EQ(basic_auth("fluxpg", "x"), "Authorization: Basic Zmx1eHBnOng=");
}

}  // namespace
}  // namespace fluxpg::runtime
