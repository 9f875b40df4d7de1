// One etcd cluster as its replicated log sees it: members, keys, leases, and who leads. Plain data; model.hpp moves it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "etcdctl-adapter/types.hpp"

namespace fluxpg::etcd_model {

using Members = std::vector<etcd::Member>;

// One committed entry: what a member that has applied exactly so far would show.
struct Entry {
  TimePoint at;
  std::int64_t revision = 0;
  std::shared_ptr<const Members> members;
};

// For whoever watches from outside: a committed change of membership.
struct MembershipChange {
  enum class Kind : std::uint8_t { kAddLearner, kPromote, kRemove } kind = Kind::kRemove;
  ClusterId cluster;
  etcd::Member member;  // as it was before a removal, after an addition or promotion
  std::vector<MemberId> voters_before;
  std::size_t asked_host = 0;
};

struct Cluster {
  struct Lease {
    Duration ttl{};
    TimePoint expires;
  };
  ClusterId id;
  std::string token;
  std::vector<Entry> log;
  Members members;                             // as of the last committed entry
  std::map<MemberId, std::size_t> removed_at;  // index of the entry that removed it
  std::set<MemberId> started;                  // has run once: with an empty disk it would be an amnesiac
  std::map<std::string, etcd::KeyValue> keys;
  std::map<etcd::LeaseId, Lease> leases;
  std::map<etcd::LeaseId, Lease> just_ended;  // 3.5 may still renew it: `expires` is when that is over
  std::int64_t revision = 1;
  std::uint64_t next_lease = 1;

  MemberId leader;  // zero: none
  std::uint64_t term = 1;
  bool ever_led = false;
  TimePoint quorum_lost_since = kNever;  // of the present leader
  TimePoint elects_at = kNever;

  // As of the version `judged_at`: where the leader runs, and whether it can commit.
  mutable std::optional<std::uint64_t> judged_at;
  mutable std::optional<std::size_t> leader_host;
  mutable bool commits = false;

  std::vector<MemberId> voters() const;
  const etcd::Member* find(MemberId member) const;
};

inline std::size_t majority(std::size_t voters) { return voters / 2 + 1; }

}  // namespace fluxpg::etcd_model
