// Start, stop, signal and look at etcd and Patroni: supervisord in the daemon, a stand-in in tests.
#pragma once

#include <functional>
#include <string>

#include "supervisor/runtime/supervisord_xml.hpp"

namespace fluxpg::runtime {

constexpr const char* kEtcdProgram = "etcd";
constexpr const char* kPatroniProgram = "patroni";

class ProcessControl {
 public:
  using OnPrograms = std::function<void(Expected<Programs, RpcError>)>;
  using OnDone = std::function<void(Expected<bool, RpcError>)>;

  virtual ~ProcessControl() = default;
  // Callbacks run later, never inside the call.
  virtual void programs(OnPrograms done) = 0;
  // Answered as soon as it is accepted; already running is kAlreadyStarted, not running is kNotRunning.
  virtual void start(const std::string& program, OnDone done) = 0;
  virtual void stop(const std::string& program, OnDone done) = 0;
  virtual void signal(const std::string& program, const std::string& signal, OnDone done) = 0;
};

}  // namespace fluxpg::runtime
