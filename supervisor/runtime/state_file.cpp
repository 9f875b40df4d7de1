#include "supervisor/runtime/state_file.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/check.hpp"

namespace fluxpg::runtime {

namespace {

using nlohmann::json;

constexpr int kFormat = 1;

json to_json(const verdict::FoundingPlan& plan) {
  json founders = json::array();
  for (const auto& f : plan.founders) founders.push_back({{"node", to_text(f.node)}, {"name", f.name}, {"peer_url", f.peer_url}});
  json database = nullptr;
  if (const auto& copy = plan.database) {
    database = {{"system_id", copy->system_id}, {"node", to_text(copy->node)}, {"timeline", copy->timeline}, {"lsn", copy->lsn}};
  }
  return {{"round", plan.round},  {"proposer", to_text(plan.proposer)},
          {"token", plan.token},  {"counted", plan.counted},
          {"founders", founders}, {"database", database}};
}

NodeId node_from(const json& value) {
  const auto id = bytes_from_text<NodeId>(value.get<std::string>());
  if (!id) throw std::invalid_argument("a node id is not 64 hex digits");
  return *id;
}

std::uint64_t hex_from(const json& value) {
  const auto number = number_from_hex(value.get<std::string>());
  if (!number) throw std::invalid_argument("an etcd id is not hex");
  return *number;
}

verdict::FoundingPlan plan_from(const json& value) {
  verdict::FoundingPlan plan;
  plan.round = value.at("round").get<std::uint64_t>();
  plan.proposer = node_from(value.at("proposer"));
  plan.token = value.at("token").get<std::string>();
  plan.counted = value.at("counted").get<std::uint32_t>();
  for (const auto& f : value.at("founders")) {
    plan.founders.push_back({node_from(f.at("node")), f.at("name").get<std::string>(), f.at("peer_url").get<std::string>()});
  }
  if (const json copy = value.value("database", json()); !copy.is_null()) {  // absent in what an earlier version wrote
    plan.database = verdict::DatabaseCopy{copy.at("system_id").get<std::string>(), node_from(copy.at("node")),
                                          copy.at("timeline").get<std::uint32_t>(), copy.at("lsn").get<std::uint64_t>()};
  }
  return plan;
}

const char* stage_text(supervisor::Departure::Stage stage) {
  using Stage = supervisor::Departure::Stage;
  switch (stage) {
    case Stage::kHandsOver:
      return "hands-over";
    case Stage::kConsents:
      return "consents";
    case Stage::kLeft:
      return "left";
  }
  CHECK(false);
}

supervisor::Departure::Stage stage_from(const std::string& text) {
  using Stage = supervisor::Departure::Stage;
  for (const Stage stage : {Stage::kHandsOver, Stage::kConsents, Stage::kLeft}) {
    if (text == stage_text(stage)) return stage;
  }
  throw std::invalid_argument("the stage of a leave is none");
}

// Absent in what an earlier version wrote.
void read_recovery(const json& value, supervisor::Persistent& state) {
  if (value.contains("outlived")) state.outlived.value = hex_from(value.at("outlived"));
  for (const auto& v : value.value("voters", json::array())) {
    state.voters.push_back({MemberId{hex_from(v.at("member"))}, node_from(v.at("node")), v.at("name").get<std::string>(),
                            v.at("address").get<std::string>(), v.at("silent_since_ms").get<std::int64_t>(), v.value("uncertain", false)});
  }
  for (const auto& l : value.value("learners", json::array())) {
    state.learners.push_back({MemberId{hex_from(l.at("member"))}, node_from(l.at("node")), l.at("name").get<std::string>()});
  }
  const json recovery = value.value("recovery", json());
  if (recovery.is_null()) return;
  auto given_up = record::superseded_from_json(recovery.at("given_up").get<std::string>());
  if (!given_up) throw std::invalid_argument("recovery: " + given_up.error());
  state.recovery = supervisor::Recovery{std::move(*given_up), recovery.at("token").get<std::string>(), recovery.at("restored").get<bool>(),
                                        recovery.at("done").get<bool>()};
}

}  // namespace

std::string state_to_json(const supervisor::Persistent& state) {
  json value = {{"format", kFormat},
                {"app", state.app},
                {"incarnation_limit", state.incarnation_limit.value},
                {"promised", nullptr},
                {"started_token", state.started_token},
                {"given_up_token", state.given_up_token},
                {"chosen", state.chosen},
                {"cluster", to_text(state.cluster)},
                {"member", to_text(state.member)},
                {"peers", json::array()}};
  for (const supervisor::Peer& peer : state.peers) {
    value["peers"].push_back({{"node", to_text(peer.id)}, {"address", peer.address}, {"gossip_port", peer.gossip_port}});
  }
  if (state.leave) value["leave"] = {{"stage", stage_text(state.leave->stage)}, {"since_ms", state.leave->since_ms}};
  value["outlived"] = to_text(state.outlived);
  value["voters"] = json::array();
  for (const supervisor::KnownVoter& voter : state.voters) {
    value["voters"].push_back({{"member", to_text(voter.member)},
                               {"node", to_text(voter.node)},
                               {"name", voter.name},
                               {"address", voter.address},
                               {"silent_since_ms", voter.silent_since_ms}});
    if (voter.uncertain) value["voters"].back()["uncertain"] = true;
  }
  value["learners"] = json::array();
  for (const supervisor::KnownLearner& learner : state.learners) {
    value["learners"].push_back({{"member", to_text(learner.member)}, {"node", to_text(learner.node)}, {"name", learner.name}});
  }
  value["recovery"] = nullptr;
  if (state.recovery) {
    value["recovery"] = {{"given_up", record::to_json(state.recovery->given_up)},
                         {"token", state.recovery->token},
                         {"restored", state.recovery->restored},
                         {"done", state.recovery->done}};
  }
  if (state.promised) value["promised"] = to_json(*state.promised);
  return value.dump(1) + "\n";
}

Expected<supervisor::Persistent, std::string> state_from_json(const std::string& text, const std::string& path, const std::string& app) {
  const auto refuse = [&](const std::string& why) {
    return unexpected(path + " holds this node's promises and " + why + "; it is left as it is, and fluxpgd does not start.");
  };
  try {
    const json value = json::parse(text);
    const int format = value.at("format").get<int>();
    if (format > kFormat)
      return refuse("was written by a newer fluxpg (format " + std::to_string(format) + ", known: " + std::to_string(kFormat) + ")");
    if (format != kFormat) return refuse("has the unknown format " + std::to_string(format));
    supervisor::Persistent state;
    state.app = value.at("app").get<std::string>();
    if (state.app != app) return refuse("belongs to the app \"" + state.app + "\", not to \"" + app + "\"");
    state.incarnation_limit.value = value.at("incarnation_limit").get<std::uint64_t>();
    if (!value.at("promised").is_null()) state.promised = plan_from(value.at("promised"));
    state.started_token = value.at("started_token").get<std::string>();
    state.given_up_token = value.value("given_up_token", "");
    state.chosen = value.at("chosen").get<bool>();
    state.cluster.value = hex_from(value.at("cluster"));
    state.member.value = hex_from(value.at("member"));
    for (const auto& peer : value.value("peers", json::array())) {
      const auto port = peer.at("gossip_port").get<std::uint64_t>();
      if (port == 0 || port > 65535) throw std::invalid_argument("a peer's gossip port is not 1 to 65535");
      state.peers.push_back({node_from(peer.at("node")), peer.at("address").get<std::string>(), static_cast<std::uint16_t>(port)});
    }
    if (value.contains("leave")) {
      state.leave = supervisor::Departure{stage_from(value["leave"].at("stage").get<std::string>()),
                                          value["leave"].at("since_ms").get<std::int64_t>()};
    }
    read_recovery(value, state);
    return state;
  } catch (const json::parse_error&) {
    return refuse("is not complete JSON");
  } catch (const std::exception& e) {
    return refuse(std::string("cannot be understood (") + e.what() + ")");
  }
}

Expected<supervisor::Persistent, std::string> load_state(const std::string& path, const std::string& app) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) {
    supervisor::Persistent fresh;
    fresh.app = app;
    return fresh;
  }
  const auto text = read_file(path);
  if (!text) return unexpected(text.error());
  return state_from_json(*text, path, app);
}

Done save_state(const std::string& path, const supervisor::Persistent& state) { return write_atomically(path, state_to_json(state), 0600); }

}  // namespace fluxpg::runtime
