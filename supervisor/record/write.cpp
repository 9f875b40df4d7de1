// Values to JSON. Every field is always written, so that a missing one means a damaged or foreign value.
#include <nlohmann/json.hpp>

#include "supervisor/record/record.hpp"

namespace fluxpg::record {
namespace {

using Json = nlohmann::ordered_json;

// None is the empty string, so that nobody takes it for an id.
template <class Id>
std::string id(const Id& value) {
  return value ? to_text(value) : std::string();
}

Json electorate(const verdict::Electorate& value) {
  Json voters = Json::array();
  for (const MemberId voter : value.voters) voters.push_back(id(voter));
  return {{"cluster", id(value.cluster)}, {"voters", std::move(voters)}};
}

Json database(const std::optional<verdict::DatabaseCopy>& copy) {
  if (!copy) return nullptr;
  return {{"system_id", copy->system_id}, {"node", id(copy->node)}, {"timeline", copy->timeline}, {"lsn", copy->lsn}};
}

// opened_at is written to the nanosecond: it is under the signatures, and a rounded one would void them.
Json ballot(const verdict::Ballot& value) {
  return {{"id", id(value.id)},
          {"opener", id(value.opener)},
          {"victim",
           {{"member", id(value.victim.member)},
            {"peer_url", value.victim.peer_url},
            {"node", id(value.victim.node)},
            {"incarnation", value.victim.incarnation.value}}},
          {"electorate", electorate(value.electorate)},
          {"revision", value.revision.value},
          {"why", value.why},
          {"opened_at_ns", value.opened_at.time_since_epoch().count()}};
}

Json vote(const verdict::Vote& value) {
  Json evidence = Json::array();
  for (const verdict::Evidence& e : value.evidence) evidence.push_back({{"kind", e.kind}, {"outcome", e.outcome}, {"ms", e.ms}});
  return {{"ballot", id(value.ballot)},      {"voter", id(value.voter)},          {"node", id(value.node)},
          {"vote", to_text(value.choice)},   {"listing", to_text(value.listing)}, {"reason", value.reason},
          {"evidence", std::move(evidence)}, {"signature", id(value.signature)}};
}

Json certificate(const verdict::Certificate& value) {
  if (value == verdict::Certificate{}) return nullptr;
  Json votes = Json::array();
  for (const verdict::Vote& v : value.votes) votes.push_back(vote(v));
  return {{"ballot", ballot(value.ballot)}, {"votes", std::move(votes)}};
}

// Bytes that are no UTF-8 become U+FFFD: a peer's odd text must not keep a decision from being written.
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string to_json(const Record& r) {
  return dump({{"kind", to_text(r.change.kind)},
               {"member", id(r.change.member)},
               {"node", id(r.change.node)},
               {"name", r.change.name},
               {"peer_url", r.change.peer_url},
               {"rule", r.change.rule},
               {"reason", r.change.reason},
               {"electorate", electorate(r.electorate)},
               {"certificate", certificate(r.certificate)},
               {"remover", id(r.remover)},
               {"decided_at_ms", r.decided_at_ms},
               {"command", r.command},
               {"outcome", r.outcome},
               {"detail", r.detail},
               {"closed_by", id(r.closed_by)},
               {"closed_at_ms", r.closed_at_ms},
               {"epoch", r.epoch.value}});
}

std::string to_json(const RemoverKey& key) { return dump({{"node", id(key.node)}, {"member", id(key.member)}}); }

std::string to_json(const Binding& binding) {
  return dump({{"member", id(binding.member)}, {"node", id(binding.node)}, {"name", binding.name}, {"address", binding.address}});
}

std::string to_json(const Founded& founded) {
  Json founders = Json::array();
  for (const verdict::Founder& f : founded.founders) founders.push_back({{"node", id(f.node)}, {"name", f.name}, {"peer_url", f.peer_url}});
  return dump({{"token", founded.token},
               {"cluster", id(founded.cluster)},
               {"round", founded.round},
               {"founders", std::move(founders)},
               {"at_ms", founded.at_ms},
               {"database", database(founded.database)}});
}

std::string to_json(const verdict::Ballot& b) { return dump(ballot(b)); }

std::string to_json(const verdict::Vote& v) { return dump(vote(v)); }

std::string to_json(const Superseded& s) {
  Json voters = Json::array();
  for (const SupersededVoter& v : s.voters) voters.push_back({{"member", id(v.member)}, {"node", id(v.node)}, {"name", v.name}});
  return dump({{"cluster", id(s.cluster)},
               {"successor", id(s.successor)},
               {"founding_token", s.founding_token},
               {"member", id(s.member)},
               {"node", id(s.node)},
               {"voters", std::move(voters)},
               {"although", s.although},
               {"at_ms", s.at_ms},
               {"signature", id(s.signature)}});
}

}  // namespace fluxpg::record
