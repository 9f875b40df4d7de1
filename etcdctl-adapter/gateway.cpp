#include "etcdctl-adapter/gateway.hpp"

#include "etcdctl-adapter/codec.hpp"

namespace fluxpg::etcd {
namespace {

using Done = std::function<void(Result, Duration took)>;

// 2,000 keys with certificates in their values; everything else is small.
constexpr std::size_t kMaxRangeBody = 16 << 20;
// Read before a member list, so that the list is as new as the read: any key serves, this one does not exist.
constexpr const char* kReadBarrierKey = "fluxpg-read-barrier";

Error error_of(const http::Error& error, const std::string& url) {
  const std::string message = url + ": " + error.message;
  if (!error.sent) return {ErrorKind::kUnreachable, message};
  switch (error.kind) {
    case http::ErrorKind::kTooLarge:
      return {ErrorKind::kMalformed, message};
    case http::ErrorKind::kUnreachable:
    case http::ErrorKind::kTls:
    case http::ErrorKind::kTimeout:
    case http::ErrorKind::kBroken:
      return {ErrorKind::kTimeout, message};  // it went out, and no answer came: it may have been done
  }
  return {ErrorKind::kTimeout, message};
}

void ask_once(http::Client& client, const Access& access, const Call& call, Duration deadline, Done done) {
  Question question = encode(call);
  http::Request request;
  request.method = "POST";
  request.url = access.base_url + question.path;
  request.headers = {"Content-Type: application/json"};
  request.body = std::move(question.body);
  request.deadline = deadline;
  if (std::holds_alternative<Range>(call)) request.max_body = kMaxRangeBody;
  request.resolve_to = access.resolve_to;
  request.tls = access.tls;
  const std::string url = request.url;
  client.start(std::move(request), [call, url, done = std::move(done)](http::Result result) {
    if (!result) return done(unexpected(error_of(result.error(), url)), result.error().took);
    done(decode(call, result->status, result->body), result->took);
  });
}

// Both answers must come from one member: behind a name there may be several, and the barrier holds only for the one that was read.
Result from_same_member(const RangeResult& barrier, Result list) {
  if (!list || std::get<MemberList>(*list).header.member == barrier.header.member) return list;
  return unexpected(Error{ErrorKind::kMalformed, "two members answered under one address, allowed is one"});
}

void list_linearizable(http::Client& client, const Access& access, const Call& call, Duration deadline, std::function<void(Result)> done) {
  const auto then = [&client, access, call, deadline, done = std::move(done)](Result read, Duration took) {
    if (!read) return done(std::move(read));
    if (took >= deadline) return done(unexpected(Error{ErrorKind::kTimeout, "no time left for the member list"}));
    const auto& barrier = std::get<RangeResult>(*read);
    ask_once(client, access, call, deadline - took,
             [barrier, done](Result list, Duration) { done(from_same_member(barrier, std::move(list))); });
  };
  Range barrier;
  barrier.key = kReadBarrierKey;
  ask_once(client, access, barrier, deadline, then);
}

}  // namespace

void ask(http::Client& client, const Access& access, const Call& call, Duration deadline, std::function<void(Result)> done) {
  const auto* list = std::get_if<ListMembers>(&call);
  if (list != nullptr && list->linearizable) return list_linearizable(client, access, call, deadline, std::move(done));
  ask_once(client, access, call, deadline, [done = std::move(done)](Result result, Duration) { done(std::move(result)); });
}

}  // namespace fluxpg::etcd
