#include "simulation/sim/scenario_world.hpp"

#include <algorithm>

#include "simulation/sim/scenario_faults.hpp"

namespace fluxpg::simulation {

namespace {

// Event: what an agent says when it happens.
const std::map<std::string, std::vector<std::string>>& prefixes() {
  static const std::map<std::string, std::vector<std::string>> kPrefixes = {
      {"decided", {"decided: "}},
      {"member_remove_called", {"calling: etcdctl member remove"}},
      {"learner_add_called", {"calling: etcdctl member add"}},
      {"promote_called", {"calling: etcdctl member promote"}},
      {"done", {"closed as done"}},
      {"refuted", {"closed as refuted"}},
      {"voided", {"closed as void"}},
      {"remover_elected", {"this node is the remover now"}},
      {"remover_resigned", {"lost the remover key", "gave up the remover key"}},
      {"founding_proposed", {"proposing to found"}},
      {"founding_promised", {"promised founding"}},
  };
  return kPrefixes;
}

}  // namespace

ScenarioWorld::ScenarioWorld(Simulation& sim) : sim_(sim), began_(sim.now()), was_voter_(sim.hosts()) {
  for (Node node = 0; node < sim.hosts(); ++node) {
    data_.push_back(sim.etcd().identity(node));
    databases_.push_back(sim.host(node).system_id);
  }
  for (const auto& [event, said] : prefixes()) {
    for (const std::string& prefix : said) listen_for(prefix);
  }
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

void ScenarioWorld::listen_for(const std::string& prefix) {
  sim_.when_said(prefix, std::chrono::hours(100'000), [this, prefix](std::size_t) {
    ++said_[prefix];
    listen_for(prefix);
  });
}

std::uint64_t ScenarioWorld::counted(const std::string& states) const {
  std::uint64_t sum = 0;
  const auto& reached = sim_.states().reached();
  for (auto state = reached.lower_bound(states); state != reached.end() && state->first.rfind(states, 0) == 0; ++state)
    sum += state->second;
  return sum;
}

std::uint64_t ScenarioWorld::happened(const std::string& event) const {
  if (event == "veto_sent") return counted("veto: ");
  if (event == "vote_sent") return counted("veto: ") + counted("dead ") + counted("abstention: ");
  std::uint64_t sum = 0;
  for (const std::string& prefix : prefixes().at(event)) {
    const auto said = said_.find(prefix);
    sum += said == said_.end() ? 0 : said->second;
  }
  return sum;
}

void ScenarioWorld::carry_out(const scenario::Deed& deed) { simulation::carry_out(sim_, deed); }

}  // namespace fluxpg::simulation
