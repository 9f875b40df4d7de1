// What fluxpg writes into etcd (field by field: etcdctl-adapter/KEYS.md) as plain values, and their JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "gossip/verdict/types.hpp"

namespace fluxpg::record {

enum class Kind : std::uint8_t { kRemove, kAddLearner, kPromote };

// One step of membership.
struct Change {
  Kind kind = Kind::kRemove;
  MemberId member;       // zero for kAddLearner: etcd makes the id
  NodeId node;           // whose etcd it is; zero if no key is bound to the member
  std::string name;      // for people
  std::string peer_url;
  std::string rule;      // short name of the rule: "unlisted", "listed-replacement", "tolerance", "listed-grace", "consent", "leave", "ghost-learner", "join", "spare", "seat-empty"
  std::string reason;    // one sentence with the facts
  bool operator==(const Change&) const = default;
};

// /fluxpg/{app}/record: the open decision, or the last closed one. Its mod revision is the epoch.
struct Record {
  Change change;
  verdict::Electorate electorate;
  verdict::Certificate certificate;  // empty ballot id and no votes for kAddLearner and kPromote
  NodeId remover;                    // who opened it
  std::int64_t decided_at_ms = 0;    // unix time, for people
  std::string command;               // what an operator would have typed
  // Set when it is closed.
  std::string outcome;               // "": open; "done", "refuted", "void", "refused"
  std::string detail;
  NodeId closed_by;
  std::int64_t closed_at_ms = 0;
  Epoch epoch;                       // mod revision of the record while it was open
  bool operator==(const Record&) const = default;
  bool open() const { return outcome.empty(); }
};

// /fluxpg/{app}/remover (lease-bound)
struct RemoverKey {
  NodeId node;
  MemberId member;
  bool operator==(const RemoverKey&) const = default;
};

// /fluxpg/{app}/nodes/{member id in hex}: which key speaks for a member id
struct Binding {
  MemberId member;
  NodeId node;
  std::string name;
  std::string address;  // where it was then: the listing of a node that is silent since before we started is looked up by it
  bool operator==(const Binding&) const = default;
};

// /fluxpg/{app}/founded
struct Founded {
  std::string token;
  ClusterId cluster;
  std::uint64_t round = 0;
  std::vector<verdict::Founder> founders;
  std::int64_t at_ms = 0;
  std::optional<verdict::DatabaseCopy> database = {};  // founded over this copy: its node starts PostgreSQL before any other
  bool operator==(const Founded&) const = default;
};

// /fluxpg/{app}/superseded/{cluster id in hex}: an operator gave that cluster up, and this one was restored from the copy of one of its
// voters. Signed by that voter: whoever holds data of the cluster that was given up joins this one on nobody else's word.
struct SupersededVoter {
  MemberId member;
  NodeId node;
  std::string name;
  bool operator==(const SupersededVoter&) const = default;
};
struct Superseded {
  ClusterId cluster;                     // given up …
  ClusterId successor;                   // … for this one
  std::string founding_token = {};       // of the plan by which the one given up was founded; "": its voter did not know it
  MemberId member;                       // the voter whose copy it is, by its id in the old cluster …
  NodeId node;                           // … and its key
  std::vector<SupersededVoter> voters;   // of the old cluster
  std::vector<std::string> although;     // addresses of voters that may have lived: the operator answered for them
  std::int64_t at_ms = 0;
  Signature signature;
  bool operator==(const Superseded&) const = default;
};
std::string signed_bytes(const Superseded& superseded);

std::string_view to_text(Kind kind);  // "remove", "add-learner", "promote"

// Where each is kept.
std::string prefix(const std::string& app);       // "/fluxpg/{app}/"
std::string record_key(const std::string& app);
std::string remover_key(const std::string& app);
// A ballot whose votes gossip does not bring, as verdict::Ballot, under the remover's lease; and each voter's answer, under one of its own.
std::string referendum_key(const std::string& app);
std::string votes_prefix(const std::string& app);
std::string vote_key(const std::string& app, MemberId voter);
std::string decision_prefix(const std::string& app);  // of record, remover and referendum: one read, one revision
std::string founded_key(const std::string& app);
std::string superseded_prefix(const std::string& app);
std::string superseded_key(const std::string& app, ClusterId cluster);
std::string paused_key(const std::string& app);   // exists while evictions are paused by an operator
std::string patroni_initialize_key(const std::string& app);  // PostgreSQL's system identifier, once the database was made
std::string patroni_config_key(const std::string& app);  // Patroni's own dynamic configuration: read for `patronictl pause`
std::string nodes_prefix(const std::string& app);
std::string node_key(const std::string& app, MemberId member);
std::string history_prefix(const std::string& app);
std::string history_key(const std::string& app, Epoch epoch);

// Whether Patroni's dynamic configuration says that the cluster is paused; anything unreadable is "no".
bool patroni_is_paused(std::string_view config_json);

// JSON, and back; the error is one sentence naming the field. Unknown fields are refused in nothing and ignored (newer versions write more).
std::string to_json(const Record& record);
std::string to_json(const RemoverKey& key);
std::string to_json(const Binding& binding);
std::string to_json(const Founded& founded);
std::string to_json(const Superseded& superseded);
std::string to_json(const verdict::Ballot& ballot);
std::string to_json(const verdict::Vote& vote);
Expected<Record, std::string> record_from_json(std::string_view text);
Expected<RemoverKey, std::string> remover_from_json(std::string_view text);
Expected<Binding, std::string> binding_from_json(std::string_view text);
Expected<Founded, std::string> founded_from_json(std::string_view text);
Expected<Superseded, std::string> superseded_from_json(std::string_view text);
Expected<verdict::Ballot, std::string> ballot_from_json(std::string_view text);
Expected<verdict::Vote, std::string> vote_from_json(std::string_view text);

}  // namespace fluxpg::record
