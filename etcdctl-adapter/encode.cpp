#include <sodium.h>

#include <nlohmann/json.hpp>

#include "base/check.hpp"
#include "etcdctl-adapter/codec.hpp"

namespace fluxpg::etcd {
namespace {

using Json = nlohmann::json;

std::string base64(std::string_view bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // sodium's terminating zero
  return text;
}

// etcd reads an empty key as "no key", which in a range means something else: never by accident.
std::string key_field(std::string_view key) {
  CHECK(!key.empty());
  return base64(key);
}

// Above this, a JavaScript number is no longer exact; hence the decimal strings.
template <class Tag>
std::string decimal(StrongNumber<Tag> id) {
  CHECK(id);
  return std::to_string(id.value);
}

// The first key that no longer begins with the prefix.
std::string end_of(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  CHECK(!prefix.empty());
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

struct Body {
  const char* path;
  Json json;
};

Body body(const GetStatus&) { return {"/v3/maintenance/status", Json::object()}; }
Body body(const ListMembers& c) { return {"/v3/cluster/member/list", c.linearizable ? Json{{"linearizable", true}} : Json::object()}; }
Body body(const AddLearner& c) { return {"/v3/cluster/member/add", {{"peerURLs", Json::array({c.peer_url})}, {"isLearner", true}}}; }
Body body(const Promote& c) { return {"/v3/cluster/member/promote", {{"ID", decimal(c.id)}}}; }
Body body(const RemoveMember& c) { return {"/v3/cluster/member/remove", {{"ID", decimal(c.id)}}}; }
Body body(const TransferLeadership& c) { return {"/v3/maintenance/transfer-leadership", {{"targetID", decimal(c.to)}}}; }

Body body(const Range& c) {
  Json json{{"key", key_field(c.key)}};
  if (c.prefix) {
    json["range_end"] = base64(end_of(c.key));
    json["limit"] = std::to_string(c.limit > 0 ? c.limit : kDefaultRangeLimit);
    json["sort_target"] = "CREATE";
    json["sort_order"] = c.newest_first ? "DESCEND" : "ASCEND";
  }
  if (c.serializable) json["serializable"] = true;
  return {"/v3/kv/range", std::move(json)};
}

Json compare(const Compare& c) {
  const bool mod = c.what == Compare::What::kModRevision;
  return {{"key", key_field(c.key)},
          {"result", "EQUAL"},
          {"target", mod ? "MOD" : "CREATE"},
          {mod ? "mod_revision" : "create_revision", std::to_string(c.equals)}};
}

Json write(const Put& put) {
  Json json{{"key", key_field(put.key)}, {"value", base64(put.value)}};
  if (put.lease) json["lease"] = decimal(put.lease);
  return {{"request_put", std::move(json)}};
}
Json write(const Delete& del) { return {{"request_delete_range", {{"key", key_field(del.key)}}}}; }

Body body(const Txn& c) {
  CHECK(!c.compares.empty());  // an unconditional write is a programming error in this project
  Json compares = Json::array();
  Json writes = Json::array();
  for (const auto& each : c.compares) compares.push_back(compare(each));
  for (const auto& each : c.writes) writes.push_back(std::visit([](const auto& w) { return write(w); }, each));
  return {"/v3/kv/txn", {{"compare", std::move(compares)}, {"success", std::move(writes)}}};
}

Body body(const GrantLease& c) {
  CHECK(c.ttl > Duration::zero());
  return {"/v3/lease/grant", {{"TTL", std::to_string(std::chrono::ceil<seconds>(c.ttl).count())}}};
}
Body body(const KeepAlive& c) { return {"/v3/lease/keepalive", {{"ID", decimal(c.lease)}}}; }
Body body(const RevokeLease& c) { return {"/v3/lease/revoke", {{"ID", decimal(c.lease)}}}; }
Body body(const ListAlarms&) { return {"/v3/maintenance/alarm", {{"action", "GET"}}}; }
Body body(const DisarmAlarm& c) {
  return {"/v3/maintenance/alarm", {{"action", "DEACTIVATE"}, {"alarm", "NOSPACE"}, {"memberID", decimal(c.member)}}};
}
// physical: answered when the space is really free, so that a Defragment after it finds something to give back.
Body body(const Compact& c) { return {"/v3/kv/compaction", {{"physical", true}, {"revision", std::to_string(c.revision)}}}; }
Body body(const Defragment&) { return {"/v3/maintenance/defragment", Json::object()}; }

}  // namespace

Question encode(const Call& call) {
  const Body result = std::visit([](const auto& c) { return body(c); }, call);
  return {result.path, result.json.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

}  // namespace fluxpg::etcd
