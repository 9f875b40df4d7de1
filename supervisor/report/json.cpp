// The same facts for programs; the only file here that knows nlohmann/json.
#include <nlohmann/json.hpp>

#include "base/check.hpp"
#include "supervisor/report/certificate.hpp"
#include "supervisor/report/decision.hpp"
#include "supervisor/report/text.hpp"

namespace fluxpg::report {
namespace {

using Json = nlohmann::ordered_json;

// None is null.
template <class Id>
Json id(const Id& value) {
  return value ? Json(to_text(value)) : Json(nullptr);
}

Json when(std::int64_t unix_ms) { return unix_ms == 0 ? Json(nullptr) : Json(iso_date(unix_ms)); }

std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

const char* health(supervisor::Health health) {
  switch (health) {
    case supervisor::Health::kHealthy:
      return "healthy";
    case supervisor::Health::kDegraded:
      return "degraded";
    case supervisor::Health::kMajorityLost:
      return "majority_lost";
  }
  CHECK(false);
}

const char* link_state(gossip::LinkState state) {
  switch (state) {
    case gossip::LinkState::kOk:
      return "ok";
    case gossip::LinkState::kSuspect:
      return "suspect";
    case gossip::LinkState::kCut:
      return "cut";
    case gossip::LinkState::kRefused:
      return "refused";
    case gossip::LinkState::kUnknown:
      return "unknown";
  }
  CHECK(false);
}

Json evidence(const verdict::Vote& vote) {
  Json result = Json::array();
  for (const verdict::Evidence& e : vote.evidence) result.push_back({{"kind", e.kind}, {"outcome", e.outcome}, {"ms", e.ms}});
  return result;
}

Json vote(const verdict::Vote& v) {
  return {{"voter", id(v.voter)},          {"node_id", id(v.node)}, {"vote", to_text(v.choice)},
          {"listing", to_text(v.listing)}, {"reason", v.reason},    {"evidence", evidence(v)}};
}

Json decision(const record::Record& r) {
  return {{"epoch", r.epoch.value},
          {"kind", record::to_text(r.change.kind)},
          {"member_id", id(r.change.member)},
          {"node_id", id(r.change.node)},
          {"name", r.change.name},
          {"rule", r.change.rule},
          {"reason", r.change.reason},
          {"outcome", outcome(r)},
          {"detail", r.detail},
          {"remover", id(r.remover)},
          {"decided_at", when(r.decided_at_ms)},
          {"closed_by", id(r.closed_by)},
          {"closed_at", when(r.closed_at_ms)},
          {"command", r.command}};
}

Json member(const supervisor::MemberRow& row) {
  return {{"node_id", id(row.node)},
          {"name", row.name},
          {"address", row.endpoint},
          {"gossip", row.gossip},
          {"gossip_for_seconds", row.gossip_for_seconds},
          {"incarnation", row.incarnation.value},
          {"etcd", {{"member_id", id(row.member)}, {"role", row.role}, {"leader", row.leader}}},
          {"postgres", row.postgres},
          {"listed", row.listed == "unknown" ? Json(nullptr) : Json(row.listed == "listed")},
          {"version", row.version},
          {"note", row.note}};
}

// What status and members have in common.
Json overview(const Snapshot& s) {
  Json members = Json::array();
  for (const supervisor::MemberRow& row : s.members) members.push_back(member(row));
  return {{"app", s.app},
          {"health", health(s.health)},
          {"voters", s.voters},
          {"voters_live", s.voters_live},
          {"failures_survivable", s.failures_survivable},
          {"cluster_id", id(s.cluster)},
          {"self", id(s.self)},
          {"remover", s.remover ? id(*s.remover) : Json(nullptr)},
          {"epoch", s.epoch.value},
          {"open_decision", s.open_decision ? decision(*s.open_decision) : Json(nullptr)},
          {"evictions", s.evictions},
          {"members", std::move(members)}};
}

Json ballot(const supervisor::BallotView& b) {
  Json votes = Json::array();
  for (const verdict::Vote& v : b.votes) votes.push_back(vote(v));
  return {{"member_id", id(b.victim)},    {"name", b.victim_name},    {"state", b.state},
          {"dead_votes", b.dead_votes},   {"needed", b.needed},       {"detail", b.detail},
          {"seconds_ago", b.seconds_ago}, {"votes", std::move(votes)}};
}

Json leave(const supervisor::LeaveView& l) {
  return {{"state", l.state}, {"waits_for", l.detail.empty() ? Json(nullptr) : Json(l.detail)}, {"since", when(l.since_ms)}};
}

}  // namespace

std::string leave_json(const Snapshot& s) { return dump(s.leave ? leave(*s.leave) : Json{{"state", "stays"}}); }

std::string status_json(const Snapshot& s) {
  Json json = overview(s);
  json["version"] = s.version;
  json["problems"] = s.problems;
  json["doing"] = Json::array();
  for (const supervisor::Doing& doing : s.doing) {
    json["doing"].push_back({{"what", doing.what}, {"waits_for", doing.waits_for.empty() ? Json(nullptr) : Json(doing.waits_for)}});
  }
  if (s.loss) json["majority_loss"] = Json::parse(loss_json(*s.loss));
  json["ballot"] = s.ballot ? ballot(*s.ballot) : Json(nullptr);
  if (s.leave) json["leave"] = leave(*s.leave);
  json["last_decision"] = s.history.empty() ? Json(nullptr) : decision(s.history.front());
  json["counters"] = Json::object();
  for (const auto& [name, value] : s.counters) json["counters"][name] = value;
  return dump(json);
}

std::string members_json(const Snapshot& snapshot) { return dump(overview(snapshot)); }

std::string matrix_json(const Snapshot& snapshot) {
  Json nodes = Json::array();
  for (const NodeId& node : snapshot.nodes) nodes.push_back(id(node));
  Json links = Json::array();
  for (const supervisor::MatrixLink& link : snapshot.links) {
    const bool measured = link.state == gossip::LinkState::kOk;
    links.push_back({{"from", id(link.from)},
                     {"to", id(link.to)},
                     {"state", link_state(link.state)},
                     {"rtt_ms", measured ? Json(link.rtt_ms) : Json(nullptr)}});
  }
  return dump({{"nodes", std::move(nodes)}, {"links", std::move(links)}});
}

std::string decisions_json(const Snapshot& snapshot) {
  Json decisions = Json::array();
  for (const record::Record& r : all_decisions(snapshot)) decisions.push_back(decision(r));
  return dump({{"app", snapshot.app}, {"decisions", std::move(decisions)}});
}

std::string explain_json(const record::Record& record, const Signing& verifier) {
  const CertificateCheck checked = check(record, verifier);
  Json json = decision(record);
  Json voters = Json::array();
  for (const MemberId voter : record.electorate.voters) voters.push_back(id(voter));
  json["peer_url"] = record.change.peer_url;
  json["electorate"] = {{"cluster_id", id(record.electorate.cluster)}, {"voters", std::move(voters)}};
  const bool has_certificate = record.certificate != verdict::Certificate{};
  json["certificate_valid"] = has_certificate || record.change.kind == record::Kind::kRemove ? Json(checked.valid) : Json(nullptr);
  json["certificate_detail"] = checked.why;
  json["votes"] = Json::array();
  for (std::size_t i = 0; i < record.certificate.votes.size(); ++i) {
    Json entry = vote(record.certificate.votes[i]);
    entry["signature_valid"] = static_cast<bool>(checked.signatures[i]);
    json["votes"].push_back(std::move(entry));
  }
  return dump(json);
}

}  // namespace fluxpg::report
