// Keys, transactions and leases of a real etcd. Each guard is seen to refuse, and etcdctl says what was really written.
#include <gmock/gmock.h>

#include "tests/etcd/native.hpp"

namespace fluxpg::etcd {
namespace {

using test::EtcdCluster;
using test::EtcdProcess;
using testing::ElementsAre;

Outcome outcome_of(const EtcdProcess& member, const Call& call) { return outcome(ask_member(member, call)); }

TEST(NativeTransaction, WritesOnlyIfEveryRevisionIsAsCompared) {
  EtcdCluster cluster(1);
  const EtcdProcess& e1 = cluster[0];
  EXPECT_EQ(outcome_of(e1, put_if({absent("/record")}, "/record", "one")), Outcome::kDone);
  EXPECT_EQ(read_by_etcdctl(e1, "/record"), "one");
  const KeyValue first = read_key(e1, "/record");
  EXPECT_EQ(first.value, "one");
  EXPECT_EQ(first.create_revision, first.mod_revision);

  EXPECT_EQ(outcome_of(e1, put_if({absent("/record")}, "/record", "two")), Outcome::kNotDone);
  EXPECT_EQ(outcome_of(e1, put_if({modified_at("/record", first.mod_revision + 1)}, "/record", "two")), Outcome::kNotDone);
  EXPECT_EQ(outcome_of(e1, put_if({created_at("/record", first.create_revision + 1)}, "/record", "two")), Outcome::kNotDone);
  EXPECT_EQ(outcome_of(e1, put_if({modified_at("/record", first.mod_revision), absent("/record")}, "/other", "x")), Outcome::kNotDone);
  EXPECT_EQ(read_by_etcdctl(e1, "/record"), "one");
  EXPECT_EQ(read_by_etcdctl(e1, "/other"), std::nullopt);

  EXPECT_EQ(outcome_of(e1, put_if({modified_at("/record", first.mod_revision)}, "/record", "two")), Outcome::kDone);
  EXPECT_EQ(read_by_etcdctl(e1, "/record"), "two");
  const KeyValue second = read_key(e1, "/record");
  EXPECT_EQ(second.create_revision, first.create_revision);
  EXPECT_GT(second.mod_revision, first.mod_revision);

  EXPECT_EQ(outcome_of(e1, Txn{{modified_at("/record", first.mod_revision)}, {Delete{"/record"}}}), Outcome::kNotDone);
  EXPECT_EQ(read_by_etcdctl(e1, "/record"), "two");
  EXPECT_EQ(outcome_of(e1, Txn{{modified_at("/record", second.mod_revision)}, {Delete{"/record"}}}), Outcome::kDone);
  EXPECT_EQ(read_by_etcdctl(e1, "/record"), std::nullopt);
}

// The remover's key: one holder, gone with its lease, and a decision can only be opened by the one who holds it now.
TEST(NativeLease, TheRemoverKeyHasOneHolderAndFencesTheOneBefore) {
  EtcdCluster cluster(1);
  const EtcdProcess& e1 = cluster[0];
  const LeaseId a = must<Lease>(e1, GrantLease{seconds(60)}).id;
  const LeaseId b = must<Lease>(e1, GrantLease{seconds(60)}).id;
  const auto acquire = [&](const char* who, LeaseId lease) { return outcome_of(e1, put_if({absent("/remover")}, "/remover", who, lease)); };
  EXPECT_EQ(acquire("a", a), Outcome::kDone);
  EXPECT_EQ(acquire("b", b), Outcome::kNotDone);
  EXPECT_EQ(read_by_etcdctl(e1, "/remover"), "a");
  const KeyValue held = read_key(e1, "/remover");
  EXPECT_EQ(held.lease, a);
  const auto open_as_a = [&](const char* victim) {
    return outcome_of(e1, put_if({created_at("/remover", held.create_revision), absent("/record")}, "/record", victim));
  };

  EXPECT_EQ(must<Lease>(e1, KeepAlive{a}).ttl, seconds(60));
  EXPECT_EQ(outcome_of(e1, RevokeLease{a}), Outcome::kDone);
  EXPECT_EQ(read_by_etcdctl(e1, "/remover"), std::nullopt);
  EXPECT_EQ(open_as_a("early"), Outcome::kNotDone);
  EXPECT_EQ(acquire("b", b), Outcome::kDone);
  EXPECT_EQ(open_as_a("late"), Outcome::kNotDone);
  EXPECT_EQ(read_by_etcdctl(e1, "/record"), std::nullopt);

  const Result lost = ask_member(e1, KeepAlive{a});
  ASSERT_TRUE(lost) << lost.error().message;
  EXPECT_EQ(std::get<Lease>(*lost).ttl, Duration::zero());
  EXPECT_EQ(outcome(lost), Outcome::kNotDone);
  expect_refused(ask_member(e1, RevokeLease{a}), ErrorKind::kNotFound);
  expect_refused(ask_member(e1, put_if({absent("/x")}, "/x", "v", a)), ErrorKind::kNotFound);
}

TEST(NativeLease, ExpiresWithoutKeepAlive) {
  EtcdCluster cluster(1);
  const EtcdProcess& e1 = cluster[0];
  const LeaseId lease = must<Lease>(e1, GrantLease{seconds(1)}).id;
  ASSERT_EQ(outcome_of(e1, put_if({absent("/remover")}, "/remover", "a", lease)), Outcome::kDone);
  EXPECT_TRUE(test::eventually(seconds(20), [&] { return read_key(e1, "/remover").key.empty(); }));
  EXPECT_EQ(must<Lease>(e1, KeepAlive{lease}).ttl, Duration::zero());
}

TEST(NativeRange, ReadsAPrefixByAgeWithinItsLimit) {
  EtcdCluster cluster(1);
  const EtcdProcess& e1 = cluster[0];
  const std::string binary("\0\xff\n\"", 4);
  for (const char* key : {"/h/3", "/h/1", "/h/2", "/i", "/h"}) {
    ASSERT_EQ(outcome_of(e1, put_if({absent(key)}, key, binary)), Outcome::kDone);
  }
  const KeyValue oldest = read_key(e1, "/h/3");
  ASSERT_EQ(outcome_of(e1, put_if({modified_at("/h/3", oldest.mod_revision)}, "/h/3", "again")), Outcome::kDone);
  const auto keys = [&](Range range) {
    std::vector<std::string> result;
    for (const auto& kv : must<RangeResult>(e1, range).kvs) result.push_back(kv.key);
    return result;
  };
  EXPECT_THAT(keys({"/h/", true, false, 0, false}), ElementsAre("/h/3", "/h/1", "/h/2"));
  EXPECT_THAT(keys({"/h/", true, true, 2, true}), ElementsAre("/h/2", "/h/1"));
  EXPECT_EQ(must<RangeResult>(e1, Range{"/h/", true, false, 2, false}).count, 3);
  EXPECT_EQ(read_key(e1, "/h/1").value, binary);
  EXPECT_TRUE(must<RangeResult>(e1, Range{"/nothing", false, false, 0, false}).kvs.empty());
}

TEST(NativeMaintenance, AFullDatabaseRefusesWritesAndSaysSo) {
  EtcdCluster cluster(1, {"--quota-backend-bytes=100000"});
  const EtcdProcess& e1 = cluster[0];
  EXPECT_TRUE(must<Alarms>(e1, ListAlarms{}).raised.empty());
  const std::string large(60000, 'x');
  Result result = Done{};
  int keys = 0;
  test::eventually(seconds(10), [&] {  // the size counts once it is on disk
    const std::string key = std::string("/k").append(std::to_string(++keys));
    result = ask_member(e1, put_if({absent(key)}, key, large));
    return !result;
  });
  expect_refused(result, ErrorKind::kNoSpace);
  EXPECT_EQ(outcome(result), Outcome::kNotDone);
  const Alarms alarms = must<Alarms>(e1, ListAlarms{});
  EXPECT_THAT(alarms.raised, ElementsAre(Alarm{must<Status>(e1, GetStatus{}).header.member, "NOSPACE"}));
  EXPECT_THAT(must<Status>(e1, GetStatus{}).errors, testing::Contains(testing::HasSubstr("NOSPACE")));
  EXPECT_THAT(test::etcdctl(e1, {"alarm", "list"}).text, testing::HasSubstr("NOSPACE"));
  EXPECT_EQ(outcome_of(e1, DisarmAlarm{alarms.raised[0].member}), Outcome::kDone);
  EXPECT_TRUE(must<Alarms>(e1, ListAlarms{}).raised.empty());
}

TEST(NativeMaintenance, CompactAndDefragmentGiveSpaceBack) {
  EtcdCluster cluster(1);
  const EtcdProcess& e1 = cluster[0];
  ASSERT_EQ(outcome_of(e1, put_if({absent("/k")}, "/k", "0")), Outcome::kDone);
  for (int i = 0; i < 20; ++i) {
    const auto mod = read_key(e1, "/k").mod_revision;
    ASSERT_EQ(outcome_of(e1, put_if({modified_at("/k", mod)}, "/k", std::string(50000, 'x'))), Outcome::kDone);
  }
  const Status before = must<Status>(e1, GetStatus{});
  EXPECT_EQ(outcome_of(e1, Compact{before.header.revision}), Outcome::kDone);
  EXPECT_EQ(outcome_of(e1, Defragment{}), Outcome::kDone);
  EXPECT_LT(must<Status>(e1, GetStatus{}).db_size, before.db_size / 2);
  expect_refused(ask_member(e1, Compact{before.header.revision}), ErrorKind::kRefused);  // already compacted
}

// The line that is logged for a call really does what the call does: it is given to a shell.
TEST(NativeAsEtcdctl, TheLinesDoWhatTheCallsDo) {
  EtcdCluster cluster(1);
  const EtcdProcess& e1 = cluster[0];
  const std::string environment = "export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=" + e1.client_url() + "; ";
  const auto type = [&](const Call& call) {
    const auto output = test::run({"sh", "-c", environment + as_etcdctl(call)});
    EXPECT_EQ(output.exit_code, 0) << as_etcdctl(call) << "\n" << output.text;
    return output.text;
  };
  const LeaseId lease = must<Lease>(e1, GrantLease{seconds(60)}).id;
  const std::string value = R"({"why":"it's \"dead\"","n":[1, 2]})";
  type(put_if({absent("/my app/k")}, "/my app/k", value, lease));
  const KeyValue written = read_key(e1, "/my app/k");
  EXPECT_EQ(written.value, value);
  EXPECT_EQ(written.lease, lease);
  EXPECT_THAT(type(put_if({absent("/my app/k")}, "/my app/k", "other")), testing::HasSubstr("FAILURE"));
  EXPECT_EQ(read_key(e1, "/my app/k").value, value);
  EXPECT_THAT(type(Range{"/my app/", true, true, 5, false}), testing::HasSubstr(value));
  type(Txn{{modified_at("/my app/k", written.mod_revision)}, {Delete{"/my app/k"}}});
  EXPECT_TRUE(read_key(e1, "/my app/k").key.empty());
  type(KeepAlive{lease});
  type(RevokeLease{lease});
  EXPECT_EQ(must<Lease>(e1, KeepAlive{lease}).ttl, Duration::zero());
  for (const Call& call :
       {Call(GetStatus{}), Call(ListMembers{}), Call(GrantLease{}), Call(ListAlarms{}), Call(Compact{2}), Call(Defragment{})})
    type(call);
}

}  // namespace
}  // namespace fluxpg::etcd
