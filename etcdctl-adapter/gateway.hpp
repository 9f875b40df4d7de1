// Calls to an HTTP request for etcd's JSON gateway, and its response back to an answer. Pure; who sends it is the caller's business.
#pragma once

#include <functional>
#include <string>

#include "base/http/client.hpp"
#include "etcdctl-adapter/types.hpp"

namespace fluxpg::etcd {

// Where a member is asked: "http://127.0.0.1:2379" or "https://n-…:2379", with how to get there.
struct Access {
  std::string base_url;
  std::string resolve_to;  // see http::Request
  std::optional<http::Tls> tls;
};

// Sends the call (for ListMembers{linearizable} two requests, one after the other: see types.hpp) and answers exactly once, within the
// deadline, through `done`, which runs inside client.drive().
void ask(http::Client& client, const Access& access, const Call& call, Duration deadline, std::function<void(Result)> done);

}  // namespace fluxpg::etcd
