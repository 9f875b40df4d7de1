#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/golden/golden.hpp"
#include "tests/report/snapshots.hpp"

namespace fluxpg::report {
namespace {

using nlohmann::json;

TEST(ReportJson, IsTheGoldenFile) {
  Snapshot open = degraded();
  open.open_decision = record::samples::removal();
  open.open_decision->outcome.clear();
  expect_golden("report/status-healthy.json", status_json(healthy()));
  expect_golden("report/status-degraded.json", status_json(open));
  expect_golden("report/status-empty.json", status_json(empty()));
  expect_golden("report/members.json", members_json(healthy()));
  expect_golden("report/matrix.json", matrix_json(degraded()));
  expect_golden("report/decisions.json", decisions_json(open));
  expect_golden("report/explain-removal.json", explain_json(signed_removal(), Checksums()));
}

// What others rely on (the names are theirs too).
TEST(ReportJson, HasTheAgreedFields) {
  for (const std::string& text : {status_json(healthy()), members_json(healthy())}) {
    const json j = json::parse(text);
    for (const char* field : {"app", "health", "voters", "voters_live", "failures_survivable", "cluster_id", "self", "remover", "epoch",
                              "open_decision", "evictions", "members"}) {
      EXPECT_TRUE(j.contains(field)) << field;
    }
    EXPECT_EQ(j["health"], "healthy");
    EXPECT_EQ(j["cluster_id"], "7384a1c09b5e2f4f");
    const json& member = j["members"][0];
    for (const char* field : {"node_id", "name", "address", "gossip", "incarnation", "etcd", "postgres", "listed"}) {
      EXPECT_TRUE(member.contains(field)) << field;
    }
    EXPECT_EQ(member["etcd"], json::parse(R"({"member_id":"8e9e05c521646901","role":"voter","leader":true})"));
    EXPECT_EQ(member["listed"], true);
    EXPECT_EQ(member["address"], "198.18.0.11:7946");
  }
}

TEST(ReportJson, ExplainsARemovalWithTheAgreedFields) {
  const json j = json::parse(explain_json(signed_removal(), Checksums()));
  for (const char* field : {"member_id", "node_id", "epoch", "rule", "outcome", "remover", "decided_at", "votes", "command"}) {
    EXPECT_TRUE(j.contains(field)) << field;
  }
  EXPECT_EQ(j["command"], "etcdctl member remove 8e9e05c521646903");
  EXPECT_EQ(j["votes"][0]["voter"], "8e9e05c521646901");
  EXPECT_EQ(j["votes"][0]["vote"], "dead");
  EXPECT_EQ(j["votes"][0]["signature_valid"], true);
  EXPECT_EQ(j["votes"][0]["evidence"][0], json::parse(R"({"kind":"gossip-probe","outcome":"refused","ms":1})"));
}

TEST(ReportJson, NamesEveryHealth) {
  EXPECT_EQ(json::parse(status_json(degraded()))["health"], "degraded");
  EXPECT_EQ(json::parse(status_json(majority_lost()))["health"], "majority_lost");
}

TEST(ReportJson, SaysNullForWhatIsNotKnown) {
  Snapshot s = majority_lost();
  s.members[0].member = {};
  s.members[0].listed = "unknown";
  const json j = json::parse(status_json(s));
  EXPECT_TRUE(j["remover"].is_null());
  EXPECT_TRUE(j["open_decision"].is_null());
  EXPECT_TRUE(j["members"][0]["etcd"]["member_id"].is_null());
  EXPECT_TRUE(j["members"][0]["listed"].is_null());
  EXPECT_EQ(j["members"][2]["listed"], false);
}

TEST(ReportJson, IsStillJsonIfANameIsNotUtf8) {
  Snapshot s = healthy();
  s.members[0].name = "caf\xe9";
  EXPECT_EQ(json::parse(status_json(s))["members"][0]["name"], "caf\xef\xbf\xbd");
}

}  // namespace
}  // namespace fluxpg::report
