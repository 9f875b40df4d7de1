// What an operator must see before `recover`: every copy that is left, how far it goes, who is missing, and what would be done.
#include <nlohmann/json.hpp>

#include "supervisor/report/text.hpp"

namespace fluxpg::report {
namespace {

using Json = nlohmann::ordered_json;
using supervisor::LostVoter;
using supervisor::MajorityLoss;
using supervisor::Survivor;

std::string item(const std::string& text, const TextOptions& options) {
  return "  - " + wrapped(printable(text), options.width > 28 ? options.width - 4 : 24, 4) + "\n";
}

// As PostgreSQL writes it: "0/3000060".
std::string lsn(std::uint64_t value) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%llX/%llX", static_cast<unsigned long long>(value >> 32),
                static_cast<unsigned long long>(value & 0xffffffffU));
  return buffer;
}

std::string postgres(const Survivor& s) {
  return s.postgres ? "timeline " + std::to_string(s.postgres->timeline) + ", " + lsn(s.postgres->lsn) : "no answer";
}

std::string survivors(const MajorityLoss& loss, const TextOptions& options) {
  Table table({"NAME", "CLUSTER", "ETCD APPLIED", "TERM", "POSTGRES", "DATA"});
  const Survivor* best = supervisor::most_advanced(loss);
  for (const Survivor& s : loss.survivors) {
    std::string data = s.data + (s.voter ? ", voter of the lost cluster" : "") + (s.self ? ", this node" : "");
    if (&s == best) data += ", the most advanced";
    table.add({s.name, s.cluster ? to_text(s.cluster) : "-", s.raft_index ? std::to_string(*s.raft_index) : "no answer",
               s.raft_index ? std::to_string(s.raft_term) : "-", postgres(s), data});
  }
  return table.text(options);
}

Json survivor(const Survivor& s) {
  Json json = {{"node_id", to_text(s.node)},
               {"name", s.name},
               {"address", s.address},
               {"self", s.self},
               {"cluster_id", s.cluster ? Json(to_text(s.cluster)) : Json(nullptr)},
               {"voter", s.voter},
               {"data", s.data},
               {"raft_index", s.raft_index ? Json(*s.raft_index) : Json(nullptr)},
               {"raft_term", s.raft_index ? Json(s.raft_term) : Json(nullptr)}};
  json["postgres"] = nullptr;
  if (s.postgres) json["postgres"] = {{"role", s.postgres->role}, {"timeline", s.postgres->timeline}, {"lsn", lsn(s.postgres->lsn)}};
  return json;
}

Json loss(const MajorityLoss& loss) {
  Json lost = Json::array();
  for (const LostVoter& v : loss.lost) {
    lost.push_back({{"member_id", to_text(v.member)},
                    {"node_id", v.node ? Json(to_text(v.node)) : Json(nullptr)},
                    {"name", v.name},
                    {"address", v.address},
                    {"since", v.since},
                    {"listed", v.listed == "unknown" ? Json(nullptr) : Json(v.listed == "listed")},
                    {"may_live", v.may_live.empty() ? Json(nullptr) : Json(v.may_live)}});
  }
  Json survivors = Json::array();
  for (const Survivor& s : loss.survivors) survivors.push_back(survivor(s));
  const Survivor* best = supervisor::most_advanced(loss);
  return {{"cluster_id", to_text(loss.cluster)},
          {"voters", loss.voters},
          {"needed", loss.needed},
          {"live", loss.live},
          {"unsure", loss.unsure.empty() ? Json(nullptr) : Json(loss.unsure)},
          {"cure", loss.cure},
          {"lost", std::move(lost)},
          {"survivors", std::move(survivors)},
          {"most_advanced", best == nullptr ? Json(nullptr) : Json(to_text(best->node))}};
}

}  // namespace

std::string loss_json(const MajorityLoss& lost) { return loss(lost).dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string recover_json(const Snapshot& s, const std::string& obstacle) {
  const Json json = {{"app", s.app},
                     {"refused", obstacle.empty() ? Json(nullptr) : Json(obstacle)},
                     {"majority_loss", s.loss ? loss(*s.loss) : Json(nullptr)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string recover_text(const Snapshot& s, const std::string& obstacle, const TextOptions& options) {
  if (!s.loss) return obstacle + "\n";
  std::string text = printable(s.app) + ": etcd cluster " + to_text(s.loss->cluster) + " has lost its majority, " +
                     std::to_string(s.loss->live) + " of " + std::to_string(s.loss->voters) + " voters answer, " +
                     std::to_string(s.loss->needed) + " are needed\n";
  text += "\nLost\n";
  for (const LostVoter& v : s.loss->lost) {
    const std::string listed = v.listed == "unknown" ? "listing unknown" : v.listed;
    text += item(supervisor::named(v) + ": " + v.since + "; " + listed + (v.may_live.empty() ? "" : "; " + v.may_live), options);
  }
  if (!s.loss->unsure.empty()) text += item(s.loss->unsure, options);
  text += "\nWhat is left\n" + survivors(*s.loss, options) + "\nWithout `recover`\n" + item(s.loss->cure, options);
  text += "\nWhat `recover` would do\n";
  for (const char* step : {"take a snapshot of this node's etcd, and set its data directory aside (renamed, never deleted)",
                           "restore the snapshot under a new random token, with this node as the only voter: a new cluster id",
                           "PostgreSQL goes on from the copies that are left; what only the lost nodes had is gone",
                           "nodes with data of the old cluster set it aside and join, if they are fewer than its majority"}) {
    text += item(step, options);
  }
  return text + "\n" +
         (obstacle.empty() ? "To do it: fluxpgctl recover --app " + printable(s.app) : wrapped(printable(obstacle), options.width, 0)) +
         "\n";
}

}  // namespace fluxpg::report
