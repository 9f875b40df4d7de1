// etcd says what went wrong in words; the gRPC code alone lumps "no leader" with "unhealthy cluster". The words are those of 3.4 and 3.5.
#include <array>

#include "etcdctl-adapter/codec.hpp"

namespace fluxpg::etcd {
namespace {

struct Words {
  std::string_view begin;
  ErrorKind kind;
};

// The first entry with which the message begins wins: "…learner member which is in sync…" stands before "…learner member".
constexpr std::array kWords{
    Words{"etcdserver: unhealthy cluster", ErrorKind::kUnhealthy},
    Words{"etcdserver: re-configuration failed due to not enough started members", ErrorKind::kNotEnoughStarted},
    Words{"etcdserver: member not found", ErrorKind::kNotFound},
    Words{"etcdserver: requested lease not found", ErrorKind::kNotFound},
    Words{"etcdserver: Peer URLs already exists", ErrorKind::kExists},
    Words{"etcdserver: member ID already exist", ErrorKind::kExists},
    Words{"etcdserver: too many learner members in cluster", ErrorKind::kTooManyLearners},
    Words{"etcdserver: can only promote a learner member which is in sync with leader", ErrorKind::kNotInSync},
    Words{"etcdserver: can only promote a learner member", ErrorKind::kNotLearner},
    Words{"etcdserver: rpc not supported for learner", ErrorKind::kLearner},
    Words{"etcdserver: given member URLs are invalid", ErrorKind::kRefused},
    Words{"etcdserver: not leader", ErrorKind::kRefused},
    Words{"etcdserver: mvcc: database space exceeded", ErrorKind::kNoSpace},
    Words{"etcdserver: no leader", ErrorKind::kNoLeader},
    Words{"etcdserver: leader changed", ErrorKind::kNoLeader},
    Words{"raft proposal dropped", ErrorKind::kNoLeader},
    Words{"etcdserver: request timed out", ErrorKind::kTimeout},  // also "…, possibly due to previous leader failure" and others
    Words{"context deadline exceeded", ErrorKind::kTimeout},
    Words{"context canceled", ErrorKind::kTimeout},
    Words{"etcdserver: server stopped", ErrorKind::kStopped},
    Words{"raft: stopped", ErrorKind::kStopped},
    Words{"transport is closing", ErrorKind::kStopped},
};

}  // namespace

ErrorKind refusal(std::string_view message, std::int64_t grpc_code) {
  for (const auto& words : kWords) {
    if (message.starts_with(words.begin)) return words.kind;
  }
  switch (grpc_code) {
    case 1:  // CANCELLED
    case 4:  // DEADLINE_EXCEEDED
      return ErrorKind::kTimeout;
    case 14:  // UNAVAILABLE
      return ErrorKind::kStopped;
    case 3:   // INVALID_ARGUMENT
    case 5:   // NOT_FOUND
    case 6:   // ALREADY_EXISTS
    case 7:   // PERMISSION_DENIED
    case 8:   // RESOURCE_EXHAUSTED
    case 9:   // FAILED_PRECONDITION
    case 11:  // OUT_OF_RANGE
    case 12:  // UNIMPLEMENTED
    case 16:  // UNAUTHENTICATED
      return ErrorKind::kRefused;
    default:  // UNKNOWN, INTERNAL, DATA_LOSS, a number we do not know: it may have been done
      return ErrorKind::kMalformed;
  }
}

}  // namespace fluxpg::etcd
