// What a scenario can see of a running cluster and do to it: the simulator and the container harness each implement this.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace fluxpg::scenario {

using Node = std::size_t;  // from 0 on, spares last

// What a node says about itself and the others.
struct Status {
  std::string health;     // "healthy", "degraded", "majority_lost"
  std::string evictions;  // "enforce", "shadow", "paused"
  std::size_t voters_live = 0;
  std::vector<std::string> sentences;  // problems, and what it waits for
};

// A fault with its nodes found.
struct Deed {
  std::string fault;
  std::vector<Node> on;
  std::vector<Node> to;
  std::optional<Duration> lasts;
  std::optional<std::size_t> backend;
};

class World {
 public:
  virtual ~World() = default;
  virtual Duration now() const = 0;  // since the scenario began
  virtual std::size_t nodes() const = 0;
  virtual std::string name(Node node) const = 0;

  // ---- what is so: etcd and the processes are asked, not the daemons ----
  virtual std::size_t clusters() const = 0;  // founded, ever
  virtual std::size_t voters() const = 0;
  virtual std::size_t members() const = 0;
  virtual std::size_t removals() const = 0;  // of voters, ever
  virtual bool writable() const = 0;
  virtual bool runs(Node node) const = 0;   // its daemon does
  virtual bool works(Node node) const = 0;  // up, and its etcd follows a leader
  virtual bool is_voter(Node node) const = 0;
  virtual bool is_member(Node node) const = 0;
  virtual bool evicted(Node node) const = 0;             // it was a voter, and that member id is gone
  virtual bool keeps_its_data(Node node) const = 0;      // its etcd data is that of the start
  virtual bool keeps_its_database(Node node) const = 0;  // its PostgreSQL data is of the database that it had at the start
  virtual bool runs_postgres(Node node) const = 0;
  virtual std::optional<Node> postgres_leader() const = 0;  // whose PostgreSQL led first since etcd's data was made
  virtual std::optional<Node> remover() const = 0;
  virtual std::optional<Node> leader() const = 0;
  virtual std::optional<Node> victim() const = 0;  // of the open decision, if it is a removal
  virtual bool decision_open() const = 0;
  virtual std::string last_rule() const = 0;   // of the last removal that was done
  virtual Status status(Node node) const = 0;  // of a node that runs
  // How often an event (see observations.hpp) has happened.
  virtual std::uint64_t happened(const std::string& event) const = 0;

  virtual void carry_out(const Deed& deed) = 0;
};

}  // namespace fluxpg::scenario
