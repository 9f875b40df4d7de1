// supervisord over its unix socket (XML-RPC): what its programs do, and start, stop, signal. Nothing here waits.
#pragma once

#include <functional>
#include <string>

#include "base/http/client.hpp"
#include "supervisor/runtime/supervisord_xml.hpp"

namespace fluxpg::runtime {

class Supervisord {
 public:
  using OnPrograms = std::function<void(Expected<Programs, RpcError>)>;
  using OnDone = std::function<void(Expected<bool, RpcError>)>;

  Supervisord(http::Client& client, std::string socket) : client_(client), socket_(std::move(socket)) {}

  void programs(OnPrograms done);
  // Answered as soon as supervisord has accepted it; already running is kAlreadyStarted, not running is kNotRunning.
  void start(const std::string& program, OnDone done);
  void stop(const std::string& program, OnDone done);
  void signal(const std::string& program, const std::string& signal, OnDone done);

 private:
  void ask(std::string body, std::function<void(Expected<std::string, RpcError>)> done);

  http::Client& client_;
  std::string socket_;
};

}  // namespace fluxpg::runtime
