#include <sodium.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "etcdctl-adapter/codec.hpp"

namespace fluxpg::etcd {
namespace {

using Json = nlohmann::json;

// Thrown by the readers below and caught in decode(): never leaves this file.
struct Malformed {
  std::string sentence;
};

std::string excerpt(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, 80)) result += c >= ' ' && c <= '~' ? c : '?';
  return text.size() > 80 ? result + "…" : result;
}

// Lists and objects only by their kind: printing one recurses as deep as its sender likes.
std::string seen(const Json& json) {
  if (json.is_structured()) return std::string("an ") + json.type_name() + " of " + std::to_string(json.size());
  return excerpt(json.dump(-1, ' ', true, Json::error_handler_t::replace));
}

// ---- readers: an absent field is zero, false or empty, because the gateway leaves those out ----

const Json* find(const Json& object, const char* field) {
  const auto it = object.find(field);
  return it == object.end() ? nullptr : &*it;
}

void require(bool ok, const std::string& field, const Json* value, const char* allowed) {
  if (!ok) throw Malformed{"\"" + field + "\" is " + (value == nullptr ? "missing" : seen(*value)) + ", allowed is " + allowed};
}

const Json& object_at(const Json& parent, const char* field) {
  const Json* value = find(parent, field);
  require(value != nullptr && value->is_object(), field, value, "an object");
  return *value;
}

std::string text_at(const Json& parent, const char* field) {
  const Json* value = find(parent, field);
  if (value == nullptr) return {};
  require(value->is_string(), field, value, "a string");
  return value->get<std::string>();
}

bool flag_at(const Json& parent, const char* field) {
  const Json* value = find(parent, field);
  if (value == nullptr) return false;
  require(value->is_boolean(), field, value, "true or false");
  return value->get<bool>();
}

std::uint64_t unsigned_at(const Json& parent, const char* field) {
  const Json* value = find(parent, field);
  if (value == nullptr) return 0;
  const auto number = value->is_string() ? number_from_decimal(value->get_ref<const std::string&>()) : std::nullopt;
  require(number.has_value(), field, value, "a decimal string of 0 to 2^64-1");
  return *number;
}

std::int64_t signed_at(const Json& parent, const char* field) {
  const std::uint64_t number = unsigned_at(parent, field);
  require(number <= std::numeric_limits<std::int64_t>::max(), field, find(parent, field), "a decimal string of 0 to 2^63-1");
  return static_cast<std::int64_t>(number);
}

Duration ttl_at(const Json& parent, const char* field) {
  constexpr std::int64_t kMaxTtl = 9'000'000'000;  // etcd's own bound, and it still fits into nanoseconds
  const std::int64_t number = signed_at(parent, field);
  require(number <= kMaxTtl, field, find(parent, field), "a number of seconds up to 9,000,000,000");
  return seconds(number);
}

template <class Id>
Id id_at(const Json& parent, const char* field) {
  const Id id{unsigned_at(parent, field)};
  require(static_cast<bool>(id), field, find(parent, field), "an id other than 0");
  return id;
}

const Json& list_at(const Json& parent, const char* field) {
  static const Json kEmpty = Json::array();
  const Json* value = find(parent, field);
  if (value == nullptr) return kEmpty;
  require(value->is_array(), field, value, "a list");
  return *value;
}

std::vector<std::string> texts_at(const Json& parent, const char* field) {
  std::vector<std::string> result;
  for (const Json& item : list_at(parent, field)) {
    require(item.is_string(), field, &item, "a list of strings");
    result.push_back(item.get<std::string>());
  }
  return result;
}

std::string bytes_at(const Json& parent, const char* field) {
  const std::string text = text_at(parent, field);
  std::string bytes(text.size(), '\0');
  std::size_t size = 0;
  const int failed = sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(), nullptr,
                                       &size, nullptr, sodium_base64_VARIANT_ORIGINAL);
  require(failed == 0, field, find(parent, field), "base64");
  bytes.resize(size);
  return bytes;
}

// ---- the parts that answers share ----

Header header_of(const Json& json) {
  const Json& header = object_at(json, "header");
  return {id_at<ClusterId>(header, "cluster_id"), id_at<MemberId>(header, "member_id"), signed_at(header, "revision"),
          unsigned_at(header, "raft_term")};
}

Member member_of(const Json& json) {
  require(json.is_object(), "members", &json, "a list of objects");
  Member member{id_at<MemberId>(json, "ID"), text_at(json, "name"), texts_at(json, "peerURLs"), texts_at(json, "clientURLs"),
                flag_at(json, "isLearner")};
  require(!member.peer_urls.empty(), "peerURLs", find(json, "peerURLs"), "at least one URL");
  return member;
}

// An electorate is taken from this list: one that cannot be (nobody votes, an id twice) must not look like an answer.
std::vector<Member> members_of(const Json& json) {
  std::vector<Member> members;
  std::set<MemberId> ids;
  bool voter = false;
  for (const Json& item : list_at(json, "members")) {
    members.push_back(member_of(item));
    require(ids.insert(members.back().id).second, "ID", find(item, "ID"), "an id that no other member of the list has");
    voter = voter || !members.back().learner;
  }
  require(voter, "members", find(json, "members"), "a list with at least one voter");
  return members;
}

const Member* find_member(const std::vector<Member>& members, MemberId id) {
  for (const auto& member : members) {
    if (member.id == id) return &member;
  }
  return nullptr;
}

KeyValue key_value_of(const Json& json) {
  require(json.is_object(), "kvs", &json, "a list of objects");
  KeyValue kv{bytes_at(json, "key"), bytes_at(json, "value"), signed_at(json, "create_revision"), signed_at(json, "mod_revision"),
              LeaseId{unsigned_at(json, "lease")}};
  require(kv.create_revision > 0, "create_revision", find(json, "create_revision"), "a revision above 0");
  require(kv.mod_revision >= kv.create_revision, "mod_revision", find(json, "mod_revision"), "a revision not before create_revision");
  return kv;
}

// ---- one answer per call ----

Answer answer(const GetStatus&, const Json& json) {
  Status status{header_of(json),
                text_at(json, "version"),
                MemberId{unsigned_at(json, "leader")},
                unsigned_at(json, "raftIndex"),
                unsigned_at(json, "raftAppliedIndex"),
                signed_at(json, "dbSize"),
                signed_at(json, "dbSizeInUse"),
                flag_at(json, "isLearner"),
                texts_at(json, "errors")};
  require(!status.version.empty(), "version", find(json, "version"), "a version");
  return status;
}

Answer answer(const ListMembers&, const Json& json) { return MemberList{header_of(json), members_of(json)}; }

Answer answer(const AddLearner& call, const Json& json) {
  Added added{header_of(json), member_of(object_at(json, "member")), members_of(json)};
  const bool expected = added.member.learner && added.member.peer_urls == std::vector<std::string>{call.peer_url};
  require(expected, "member", find(json, "member"), "a learner with the URL that was asked for");
  require(find_member(added.members, added.member.id) != nullptr, "members", find(json, "members"), "a list with the added member");
  return added;
}

Answer answer(const Promote& call, const Json& json) {
  Changed changed{header_of(json), members_of(json)};
  const Member* const member = find_member(changed.members, call.id);
  require(member != nullptr && !member->learner, "members", find(json, "members"), "a list with the promoted member as a voter");
  return changed;
}

Answer answer(const RemoveMember& call, const Json& json) {
  Changed changed{header_of(json), members_of(json)};
  require(find_member(changed.members, call.id) == nullptr, "members", find(json, "members"), "a list without the removed member");
  return changed;
}

Answer answer(const Range& call, const Json& json) {
  RangeResult result{header_of(json), {}, signed_at(json, "count")};
  for (const Json& item : list_at(json, "kvs")) {
    result.kvs.push_back(key_value_of(item));
    const std::string& key = result.kvs.back().key;
    require(call.prefix ? key.starts_with(call.key) : key == call.key, "key", find(item, "key"), "a key that was asked for");
  }
  require(static_cast<std::uint64_t>(result.count) >= result.kvs.size(), "count", find(json, "count"), "at least the number of kvs");
  return result;
}

Answer answer(const Txn&, const Json& json) { return TxnResult{header_of(json), flag_at(json, "succeeded")}; }

Answer answer(const GrantLease&, const Json& json) {
  const Lease lease{id_at<LeaseId>(json, "ID"), ttl_at(json, "TTL")};
  require(lease.ttl > Duration::zero(), "TTL", find(json, "TTL"), "a number of seconds above 0");
  return lease;
}

Answer answer(const KeepAlive& call, const Json& json) {
  const Json& result = object_at(json, "result");
  require(id_at<LeaseId>(result, "ID") == call.lease, "ID", find(result, "ID"), "the lease that was asked for");
  return Lease{call.lease, ttl_at(result, "TTL")};
}

Answer answer(const ListAlarms&, const Json& json) {
  Alarms alarms;
  for (const Json& item : list_at(json, "alarms")) {
    require(item.is_object(), "alarms", &item, "a list of objects");
    alarms.raised.push_back({id_at<MemberId>(item, "memberID"), text_at(item, "alarm")});
    require(!alarms.raised.back().name.empty(), "alarm", find(item, "alarm"), "a name");
  }
  return alarms;
}

// Answers about alarms come without a header (seen of etcd 3.4); what is named is what was disarmed, or nothing.
Answer answer(const DisarmAlarm&, const Json& json) {
  list_at(json, "alarms");
  return Done{};
}

Answer answer(const RevokeLease&, const Json& json) {
  header_of(json);
  return Done{};
}
Answer answer(const Compact&, const Json& json) {
  header_of(json);
  return Done{};
}
Answer answer(const TransferLeadership&, const Json&) { return Done{}; }  // etcd answers these two with {}
Answer answer(const Defragment&, const Json&) { return Done{}; }

// {"error":"words","code":14}, or in streams {"error":{"message":"words","grpc_code":14}}.
Error error_of(const Json& json) {
  const Json& error = json.at("error");
  const Json& fields = error.is_object() ? error : json;
  const std::string message = text_at(fields, error.is_object() ? "message" : "error");
  const Json* const code = find(fields, error.is_object() ? "grpc_code" : "code");
  require(!message.empty(), "error", &error, "etcd's words");
  return {refusal(message, code != nullptr && code->is_number_integer() ? code->get<std::int64_t>() : 0), message};
}

Error malformed(const std::string& sentence) { return {ErrorKind::kMalformed, sentence}; }

}  // namespace

Result decode(const Call& call, int http_status, std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  const std::string status = "HTTP " + std::to_string(http_status);
  if (!json.is_object()) {
    const char* const hint = http_status == 404 ? "; is enable-grpc-gateway on?" : "";
    return unexpected(malformed(status + " with \"" + excerpt(body) + "\", allowed is a JSON object" + hint));
  }
  try {
    if (json.contains("error")) return unexpected(error_of(json));
    if (http_status != 200) return unexpected(malformed(status + " with \"" + excerpt(body) + "\", allowed are 200 and an error"));
    return std::visit([&](const auto& c) { return answer(c, json); }, call);
  } catch (const Malformed& e) {
    return unexpected(malformed(e.sentence));
  }
}

}  // namespace fluxpg::etcd
