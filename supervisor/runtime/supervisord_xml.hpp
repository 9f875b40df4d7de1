// The bytes of supervisord's XML-RPC: calls out, answers in. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "supervisor/core/io.hpp"

namespace fluxpg::runtime {

// supervisord's own fault codes, as far as we act on them.
constexpr int kBadName = 10;
constexpr int kAlreadyStarted = 60;
constexpr int kNotRunning = 70;

struct RpcError {
  int fault = 0;  // supervisord's code; 0: no answer, or not one that is understood
  std::string message;
};

using Programs = std::map<std::string, supervisor::Process>;

std::string method_call(std::string_view method, const std::vector<std::string>& strings, bool with_wait_false);
Expected<Programs, RpcError> parse_programs(const std::string& body);  // answer of supervisor.getAllProcessInfo
Expected<bool, RpcError> parse_flag(const std::string& body);          // answer of startProcess, stopProcess, signalProcess

}  // namespace fluxpg::runtime
