// Calls to the JSON of etcd's gateway, and its JSON back to answers. Pure: no connection, no clock.
#pragma once

#include <string>
#include <string_view>

#include "etcdctl-adapter/types.hpp"

namespace fluxpg::etcd {

// What a Range with limit 0 is bounded by: the longest list we keep (the history, 1,000) with room to spare.
constexpr std::int64_t kDefaultRangeLimit = 2000;

struct Question {
  std::string path;  // "/v3/kv/txn"
  std::string body;
};
Question encode(const Call& call);

// What the answer to this call means. Everything that etcd does not document is kMalformed, with the field, what was seen and what is
// allowed in one sentence.
Result decode(const Call& call, int http_status, std::string_view body);

// etcd's own words (and their gRPC code, where the words are new to us) as one of our kinds.
ErrorKind refusal(std::string_view message, std::int64_t grpc_code);

}  // namespace fluxpg::etcd
