// PostgreSQL's primary role is handed to another node, by Patroni's own switchover; for a node that leaves.
#pragma once

#include <optional>
#include <string>

#include "supervisor/runtime/context.hpp"
#include "supervisor/runtime/node_files.hpp"

namespace fluxpg::runtime {

class Switchover {
 public:
  Switchover(const Context& context, const ClusterKeys& keys, const Self& self) : context_(context), keys_(keys), self_(self) {}
  // The answer is fed to the agent. A second one while the first is under way is the same one.
  void begin();

 private:
  void choose(const http::Result& result);
  void ask(const std::string& candidate);
  void end(supervisor::SwitchoverAnswered::Outcome outcome, std::string text);
  std::string url(const char* path) const;

  const Context& context_;
  const ClusterKeys& keys_;
  const Self& self_;
  bool busy_ = false;
};

// Who of Patroni's GET /cluster should take over from `leader`: a replica that runs, with the least lag, 16 MiB at most. nullopt: nobody.
std::optional<std::string> switchover_candidate(const std::string& body, const std::string& leader);
// The header that Patroni's changing REST calls ask for.
std::string basic_auth(const std::string& user, const std::string& password);

}  // namespace fluxpg::runtime
