// A small house to put one part of the agent into: what gossip hears, what the Flux list says, and an etcd that answers at once.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "supervisor/core/founding.hpp"
#include "supervisor/core/lease.hpp"
#include "supervisor/core/voter.hpp"
#include "supervisor/core/world.hpp"
#include "tests/support/fake_signing.hpp"

namespace fluxpg::supervisor::test {

using fluxpg::testing::FakeSigning;
using fluxpg::testing::node_id;

constexpr ClusterId kCluster{0xc1};
constexpr gossip::Route kRoute{77};

// Keys, members and leases of one etcd cluster; every call is answered as etcd would, without time and without faults.
struct Etcd {
  ClusterId cluster = kCluster;
  MemberId asked{1};  // the member that answers
  MemberId leader{1};
  bool asked_is_learner = false;
  std::int64_t revision = 100;
  std::vector<etcd::Member> members;
  std::map<std::string, etcd::KeyValue> keys;
  std::map<etcd::LeaseId, Duration> leases;

  etcd::Header header() const { return {cluster, asked, revision, 5}; }
  void put(const std::string& key, const std::string& value, etcd::LeaseId lease = {});
  etcd::Result answer(const etcd::Call& call);

 private:
  etcd::Result take(const etcd::Txn& txn);
  etcd::Result take(const etcd::Range& range) const;
};

inline etcd::Result failure(etcd::ErrorKind kind) { return unexpected(etcd::Error{kind, std::string(etcd::to_text(kind))}); }

struct Asked {
  Purpose purpose;
  EtcdTarget target;
  etcd::Call call;
  Duration deadline{};
};

std::string address_of(std::uint8_t node);  // 198.18.0.N
gossip::NodeInfo info_of(std::uint8_t node);

// We are node 1. Members 1 … voters are bound to the nodes of the same number; everybody lives and is listed.
class House {
 public:
  explicit House(std::uint8_t voters = 3);

  // How gossip holds another node, and since when. Sets everything that was heard of it before aside.
  void hears(gossip::NodeInfo info, gossip::State state = gossip::State::kAlive, Duration ago = minutes(20));
  void dead(std::uint8_t node, Duration ago = minutes(2)) { hears(member_info(node), gossip::State::kDead, ago); }
  void never_heard(std::uint8_t node);
  void answers_a_probe(std::uint8_t node);                // now
  void announces(gossip::NodeInfo info);                  // what we say of ourselves
  gossip::NodeInfo member_info(std::uint8_t node) const;  // of a node that announces its etcd member
  void lists(const std::vector<std::uint8_t>& nodes, const std::string& backend = "server1");
  void open_record(record::Record record);

  World world() const;
  void pass(Duration time);  // on all three clocks
  // The view reads all it wants from etcd.
  void read();
  // What was asked of etcd (not answered yet), sent, and done since the last look.
  std::vector<Asked> asked();
  template <class A>
  std::vector<A> done() {
    gather();
    std::vector<A> result;
    for (Action& action : others_) {
      if (auto* wanted = std::get_if<A>(&action)) result.push_back(std::move(*wanted));
    }
    std::erase_if(others_, [](const Action& action) { return std::holds_alternative<A>(action); });
    return result;
  }
  // Whether anything was sent before something that must be on the disk first: in what was done since the last look.
  bool spoke_too_early();
  // Makes this node the holder of the remover key.
  void hold(RemoverLease& lease);
  // A certificate that members `signers` signed with their own keys.
  verdict::Certificate certificate(MemberId victim, const std::vector<std::uint8_t>& signers,
                                   verdict::Choice choice = verdict::Choice::kDead) const;
  verdict::Vote vote(const verdict::Ballot& ballot, std::uint8_t voter, verdict::Choice choice) const;

  Now now{TimePoint(std::chrono::hours(1)), SteadyPoint(std::chrono::hours(1)), WallPoint(std::chrono::hours(500000))};
  AgentConfig config;
  FakeSigning signing{node_id(1)};
  gossip::Node gossip;
  discovery::Listing listing{{}};
  Etcd etcd;
  EtcdView view{"app", 1000};
  Persistent persistent;
  Vouchers vouchers;
  std::map<MemberId, TimePoint> unclaimed;
  TimePoint started = now.boot - minutes(30);
  TimePoint majority_heard_since = now.boot - minutes(30);
  std::uint32_t instances = 3;
  std::string unwell;
  bool stopping = false;
  Random random{7};
  Outbox out;

 private:
  struct Heard {
    gossip::NodeInfo info;
    gossip::State state;
    TimePoint since;
  };
  void rebuild_gossip();
  void gather();

  gossip::NodeInfo self_ = info_of(1);
  std::map<NodeId, Heard> heard_;
  std::vector<Asked> asked_;
  std::vector<Action> others_;
};

// The calls of one kind among what was asked.
template <class C>
std::vector<C> calls(const std::vector<Asked>& asked) {
  std::vector<C> result;
  for (const Asked& one : asked) {
    if (const auto* call = std::get_if<C>(&one.call)) result.push_back(*call);
  }
  return result;
}

}  // namespace fluxpg::supervisor::test
