// JSON back to values. What stands in etcd may have been written by hand or by another version: nothing in it is taken for granted.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "supervisor/record/record.hpp"

namespace fluxpg::record {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxText = 1 << 20;  // etcd refuses larger values anyway (1.5 MiB with its key)
constexpr int kMaxDepth = 16;              // ours is 5 deep; deeper nesting only costs stack

// Stays inside this file: the readers below become plain expressions, and `guarded` turns it into the sentence.
struct Malformed {
  std::string sentence;
};

// One JSON object and the path to it, for the sentence.
class Object {
 public:
  Object(const Json& json, std::string path) : json_(json), path_(std::move(path)) {
    if (!json.is_object()) throw Malformed{path_ + " is " + shown(json) + ", expected an object"};
  }

  static std::string shown(const Json& json) {
    const std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
    return text.size() <= 60 ? text : text.substr(0, 57) + "...";
  }

  [[noreturn]] void refuse(const char* field, const std::string& expected) const {
    throw Malformed{where(field) + " is " + shown(at(field)) + ", expected " + expected};
  }

  std::string where(const char* field) const { return path_ + "." + field; }

  bool has(const char* field) const { return json_.contains(field); }

  const Json& at(const char* field) const {
    const auto found = json_.find(field);
    if (found == json_.end()) throw Malformed{where(field) + " is missing"};
    return *found;
  }

  std::string text(const char* field) const {
    const Json& value = at(field);
    if (!value.is_string()) refuse(field, "a text");
    return value.get<std::string>();
  }

  std::int64_t integer(const char* field) const {
    const Json& value = at(field);
    if (!value.is_number_integer()) refuse(field, "a whole number");
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) refuse(field, "a number below 2^63");
    return value.get<std::int64_t>();
  }

  std::uint64_t natural(const char* field) const {
    if (!at(field).is_number_unsigned()) refuse(field, "a whole number of 0 or more");
    return at(field).get<std::uint64_t>();
  }

  // The empty string is "none".
  template <class Id>
  Id bytes(const char* field) const {
    const std::string value = text(field);
    if (value.empty()) return {};
    const auto id = bytes_from_text<Id>(value);
    if (!id) refuse(field, std::to_string(2 * Id::kSize) + " hex digits or an empty text");
    return *id;
  }

  template <class Id>
  Id number(const char* field) const {
    const std::string value = text(field);
    if (value.empty()) return {};
    const auto id = number_from_hex(value);
    if (!id) refuse(field, "1 to 16 hex digits or an empty text");
    return {*id};
  }

  template <std::size_t Size>
  std::size_t one_of(const char* field, const std::array<const char*, Size>& names) const {
    const std::string value = text(field);
    const auto found = std::find(names.begin(), names.end(), value);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    std::string expected = "one of";
    for (const char* name : names) expected += std::string(" \"") + name + "\"";
    refuse(field, expected);
  }

  Object object(const char* field) const { return {at(field), where(field)}; }

  // Calls back with each element and its path.
  template <class Function>
  void each(const char* field, Function function) const {
    const Json& list = at(field);
    if (!list.is_array()) refuse(field, "a list");
    for (std::size_t i = 0; i < list.size(); ++i) function(list[i], where(field) + "[" + std::to_string(i) + "]");
  }

 private:
  const Json& json_;
  std::string path_;
};

verdict::Electorate electorate(const Object& json) {
  verdict::Electorate result;
  result.cluster = json.number<ClusterId>("cluster");
  json.each("voters", [&](const Json& value, const std::string& path) {
    const auto voter = value.is_string() ? number_from_hex(value.get_ref<const std::string&>()) : std::nullopt;
    if (!voter || *voter == 0) throw Malformed{path + " is " + Object::shown(value) + ", expected a member id of 1 to 16 hex digits"};
    if (!result.voters.empty() && result.voters.back().value >= *voter) {
      throw Malformed{path + " is " + Object::shown(value) + ", expected ascending ids without repetition"};
    }
    result.voters.push_back({*voter});
  });
  return result;
}

verdict::Ballot ballot(const Object& json) {
  verdict::Ballot result;
  result.id = json.bytes<Nonce>("id");
  if (!result.id) json.refuse("id", "a ballot id");
  result.opener = json.bytes<NodeId>("opener");
  const Object victim = json.object("victim");
  result.victim.member = victim.number<MemberId>("member");
  result.victim.peer_url = victim.text("peer_url");
  result.victim.node = victim.bytes<NodeId>("node");
  result.victim.incarnation = {victim.natural("incarnation")};
  result.electorate = electorate(json.object("electorate"));
  result.revision = {json.natural("revision")};
  result.why = json.text("why");
  result.opened_at = WallPoint(Duration(json.integer("opened_at_ns")));
  return result;
}

verdict::Vote vote(const Object& json) {
  static constexpr std::array kChoices{"dead", "alive", "abstain"};        // in the order of verdict::Choice
  static constexpr std::array kListings{"unknown", "listed", "unlisted"};  // in the order of verdict::Listing
  verdict::Vote result;
  result.ballot = json.bytes<Nonce>("ballot");
  result.voter = json.number<MemberId>("voter");
  result.node = json.bytes<NodeId>("node");
  result.choice = static_cast<verdict::Choice>(json.one_of("vote", kChoices));
  result.listing = static_cast<verdict::Listing>(json.one_of("listing", kListings));
  result.reason = json.text("reason");
  json.each("evidence", [&](const Json& value, const std::string& path) {
    const Object evidence(value, path);
    result.evidence.push_back({evidence.text("kind"), evidence.text("outcome"), evidence.integer("ms")});
  });
  result.signature = json.bytes<Signature>("signature");
  return result;
}

verdict::Certificate certificate(const Object& json) {
  verdict::Certificate result;
  result.ballot = ballot(json.object("ballot"));
  json.each("votes", [&](const Json& value, const std::string& path) { result.votes.push_back(vote(Object(value, path))); });
  return result;
}

Record record(const Object& json) {
  static constexpr std::array kKinds{"remove", "add-learner", "promote"};  // in the order of Kind
  static constexpr std::array kOutcomes{"", "done", "refuted", "void", "refused"};
  Record result;
  result.change.kind = static_cast<Kind>(json.one_of("kind", kKinds));
  result.change.member = json.number<MemberId>("member");
  // Without it the decision could never be seen to be done.
  if (result.change.kind != Kind::kAddLearner && !result.change.member) json.refuse("member", "a member id");
  result.change.node = json.bytes<NodeId>("node");
  result.change.name = json.text("name");
  result.change.peer_url = json.text("peer_url");
  result.change.rule = json.text("rule");
  result.change.reason = json.text("reason");
  result.electorate = electorate(json.object("electorate"));
  if (!json.at("certificate").is_null()) result.certificate = certificate(json.object("certificate"));
  result.remover = json.bytes<NodeId>("remover");
  result.decided_at_ms = json.integer("decided_at_ms");
  result.command = json.text("command");
  result.outcome = kOutcomes[json.one_of("outcome", kOutcomes)];
  result.detail = json.text("detail");
  result.closed_by = json.bytes<NodeId>("closed_by");
  result.closed_at_ms = json.integer("closed_at_ms");
  result.epoch = {json.natural("epoch")};
  return result;
}

RemoverKey remover(const Object& json) {
  const RemoverKey result{json.bytes<NodeId>("node"), json.number<MemberId>("member")};
  if (!result.node) json.refuse("node", "a node id");
  return result;
}

Binding binding(const Object& json) {
  const Binding result{json.number<MemberId>("member"), json.bytes<NodeId>("node"), json.text("name"), json.text("address")};
  if (!result.member) json.refuse("member", "a member id");
  if (!result.node) json.refuse("node", "a node id");
  return result;
}

// Absent in what an earlier version wrote.
std::optional<verdict::DatabaseCopy> database(const Object& json) {
  if (!json.has("database") || json.at("database").is_null()) return std::nullopt;
  const Object copy(json.at("database"), json.where("database"));
  const std::uint64_t timeline = copy.natural("timeline");
  if (timeline > UINT32_MAX) copy.refuse("timeline", "a number below 2^32");
  return verdict::DatabaseCopy{copy.text("system_id"), copy.bytes<NodeId>("node"), static_cast<std::uint32_t>(timeline),
                               copy.natural("lsn")};
}

Founded founded(const Object& json) {
  Founded result;
  result.token = json.text("token");
  result.cluster = json.number<ClusterId>("cluster");
  result.round = json.natural("round");
  json.each("founders", [&](const Json& value, const std::string& path) {
    const Object founder(value, path);
    result.founders.push_back({founder.bytes<NodeId>("node"), founder.text("name"), founder.text("peer_url")});
  });
  result.at_ms = json.integer("at_ms");
  result.database = database(json);
  return result;
}

Superseded superseded(const Object& json) {
  Superseded result;
  result.cluster = json.number<ClusterId>("cluster");
  result.successor = json.number<ClusterId>("successor");
  if (json.has("founding_token")) result.founding_token = json.text("founding_token");  // absent in what an earlier version wrote
  result.member = json.number<MemberId>("member");
  result.node = json.bytes<NodeId>("node");
  json.each("voters", [&](const Json& value, const std::string& path) {
    const Object voter(value, path);
    result.voters.push_back({voter.number<MemberId>("member"), voter.bytes<NodeId>("node"), voter.text("name")});
  });
  json.each("although", [&](const Json& value, const std::string& path) {
    if (!value.is_string()) throw Malformed{path + " is " + Object::shown(value) + ", expected a text"};
    result.although.push_back(value.get<std::string>());
  });
  result.at_ms = json.integer("at_ms");
  result.signature = json.bytes<Signature>("signature");
  return result;
}

// `name` is the last part of the key: the first word of every sentence.
template <class T>
Expected<T, std::string> guarded(std::string_view text, const std::string& name, T (*read)(const Object&)) {
  if (text.size() > kMaxText)
    return unexpected(name + " has " + std::to_string(text.size()) + " bytes, allowed are " + std::to_string(kMaxText));
  bool too_deep = false;
  const auto depth = [&](int level, Json::parse_event_t, Json&) {
    too_deep = too_deep || level > kMaxDepth;
    return !too_deep;
  };
  const Json json = Json::parse(text.begin(), text.end(), depth, false);
  if (too_deep) return unexpected(name + " is nested more than " + std::to_string(kMaxDepth) + " levels deep");
  if (json.is_discarded()) return unexpected(name + " is not JSON in UTF-8");
  try {
    return read(Object(json, name));
  } catch (const Malformed& malformed) {
    return unexpected(malformed.sentence);
  }
}

}  // namespace

bool patroni_is_paused(std::string_view config_json) {
  const auto config = nlohmann::json::parse(config_json, nullptr, false);
  if (!config.is_object()) return false;
  const auto pause = config.find("pause");
  return pause != config.end() && pause->is_boolean() && pause->get<bool>();
}

Expected<Record, std::string> record_from_json(std::string_view text) { return guarded<Record>(text, "record", record); }
Expected<RemoverKey, std::string> remover_from_json(std::string_view text) { return guarded<RemoverKey>(text, "remover", remover); }
Expected<Binding, std::string> binding_from_json(std::string_view text) { return guarded<Binding>(text, "nodes", binding); }
Expected<Founded, std::string> founded_from_json(std::string_view text) { return guarded<Founded>(text, "founded", founded); }
Expected<Superseded, std::string> superseded_from_json(std::string_view text) {
  return guarded<Superseded>(text, "superseded", superseded);
}
Expected<verdict::Ballot, std::string> ballot_from_json(std::string_view text) {
  return guarded<verdict::Ballot>(text, "referendum", ballot);
}
Expected<verdict::Vote, std::string> vote_from_json(std::string_view text) { return guarded<verdict::Vote>(text, "votes", vote); }

}  // namespace fluxpg::record
