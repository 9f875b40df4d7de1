// Golden bodies: etcd's gateway ignores a field that it does not know, so each is compared as a whole, letter by letter.
#include <gtest/gtest.h>

#include "etcdctl-adapter/codec.hpp"

namespace fluxpg::etcd {
namespace {

void expect(const Call& call, const char* path, const char* body) {
  const Question question = encode(call);
  EXPECT_EQ(question.path, path);
  EXPECT_EQ(question.body, body);
}

TEST(Encode, Members) {
  expect(ListMembers{true}, "/v3/cluster/member/list", R"({"linearizable":true})");
  expect(ListMembers{false}, "/v3/cluster/member/list", "{}");
  expect(AddLearner{"https://n-1:2380"}, "/v3/cluster/member/add", R"({"isLearner":true,"peerURLs":["https://n-1:2380"]})");
  expect(Promote{{18446744073709551615U}}, "/v3/cluster/member/promote", R"({"ID":"18446744073709551615"})");
  expect(RemoveMember{{2796415265687506306U}}, "/v3/cluster/member/remove", R"({"ID":"2796415265687506306"})");
  expect(TransferLeadership{{7}}, "/v3/maintenance/transfer-leadership", R"({"targetID":"7"})");
}

TEST(Encode, AUrlCannotBreakOutOfItsString) {
  expect(AddLearner{"http://x\",\"isLearner\":false,\"\xff"}, "/v3/cluster/member/add",
         "{\"isLearner\":true,\"peerURLs\":[\"http://x\\\",\\\"isLearner\\\":false,\\\"\xef\xbf\xbd\"]}");
}

TEST(Encode, Ranges) {
  Range range;
  range.key = "foo";
  expect(range, "/v3/kv/range", R"({"key":"Zm9v"})");
  range.serializable = true;
  expect(range, "/v3/kv/range", R"({"key":"Zm9v","serializable":true})");
}

TEST(Encode, PrefixRangesAreBoundedAndSorted) {
  expect(Range{"foo", true, false, 0, false}, "/v3/kv/range",
         R"({"key":"Zm9v","limit":"2000","range_end":"Zm9w","sort_order":"ASCEND","sort_target":"CREATE"})");
  expect(Range{"foo", true, false, 5, true}, "/v3/kv/range",
         R"({"key":"Zm9v","limit":"5","range_end":"Zm9w","sort_order":"DESCEND","sort_target":"CREATE"})");
  expect(Range{"fo\xff\xff", true, false, 5, false}, "/v3/kv/range",
         R"({"key":"Zm///w==","limit":"5","range_end":"ZnA=","sort_order":"ASCEND","sort_target":"CREATE"})");
}

TEST(Encode, Transactions) {
  Txn txn;
  txn.compares = {{Compare::What::kModRevision, "record", 16}, {Compare::What::kCreateRevision, "remover", 0}};
  txn.writes = {Put{"record", "open", {}}, Put{"remover", "", {4611686018427387905}}, Delete{"old"}};
  expect(txn, "/v3/kv/txn",
         R"({"compare":[{"key":"cmVjb3Jk","mod_revision":"16","result":"EQUAL","target":"MOD"},)"
         R"({"create_revision":"0","key":"cmVtb3Zlcg==","result":"EQUAL","target":"CREATE"}],)"
         R"("success":[{"request_put":{"key":"cmVjb3Jk","value":"b3Blbg=="}},)"
         R"({"request_put":{"key":"cmVtb3Zlcg==","lease":"4611686018427387905","value":""}},)"
         R"({"request_delete_range":{"key":"b2xk"}}]})");
}

TEST(Encode, Leases) {
  expect(GrantLease{seconds(5)}, "/v3/lease/grant", R"({"TTL":"5"})");
  expect(GrantLease{milliseconds(1)}, "/v3/lease/grant", R"({"TTL":"1"})");
  expect(KeepAlive{{7}}, "/v3/lease/keepalive", R"({"ID":"7"})");
  expect(RevokeLease{{7}}, "/v3/lease/revoke", R"({"ID":"7"})");
}

TEST(Encode, Maintenance) {
  expect(GetStatus{}, "/v3/maintenance/status", "{}");
  expect(ListAlarms{}, "/v3/maintenance/alarm", R"({"action":"GET"})");
  expect(DisarmAlarm{MemberId{7}}, "/v3/maintenance/alarm", R"({"action":"DEACTIVATE","alarm":"NOSPACE","memberID":"7"})");
  expect(Compact{12}, "/v3/kv/compaction", R"({"physical":true,"revision":"12"})");
  expect(Defragment{}, "/v3/maintenance/defragment", "{}");
}

TEST(EncodeDeathTest, RefusesWhatWouldMeanSomethingElse) {
  Txn unconditional;
  unconditional.writes = {Put{"k", "v", {}}};
  EXPECT_DEATH(encode(unconditional), "compares.empty");
  EXPECT_DEATH(encode(Range{}), "key.empty");
  EXPECT_DEATH(encode(Range{"\xff", true, false, 0, false}), "prefix.empty");
  EXPECT_DEATH(encode(RemoveMember{}), "id");
  EXPECT_DEATH(encode(KeepAlive{}), "id");
  EXPECT_DEATH(encode(GrantLease{Duration::zero()}), "ttl");
}

}  // namespace
}  // namespace fluxpg::etcd
