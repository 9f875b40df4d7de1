// The one composition: gossip, verdict, planner and remover as a single value. The daemon and the simulator call nothing else.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "base/signing.hpp"
#include "discovery/listing.hpp"
#include "gossip/core/config.hpp"
#include "supervisor/core/io.hpp"
#include "supervisor/core/rules.hpp"
#include "supervisor/core/snapshot.hpp"

namespace fluxpg::supervisor {

struct AgentConfig {
  std::string app;
  std::string version;
  std::string name;           // node name, for people
  std::string address;        // own IPv4 address as peers reach it
  gossip::Ports ports;        // as peers reach them
  std::string local_address;  // of the interface our own etcd listens on (own public addresses are often unreachable from inside)
  std::int64_t etcd_quota = std::int64_t{2} << 30;  // of etcd's database, in bytes
  bool shadow = false;                              // EVICTIONS=shadow
  bool runs_patroni = true;
  Rules rules;
  gossip::Config gossip;
  discovery::ListingConfig listing;
  std::uint64_t seed = 1;
};

class Agent {
 public:
  // `signing` must outlive the agent. `persistent` is what was last persisted, or default-made with `app` set.
  Agent(AgentConfig config, const Signing& signing, Persistent persistent, const Now& now);
  ~Agent();
  Agent(Agent&&) noexcept;
  Agent& operator=(Agent&&) noexcept;

  Actions handle(const Now& now, const Input& input);
  // When handle(Tick) is due. Being called late is evidence of our own ill health.
  TimePoint next_deadline() const;
  Snapshot snapshot(const Now& now) const;
  bool misses_a_voter() const;  // so the listing is worth asking about more often
  bool stopped() const;         // a requested stop has been announced; the runtime may exit

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fluxpg::supervisor
