// What the native tests of the adapter share: a call to a real member, and what etcdctl, the independent witness, sees.
#pragma once

#include <gtest/gtest.h>

#include "etcdctl-adapter/gateway.hpp"
#include "tests/support/etcd_process.hpp"

namespace fluxpg::etcd {

Result ask_member(const test::EtcdProcess& member, const Call& call, Duration deadline = seconds(10));

template <class T>
T must(const test::EtcdProcess& member, const Call& call) {
  const Result result = ask_member(member, call);
  if (result) return std::get<T>(*result);
  ADD_FAILURE() << as_etcdctl(call) << ": " << result.error().message;
  return T{};
}

inline ErrorKind error_kind(const Result& result) { return result ? ErrorKind::kMalformed : result.error().kind; }
inline void expect_refused(const Result& result, ErrorKind kind) {
  ASSERT_FALSE(result) << "it should have been refused";
  EXPECT_EQ(result.error().kind, kind) << result.error().message;
}

MemberId id_of(const test::EtcdProcess& member);
std::vector<Member> listed_by_etcdctl(const test::EtcdProcess& asked);
// Nothing: the key does not exist.
std::optional<std::string> read_by_etcdctl(const test::EtcdProcess& asked, const std::string& key);
Txn put_if(std::vector<Compare> compares, std::string key, std::string value, LeaseId lease = {});
Compare absent(std::string key);
Compare created_at(std::string key, std::int64_t revision);
Compare modified_at(std::string key, std::int64_t revision);
KeyValue read_key(const test::EtcdProcess& member, const std::string& key);

}  // namespace fluxpg::etcd
