#include "simulation/sim/scenario_world.hpp"

#include <algorithm>

#include "simulation/sim/scenario_faults.hpp"

namespace fluxpg::simulation {

ScenarioWorld::ScenarioWorld(Simulation& sim) : sim_(sim), began_(sim.now()), was_voter_(sim.hosts()) {
  for (Node node = 0; node < sim.hosts(); ++node) data_.push_back(sim.etcd().identity(node));
  observe();
}

void ScenarioWorld::observe() {
  if (sim_.etcd().commits() == commits_) return;
  commits_ = sim_.etcd().commits();
  const std::string& app = sim_.host(0).persistent.app;
  clusters_ =
      static_cast<std::size_t>(std::count_if(sim_.etcd().clusters().begin(), sim_.etcd().clusters().end(),
                                             [&app](const auto& entry) { return entry.second.keys.count(record::founded_key(app)) > 0; }));
  remover_.reset(), victim_.reset(), open_ = false;
  const etcd_model::Cluster* cluster = sim_.cluster();
  if (cluster == nullptr) return;
  if (const auto key = cluster->keys.find(record::remover_key(app)); key != cluster->keys.end()) {
    const auto holder = record::remover_from_json(key->second.value);
    for (Node node = 0; holder && node < sim_.hosts(); ++node) {
      if (sim_.host(node).signing->id() == holder->node) remover_ = node;
    }
  }
  if (const auto key = cluster->keys.find(record::record_key(app)); key != cluster->keys.end()) {
    const auto decision = record::record_from_json(key->second.value);
    open_ = decision && decision->open();
    if (open_ && decision->change.kind == record::Kind::kRemove) victim_ = sim_.etcd().host_of(cluster->id, decision->change.member);
  }
  for (Node node = 0; node < sim_.hosts(); ++node) {
    if (sim_.is_voter(node)) was_voter_[node] = sim_.etcd().identity(node)->second;
  }
}

bool ScenarioWorld::evicted(Node node) const {
  return was_voter_[node] && sim_.cluster() != nullptr && sim_.cluster()->find(*was_voter_[node]) == nullptr;
}

std::optional<scenario::Node> ScenarioWorld::leader() const {
  const std::size_t host = sim_.leader_host();
  return host == sim_.hosts() ? std::nullopt : std::optional(host);
}

std::string ScenarioWorld::last_rule() const {
  std::string rule;
  for (const record::Record& entry : sim_.history()) {
    if (entry.change.kind == record::Kind::kRemove && entry.outcome == "done") rule = entry.change.rule;
  }
  return rule;
}

scenario::Status ScenarioWorld::status(Node node) const {
  const supervisor::Snapshot seen = sim_.snapshot(node);
  scenario::Status out;
  switch (seen.health) {
    case supervisor::Health::kHealthy:
      out.health = "healthy";
      break;
    case supervisor::Health::kDegraded:
      out.health = "degraded";
      break;
    case supervisor::Health::kMajorityLost:
      out.health = "majority_lost";
      break;
  }
  out.evictions = seen.evictions;
  out.voters_live = seen.voters_live;
  out.sentences = seen.problems;
  for (const supervisor::Doing& doing : seen.doing)
    out.sentences.push_back(doing.what + (doing.waits_for.empty() ? "" : " waits for: " + doing.waits_for));
  return out;
}

std::uint64_t ScenarioWorld::counted(const std::string& what) const {
  const auto found = sim_.counts().find(what);
  return found == sim_.counts().end() ? 0 : found->second;
}

std::uint64_t ScenarioWorld::happened(const std::string& event) const {
  static const std::map<std::string, std::vector<std::string>> kCounts = {
      {"decided", {"said: decided: "}},
      {"member_remove_called", {"said: calling: etcdctl member remove"}},
      {"learner_add_called", {"said: calling: etcdctl member add"}},
      {"promote_called", {"said: calling: etcdctl member promote"}},
      {"done", {"said: closed as done"}},
      {"refuted", {"said: closed as refuted"}},
      {"voided", {"said: closed as void"}},
      {"remover_elected", {"said: this node is the remover now"}},
      {"remover_resigned", {"said: lost the remover key", "said: gave up the remover key"}},
      {"founding_proposed", {"said: proposing to found"}},
      {"founding_promised", {"said: promised founding"}},
      {"vote_sent", {"sent: a vote"}},
      {"veto_sent", {"sent: a veto"}},
  };
  std::uint64_t sum = 0;
  for (const std::string& what : kCounts.at(event)) sum += counted(what);
  return sum;
}

void ScenarioWorld::carry_out(const scenario::Deed& deed) { simulation::carry_out(sim_, deed); }

}  // namespace fluxpg::simulation
