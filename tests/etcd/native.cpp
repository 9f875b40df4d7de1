#include "tests/etcd/native.hpp"

#include <nlohmann/json.hpp>

namespace fluxpg::etcd {

Result ask_member(const test::EtcdProcess& member, const Call& call, Duration deadline) {
  http::Client client;
  std::optional<Result> result;
  ask(client, Access{member.client_url(), "", std::nullopt}, call, deadline, [&](Result r) { result = std::move(r); });
  client.run_until_idle();
  return *result;
}

MemberId id_of(const test::EtcdProcess& member) { return must<Status>(member, GetStatus{}).header.member; }

std::vector<Member> listed_by_etcdctl(const test::EtcdProcess& asked) {
  const auto output = test::etcdctl(asked, {"member", "list", "-w", "json"});
  const auto json = nlohmann::json::parse(output.text, nullptr, false);
  std::vector<Member> members;
  if (!json.is_object()) {
    ADD_FAILURE() << output.text;
    return members;
  }
  for (const auto& item : json.at("members")) {
    members.push_back({{item.at("ID").get<std::uint64_t>()},
                       item.value("name", ""),
                       item.at("peerURLs").get<std::vector<std::string>>(),
                       item.value("clientURLs", std::vector<std::string>{}),
                       item.value("isLearner", false)});
  }
  return members;
}

std::optional<std::string> read_by_etcdctl(const test::EtcdProcess& asked, const std::string& key) {
  std::string text = test::etcdctl(asked, {"get", "--print-value-only", key}).text;
  if (text.empty()) return std::nullopt;
  text.pop_back();  // the line's end
  return text;
}

Txn put_if(std::vector<Compare> compares, std::string key, std::string value, LeaseId lease) {
  return Txn{std::move(compares), {Put{std::move(key), std::move(value), lease}}};
}
Compare absent(std::string key) { return created_at(std::move(key), 0); }
Compare created_at(std::string key, std::int64_t revision) { return {Compare::What::kCreateRevision, std::move(key), revision}; }
Compare modified_at(std::string key, std::int64_t revision) { return {Compare::What::kModRevision, std::move(key), revision}; }

KeyValue read_key(const test::EtcdProcess& member, const std::string& key) {
  const auto range = must<RangeResult>(member, Range{key, false, false, 0, false});
  return range.kvs.empty() ? KeyValue{} : range.kvs.front();
}

}  // namespace fluxpg::etcd
