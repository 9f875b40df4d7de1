// The simulated cluster as scenarios see it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "simulation/scenario/world.hpp"
#include "simulation/sim/simulation.hpp"

namespace fluxpg::simulation {

// Must outlive the last run of the simulation.
class ScenarioWorld : public scenario::World {
 public:
  using Node = scenario::Node;
  // The scenario begins now.
  explicit ScenarioWorld(Simulation& sim);
  // Whoever was a voter is remembered; to be called before anything is asked.
  void observe();

  Duration now() const override { return sim_.now() - began_; }
  std::size_t nodes() const override { return sim_.hosts(); }
  std::string name(Node node) const override { return sim_.host(node).name; }
  std::size_t clusters() const override { return clusters_; }
  std::size_t voters() const override { return sim_.voters(); }
  std::size_t members() const override { return sim_.cluster() == nullptr ? 0 : sim_.cluster()->members.size(); }
  std::size_t removals() const override { return counted("eviction"); }
  bool writable() const override { return sim_.writable(); }
  bool runs(Node node) const override { return sim_.host(node).daemon != nullptr && !sim_.host(node).stopped; }
  bool works(Node node) const override { return sim_.works(node); }
  bool is_voter(Node node) const override { return sim_.is_voter(node); }
  bool is_member(Node node) const override { return sim_.is_member(node); }
  bool evicted(Node node) const override;
  bool keeps_its_data(Node node) const override { return sim_.etcd().identity(node) == data_.at(node); }
  bool keeps_its_database(Node node) const override { return sim_.host(node).system_id == databases_.at(node); }
  std::optional<Node> postgres_leader() const override { return sim_.postgres_leader(); }
  bool runs_postgres(Node node) const override { return sim_.host(node).patroni; }
  std::optional<Node> remover() const override { return remover_; }
  std::optional<Node> leader() const override;
  std::optional<Node> victim() const override { return victim_; }
  bool decision_open() const override { return open_; }
  std::string last_rule() const override;
  scenario::Status status(Node node) const override;
  std::uint64_t happened(const std::string& event) const override;
  void carry_out(const scenario::Deed& deed) override;

 private:
  void listen_for(const std::string& prefix);
  std::uint64_t counted(const std::string& states) const;  // of all whose name begins so

  Simulation& sim_;
  TimePoint began_;
  std::vector<std::optional<std::pair<ClusterId, MemberId>>> data_;  // at the beginning
  std::vector<std::string> databases_;
  std::vector<std::optional<MemberId>> was_voter_;
  std::map<std::string, std::uint64_t> said_;  // by what agents say when it happens
  // as of so many commits
  std::uint64_t commits_ = ~std::uint64_t{0};
  std::size_t clusters_ = 0;
  std::optional<Node> remover_;
  std::optional<Node> victim_;
  bool open_ = false;
};

}  // namespace fluxpg::simulation
