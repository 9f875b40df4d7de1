// supervisord over its unix socket (XML-RPC). Nothing here waits.
#pragma once

#include <string>

#include "base/http/client.hpp"
#include "supervisor/runtime/process_control.hpp"

namespace fluxpg::runtime {

class Supervisord final : public ProcessControl {
 public:
  Supervisord(http::Client& client, std::string socket) : client_(client), socket_(std::move(socket)) {}

  void programs(OnPrograms done) override;
  void start(const std::string& program, OnDone done) override;
  void stop(const std::string& program, OnDone done) override;
  void signal(const std::string& program, const std::string& signal, OnDone done) override;

 private:
  void ask(std::string body, std::function<void(Expected<std::string, RpcError>)> done);

  http::Client& client_;
  std::string socket_;
};

}  // namespace fluxpg::runtime
