#include "tests/supervisor-core/fixture.hpp"

#include <algorithm>
#include <set>
#include <variant>

namespace fluxpg::supervisor::test {

using gossip::State;

// ---- etcd ----

void Etcd::put(const std::string& key, const std::string& value, etcd::LeaseId lease) {
  etcd::KeyValue& kv = keys[key];
  ++revision;
  if (kv.create_revision == 0) kv.create_revision = revision;
  kv.key = key;
  kv.value = value;
  kv.mod_revision = revision;
  kv.lease = lease;
}

etcd::Result Etcd::take(const etcd::Txn& txn) {
  using What = etcd::Compare::What;
  std::set<std::string> written;
  for (const etcd::Write& write : txn.writes) {
    if (written.insert(std::visit([](const auto& w) { return w.key; }, write)).second) continue;
    return unexpected(etcd::Error{etcd::ErrorKind::kRefused, "etcdserver: duplicate key given in txn request"});
  }
  const bool holds = std::all_of(txn.compares.begin(), txn.compares.end(), [this](const etcd::Compare& compare) {
    const auto found = keys.find(compare.key);
    if (found == keys.end()) return compare.equals == 0;
    return (compare.what == What::kCreateRevision ? found->second.create_revision : found->second.mod_revision) == compare.equals;
  });
  if (holds) {
    const std::int64_t before = revision++;
    for (const etcd::Write& write : txn.writes) {
      revision = before;  // all writes of a transaction have one revision
      if (const auto* p = std::get_if<etcd::Put>(&write)) put(p->key, p->value, p->lease);
      if (const auto* d = std::get_if<etcd::Delete>(&write)) keys.erase(d->key);
      revision = before + 1;
    }
  }
  return etcd::TxnResult{header(), holds};
}

etcd::Result Etcd::take(const etcd::Range& range) const {
  etcd::RangeResult result{header(), {}, 0};
  for (const auto& [key, kv] : keys) {
    if (range.prefix ? key.rfind(range.key, 0) == 0 : key == range.key) result.kvs.push_back(kv);
  }
  result.count = static_cast<std::int64_t>(result.kvs.size());
  std::sort(result.kvs.begin(), result.kvs.end(), [](const auto& a, const auto& b) { return a.create_revision < b.create_revision; });
  if (range.newest_first) std::reverse(result.kvs.begin(), result.kvs.end());
  if (range.limit > 0 && result.kvs.size() > static_cast<std::size_t>(range.limit))
    result.kvs.resize(static_cast<std::size_t>(range.limit));
  return result;
}

etcd::Result Etcd::answer(const etcd::Call& call) {
  const auto find = [this](MemberId id) {
    return std::find_if(members.begin(), members.end(), [id](const auto& m) { return m.id == id; });
  };
  if (std::holds_alternative<etcd::GetStatus>(call)) {
    etcd::Status status;
    status.header = header();
    status.leader = leader;
    status.raft_applied_index = 5000;
    status.learner = asked_is_learner;
    return status;
  }
  if (std::holds_alternative<etcd::ListMembers>(call)) return etcd::MemberList{header(), members};
  if (const auto* range = std::get_if<etcd::Range>(&call)) return take(*range);
  if (const auto* txn = std::get_if<etcd::Txn>(&call)) return take(*txn);
  if (const auto* add = std::get_if<etcd::AddLearner>(&call)) {
    members.push_back({MemberId{0xadd}, "", {add->peer_url}, {}, true});
    return etcd::Added{header(), members.back(), members};
  }
  if (const auto* promote = std::get_if<etcd::Promote>(&call)) {
    if (find(promote->id) == members.end()) return failure(etcd::ErrorKind::kNotFound);
    find(promote->id)->learner = false;
    return etcd::Changed{header(), members};
  }
  if (const auto* remove = std::get_if<etcd::RemoveMember>(&call)) {
    if (find(remove->id) == members.end()) return failure(etcd::ErrorKind::kNotFound);
    members.erase(find(remove->id));
    return etcd::Changed{header(), members};
  }
  if (const auto* grant = std::get_if<etcd::GrantLease>(&call)) {
    const etcd::LeaseId id{0x1ea5e + leases.size()};
    leases[id] = grant->ttl;
    return etcd::Lease{id, grant->ttl};
  }
  if (const auto* alive = std::get_if<etcd::KeepAlive>(&call)) return etcd::Lease{alive->lease, leases[alive->lease]};
  return etcd::Done{};
}

// ---- the house ----

std::string address_of(std::uint8_t node) { return "198.18.0." + std::to_string(node); }

gossip::NodeInfo info_of(std::uint8_t node) {
  gossip::NodeInfo info;
  info.id = node_id(node);
  info.incarnation = Incarnation{1};
  info.name = "n" + std::to_string(node);
  info.address = address_of(node);
  info.data = gossip::DataState::kFresh;
  return info;
}

gossip::NodeInfo House::member_info(std::uint8_t node) const {
  gossip::NodeInfo info = info_of(node);
  info.data = gossip::DataState::kHasEtcd;
  info.cluster = etcd.cluster;
  info.member = MemberId{node};
  return info;
}

House::House(std::uint8_t voters) : gossip({}, info_of(1), {}, 1, now) {
  config.app = "app";
  config.name = "n1";
  config.address = address_of(1);
  persistent.app = "app";
  std::vector<std::uint8_t> all;
  for (std::uint8_t i = 1; i <= voters; ++i) {
    const gossip::NodeInfo info = member_info(i);
    const std::string host = "https://" + host_name(info.id);
    etcd.members.push_back({MemberId{i}, info.name, {host + ":2380"}, {host + ":2379"}, false});
    etcd.put(record::node_key("app", MemberId{i}), record::to_json(record::Binding{MemberId{i}, info.id, info.name, info.address}));
    if (i > 1) heard_[info.id] = {info, State::kAlive, now.boot - minutes(20)};
    vouchers.note(info.id, now.boot);
    all.push_back(i);
  }
  rebuild_gossip();
  if (voters == 0) return;
  lists(all);
  read();
}

void House::rebuild_gossip() {
  std::vector<Heard> in_order;
  for (const auto& [id, heard] : heard_) in_order.push_back(heard);
  std::stable_sort(in_order.begin(), in_order.end(), [](const Heard& a, const Heard& b) { return a.since < b.since; });
  gossip = gossip::Node({}, self_, {}, 1, now);
  for (const Heard& heard : in_order) {
    const Now then{heard.since, now.steady - (now.boot - heard.since), now.wall - (now.boot - heard.since)};
    const gossip::Rumor rumor{heard.info.id, heard.info.incarnation, heard.state, node_id(200), heard.info};
    gossip.handle(then, gossip::Received{kRoute, gossip::Sync{node_id(200), false, {rumor}, {}}});
  }
}

void House::hears(gossip::NodeInfo info, State state, Duration ago) {
  const NodeId id = info.id;
  heard_[id] = {std::move(info), state, now.boot - ago};
  rebuild_gossip();
}

void House::announces(gossip::NodeInfo info) {
  self_ = std::move(info);
  rebuild_gossip();
}

void House::never_heard(std::uint8_t node) {
  heard_.erase(node_id(node));
  rebuild_gossip();
}

void House::answers_a_probe(std::uint8_t node) {
  const auto effects = gossip.handle(now, gossip::ProbeNow{node_id(node), false});
  for (const gossip::Effect& effect : effects) {
    const auto* send = std::get_if<gossip::SendTo>(&effect);
    const auto* ping = send == nullptr ? nullptr : std::get_if<gossip::Ping>(&send->message);
    if (ping != nullptr) gossip.handle(now, gossip::Received{kRoute, gossip::Ack{ping->nonce, node_id(node), Incarnation{1}, {}, {}, {}}});
  }
}

void House::lists(const std::vector<std::uint8_t>& nodes, const std::string& backend) {
  discovery::Good good{backend, {}};
  for (const std::uint8_t node : nodes) good.rows.push_back({address_of(node)});
  std::sort(good.rows.begin(), good.rows.end());
  listing.handle(now, good);
}

void House::open_record(record::Record record) {
  etcd.put(record::record_key("app"), record::to_json(record));
  read();
}

World House::world() const {
  return {config,    signing, gossip,    listing, view,     persistent,          vouchers,
          unclaimed, started, instances, unwell,  stopping, majority_heard_since};
}

void House::pass(Duration time) {
  now.boot += time;
  now.steady += time;
  now.wall += time;
}

void House::gather() {
  for (Action& action : out.take()) {
    if (auto* ask = std::get_if<AskEtcd>(&action)) {
      asked_.push_back({*out.answered(ask->id), ask->target, ask->call, ask->deadline});
    } else {
      others_.push_back(std::move(action));
    }
  }
}

bool House::spoke_too_early() {
  gather();
  const auto sent = std::find_if(others_.begin(), others_.end(), [](const Action& action) { return std::holds_alternative<Send>(action); });
  return std::any_of(sent, others_.end(), [](const Action& action) { return std::holds_alternative<Persist>(action); });
}

std::vector<Asked> House::asked() {
  gather();
  return std::exchange(asked_, {});
}

void House::read() {
  gather();
  view.refresh_soon();
  view.tick(now, {}, kCluster, out);
  for (;;) {
    gather();
    const auto mine = std::find_if(asked_.begin(), asked_.end(), [](const Asked& one) { return one.purpose.part == Purpose::Part::kView; });
    if (mine == asked_.end()) return;
    const Asked one = *mine;
    asked_.erase(mine);
    view.handle(now, one.purpose, etcd.answer(one.call), out);
  }
}

void House::hold(RemoverLease& lease) {
  for (int i = 0; i < 10 && !lease.held(); ++i) {
    lease.tick(now, world(), false, out);
    for (const Asked& one : asked()) lease.handle(now, world(), one.purpose, etcd.answer(one.call), out);
    if (!lease.held()) pass(seconds(1));
  }
  read();
}

verdict::Vote House::vote(const verdict::Ballot& ballot, std::uint8_t voter, verdict::Choice choice) const {
  verdict::Vote vote;
  vote.ballot = ballot.id;
  vote.voter = MemberId{voter};
  vote.node = node_id(voter);
  vote.choice = choice;
  vote.signature = FakeSigning(vote.node).sign(verdict::signed_bytes(ballot, vote));
  return vote;
}

verdict::Certificate House::certificate(MemberId victim, const std::vector<std::uint8_t>& signers, verdict::Choice choice) const {
  verdict::Certificate result;
  result.ballot.id.bytes[0] = 3;
  result.ballot.opener = node_id(1);
  result.ballot.victim.member = victim;
  result.ballot.electorate = view.electorate();
  for (const std::uint8_t signer : signers) result.votes.push_back(vote(result.ballot, signer, choice));
  return result;
}

}  // namespace fluxpg::supervisor::test
