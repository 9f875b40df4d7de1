// Looks regularly at the two processes, at the disk and at Patroni, and tells the agent what changed.
#pragma once

#include <optional>
#include <string>

#include "supervisor/runtime/context.hpp"
#include "supervisor/runtime/process_control.hpp"

namespace fluxpg::runtime {

class Probes {
 public:
  // `listen`: the interface's address, on which etcd ought to listen.
  Probes(const Context& context, ProcessControl& control, const std::string& listen);
  void start();
  // Why the processes cannot be seen; empty if they can.
  const std::string& trouble() const { return trouble_.sentence(); }
  const std::string& aside_trouble() const { return aside_trouble_.sentence(); }

 private:
  void look_at_processes();
  void look_at_patroni();
  void look_aside();
  void processes_seen(const Expected<Programs, RpcError>& programs);
  void patroni_seen(const http::Result& result);

  const Context& context_;
  ProcessControl& control_;
  const std::string& listen_;
  Trouble trouble_;
  Trouble aside_trouble_;  // too many old directories
  TimePoint aside_at_{};
  bool patroni_runs_ = false;
  bool patroni_is_down_ = false;  // then nobody writes to PostgreSQL's log
  std::optional<supervisor::ProcessesSeen> processes_;
  TimePoint processes_told_{};
  std::optional<supervisor::PostgresSeen> postgres_;
  TimePoint postgres_told_{};
};

// What Patroni's GET /patroni says: role "primary" or "replica" only while PostgreSQL runs, and the system identifier.
supervisor::PostgresSeen postgres_from_patroni(const std::string& body);

// … and how far its data goes; nullopt if it does not say.
std::optional<supervisor::PostgresPlace> place_from_patroni(const std::string& body);

}  // namespace fluxpg::runtime
