#include "supervisor/core/restoration.hpp"

#include "supervisor/core/evidence.hpp"

namespace fluxpg::supervisor {

namespace {

constexpr Duration kAskAgain = minutes(3);  // longer than a snapshot, a stop and a restore may take
constexpr Duration kCommitEvery = seconds(3);
constexpr std::size_t kMostWrites = 120;  // etcd takes 128 in a transaction (max-txn-ops)

RunEtcd sole_member(const World& world, const std::string& token) {
  const gossip::NodeInfo& self = world.gossip.self();
  RunEtcd run;
  run.name = world.config.name;
  run.peer_url = world.peer_url(self);
  run.client_url = world.client_url(self);
  run.initial_cluster = {{run.name, run.peer_url}};
  run.new_cluster = true;
  run.token = token;
  return run;
}

}  // namespace

std::string Restoration::begin(const Now& now, const World& world, const MajorityLoss& loss, const RecoverOrder& order,
                               Persistent& persistent, Random& random, Outbox& out) {
  if (under_way(persistent)) return "";
  const std::string refusal = recover_refusal(loss, world.config.app, order);
  if (!refusal.empty()) return refusal;
  Recovery recovery;
  recovery.token = to_text(random.nonce());
  recovery.given_up.cluster = persistent.cluster;
  recovery.given_up.member = persistent.member;
  recovery.given_up.node = world.self();
  recovery.given_up.founding_token = world.view.founded() ? world.view.founded()->token : persistent.started_token;
  recovery.given_up.although = order.although;
  recovery.given_up.at_ms = unix_ms(now.wall);
  for (const KnownVoter& voter : known_voters(world)) recovery.given_up.voters.push_back({voter.member, voter.node, voter.name});
  persistent.recovery = std::move(recovery);
  problem_.clear();
  asked_ = kNever;
  out.push(Persist{persistent});
  out.warn("an operator recovers this node: a copy of etcd cluster " + to_text(persistent.cluster) + " becomes a cluster of its own");
  return "";
}

void Restoration::tick(const Now& now, const World& world, Persistent& persistent, Outbox& out) {
  if (!under_way(persistent)) return;
  if (persistent.recovery->restored) return commit(now, world, persistent, out);
  if (asked_ != kNever && now.boot < asked_ + kAskAgain) return;
  asked_ = now.boot;
  const RunEtcd run = sole_member(world, persistent.recovery->token);
  out.push(RestoreEtcd{run, "recovered-by-an-operator"});
}

bool Restoration::take(const EtcdRestored& restored, Persistent& persistent, Outbox& out) {
  if (!replaces_etcd(persistent) || restored.token != persistent.recovery->token) return false;
  if (!restored.error.empty()) {
    problem_ = "the recovery failed, and etcd's data is as it was: " + restored.error;
    out.say(Say::Level::kError, problem_);
    persistent.recovery.reset();
    out.push(Persist{persistent});
    return false;
  }
  persistent.recovery->restored = true;
  persistent.forget_cluster();
  out.push(Persist{persistent});
  out.warn("the copy is restored under a new token; the old data is set aside");
  return true;
}

// The restored keys tell of members that are none any more. One transaction makes them true, or none of it happens.
void Restoration::commit(const Now& now, const World& world, const Persistent& persistent, Outbox& out) {
  const EtcdView& view = world.view;
  const record::Superseded& given_up = persistent.recovery->given_up;
  if (now.boot < commit_at_ || !view.own_has_leader(now) || !view.list_is_current(now) || !view.keys_are_current(now)) return;
  const etcd::Header& own = view.own()->header;
  if (own.cluster == given_up.cluster || view.list().header.cluster != own.cluster || view.own()->leader != own.member) return;
  const std::string& app = world.config.app;
  const std::string peer_url = world.peer_url(world.gossip.self());
  const record::Founded founded{
      persistent.recovery->token, own.cluster, 0, {{world.self(), world.config.name, peer_url}}, unix_ms(now.wall)};
  const record::Binding binding{own.member, world.self(), world.config.name, world.config.address};
  record::Superseded signed_word = given_up;
  signed_word.successor = own.cluster;
  signed_word.signature = world.signing.sign(record::signed_bytes(signed_word));
  etcd::Txn txn{
      {{etcd::Compare::What::kCreateRevision, record::node_key(app, own.member), 0}},
      {etcd::Put{record::founded_key(app), record::to_json(founded), {}},
       etcd::Put{record::node_key(app, own.member), record::to_json(binding), {}},
       etcd::Put{record::superseded_key(app, given_up.cluster), record::to_json(signed_word), {}}, etcd::Delete{record::remover_key(app)}}};
  if (view.record() && view.record()->open()) {
    record::Record closed = *view.record();
    closed.outcome = "void";
    closed.detail = "the cluster that decided it was given up by an operator";
    closed.closed_by = world.self();
    closed.closed_at_ms = unix_ms(now.wall);
    closed.epoch = view.record_revision();
    txn.writes.push_back(etcd::Put{record::record_key(app), record::to_json(closed), {}});
    txn.writes.push_back(etcd::Put{record::history_key(app, closed.epoch), record::to_json(closed), {}});
  } else if (!view.record() && view.record_revision()) {
    txn.writes.push_back(etcd::Delete{record::record_key(app)});  // unreadable: it would hold up everything
  }
  // Last, because they matter least: members that are none have no say, whoever spoke for them. Our own is there if an answer was lost, and
  // etcd refuses a transaction that writes a key twice.
  for (const auto& [member, old] : view.bindings()) {
    if (member != own.member && txn.writes.size() < kMostWrites) txn.writes.push_back(etcd::Delete{record::node_key(app, member)});
  }
  commit_at_ = now.boot + kCommitEvery;
  out.ask_own({Purpose::Part::kRestoration, 0, {}}, std::move(txn), kCommitEvery);
}

// Refused means that an earlier one, whose answer was lost, was carried out: nobody else writes that key.
bool Restoration::committed(const World& world, const etcd::Result& result, Persistent& persistent, Outbox& out) {
  if (!under_way(persistent) || !result || !std::holds_alternative<etcd::TxnResult>(*result)) return false;
  persistent.recovery->done = true;
  if (world.config.runs_patroni) out.push(StopPatroni{kAnotherCluster});  // first: whatever comes after a crash is done again
  out.push(Persist{persistent});
  out.warn("recovered: this node is the only voter of a new cluster, the others can join it");
  return true;
}

std::vector<Doing> Restoration::doing(const Persistent& persistent) {
  if (!under_way(persistent)) return {};
  const std::string what = "recovering from this node's copy of etcd cluster " + to_text(persistent.recovery->given_up.cluster);
  return {
      {what, persistent.recovery->restored ? "the restored etcd to take this cluster's keys" : "the snapshot to be taken and restored"}};
}

}  // namespace fluxpg::supervisor
