// What one may ask of etcd, and what it answers: plain values. Requests are built from these structs only, because etcd's gateway
// silently ignores a misspelt field (a typo would make a compare-and-swap unconditional).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/expected.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace fluxpg::etcd {

using LeaseId = StrongNumber<struct LeaseIdTag>;

struct Header {
  ClusterId cluster;
  MemberId member;  // the member that answered
  std::int64_t revision = 0;
  std::uint64_t raft_term = 0;
  bool operator==(const Header&) const = default;
};

struct Member {
  MemberId id;
  std::string name;  // empty: added, but never started
  std::vector<std::string> peer_urls;
  std::vector<std::string> client_urls;
  bool learner = false;
  bool operator==(const Member&) const = default;
};

struct KeyValue {
  std::string key;
  std::string value;
  std::int64_t create_revision = 0;
  std::int64_t mod_revision = 0;
  LeaseId lease;
  bool operator==(const KeyValue&) const = default;
};

// ---- calls ----
struct GetStatus {};  // of the asked member; answers without quorum
// `linearizable`: as of now, by quorum; else what the asked member has applied. (etcd 3.4 ignores the flag of its own API, so the adapter
// makes a linearizable read on the same endpoint first.)
struct ListMembers {
  bool linearizable = true;
};
struct AddLearner {
  std::string peer_url;
};
struct Promote {
  MemberId id;
};
struct RemoveMember {
  MemberId id;
};
struct TransferLeadership {
  MemberId to;
};
// The key itself, or with `prefix` every key that begins with it, oldest creation first.
struct Range {
  std::string key;
  bool prefix = false;
  bool serializable = false;
  std::int64_t limit = 0;  // 0: the adapter's bound
  bool newest_first = false;
};
struct Compare {
  enum class What { kCreateRevision, kModRevision } what = What::kModRevision;
  std::string key;
  std::int64_t equals = 0;  // 0: the key does not exist
};
struct Put {
  std::string key;
  std::string value;
  LeaseId lease;
};
struct Delete {
  std::string key;
};
using Write = std::variant<Put, Delete>;
// All of `writes` if all of `compares` hold, else nothing. At least one compare: there are no unconditional writes in this project.
struct Txn {
  std::vector<Compare> compares;
  std::vector<Write> writes;
};
struct GrantLease {
  Duration ttl = seconds(5);
};
struct KeepAlive {
  LeaseId lease;
};
struct RevokeLease {
  LeaseId lease;
};
struct ListAlarms {};
// Takes the NOSPACE alarm of this member back; etcd never does it by itself.
struct DisarmAlarm {
  MemberId member;
};
struct Compact {
  std::int64_t revision = 0;
};
struct Defragment {};  // the asked member only

using Call = std::variant<GetStatus, ListMembers, AddLearner, Promote, RemoveMember, TransferLeadership, Range, Txn, GrantLease, KeepAlive,
                          RevokeLease, ListAlarms, DisarmAlarm, Compact, Defragment>;

// ---- answers ----
struct Status {
  Header header;
  std::string version;
  MemberId leader;  // 0: none
  std::uint64_t raft_index = 0;
  std::uint64_t raft_applied_index = 0;
  std::int64_t db_size = 0;
  std::int64_t db_size_in_use = 0;
  bool learner = false;
  std::vector<std::string> errors;
};
struct MemberList {
  Header header;
  std::vector<Member> members;
};
struct Added {
  Header header;
  Member member;
  std::vector<Member> members;
};
struct Changed {  // promoted, removed
  Header header;
  std::vector<Member> members;
};
struct RangeResult {
  Header header;
  std::vector<KeyValue> kvs;
  std::int64_t count = 0;  // matching keys, also those beyond the limit
};
struct TxnResult {
  Header header;
  bool succeeded = false;
};
struct Lease {
  LeaseId id;
  Duration ttl{};  // 0: the lease no longer exists (etcd says so by leaving the field out)
};
struct Done {};
struct Alarm {
  MemberId member;
  std::string name;  // "NOSPACE", "CORRUPT"
  bool operator==(const Alarm&) const = default;
};
struct Alarms {
  std::vector<Alarm> raised;
};
using Answer = std::variant<Status, MemberList, Added, Changed, RangeResult, TxnResult, Lease, Done, Alarms>;

// ---- errors ----
enum class ErrorKind : std::uint8_t {
  kUnreachable,       // nothing was sent: refused, no route, TLS. Retry helps when it returns.
  kTimeout,           // sent, no answer in our time or etcd's: for a change this means *unknown*
  kNoLeader,          // etcd has or had no leader: for a change this means *unknown*
  kUnhealthy,         // refused before it was proposed: a voter is not connected (5 s after a change this passes)
  kNotEnoughStarted,  // refused: too few started members
  kNotFound,          // no such member or lease, for ever
  kExists,            // the peer URL or id is already a member
  kTooManyLearners,   // refused: one learner at a time
  kNotInSync,         // refused: the learner has not caught up; retry later
  kNotLearner,        // refused: already a voter
  kLearner,           // a learner does not serve this
  kStopped,           // the asked member is being removed or shut down: for a change *unknown*
  kNoSpace,           // NOSPACE alarm: writes are refused
  kMalformed,         // the answer was not what etcd documents
  kRefused,           // any other clear refusal
};
struct Error {
  ErrorKind kind = ErrorKind::kTimeout;
  std::string message;  // one sentence, with etcd's own words
};
using Result = Expected<Answer, Error>;

// What is known about a change after its answer. A time-out is not "not done": the change may commit later. A transaction whose compares
// failed and a keep-alive of a lease that is gone are answers, and "not done".
enum class Outcome : std::uint8_t { kDone, kNotDone, kUnknown };
Outcome outcome(const Result& result);

std::string_view to_text(ErrorKind kind);
// The line that an operator would have typed: "etcdctl member remove 8e9e05c52164694d".
std::string as_etcdctl(const Call& call);

}  // namespace fluxpg::etcd
