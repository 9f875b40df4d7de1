#include "supervisor/runtime/supervisord.hpp"

namespace fluxpg::runtime {

namespace {

constexpr std::size_t kMaxAnswer = 256 * 1024;
constexpr Duration kDeadline = seconds(3);

}  // namespace

void Supervisord::ask(std::string body, std::function<void(Expected<std::string, RpcError>)> done) {
  http::Request request;
  request.method = "POST";
  request.url = "http://localhost/RPC2";
  request.headers = {"Content-Type: text/xml"};
  request.body = std::move(body);
  request.deadline = kDeadline;
  request.max_body = kMaxAnswer;
  request.unix_socket = socket_;
  client_.start(std::move(request), [done = std::move(done), socket = socket_](http::Result result) {
    if (!result) return done(unexpected(RpcError{0, "supervisord does not answer on " + socket + "."}));
    if (result->status != 200) return done(unexpected(RpcError{0, "supervisord answers HTTP " + std::to_string(result->status) + "."}));
    done(std::move(result->body));
  });
}

void Supervisord::programs(OnPrograms done) {
  ask(method_call("getAllProcessInfo", {}, false), [done = std::move(done)](Expected<std::string, RpcError> body) {
    done(body ? parse_programs(*body) : Expected<Programs, RpcError>(unexpected(body.error())));
  });
}

namespace {

std::function<void(Expected<std::string, RpcError>)> as_flag(Supervisord::OnDone done) {
  return [done = std::move(done)](Expected<std::string, RpcError> body) {
    done(body ? parse_flag(*body) : Expected<bool, RpcError>(unexpected(body.error())));
  };
}

}  // namespace

void Supervisord::start(const std::string& program, OnDone done) {
  ask(method_call("startProcess", {program}, true), as_flag(std::move(done)));
}
void Supervisord::stop(const std::string& program, OnDone done) {
  ask(method_call("stopProcess", {program}, true), as_flag(std::move(done)));
}
void Supervisord::signal(const std::string& program, const std::string& signal, OnDone done) {
  ask(method_call("signalProcess", {program, signal}, false), as_flag(std::move(done)));
}

}  // namespace fluxpg::runtime
