// A majority that is gone, and a node of it that meets one of another cluster.
#pragma once

#include "supervisor/core/evidence.hpp"
#include "supervisor/core/restoration.hpp"
#include "supervisor/core/successor.hpp"
#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {

using fluxpg::testing::node_id;

inline Survivor copy_of(std::uint8_t node, std::uint64_t index, std::uint32_t timeline = 1, std::uint64_t lsn = 100) {
  Survivor out;
  out.node = node_id(node);
  out.name = "node-" + std::to_string(node);
  out.address = address_of(node);
  out.self = node == 1;
  out.voter = true;
  out.raft_index = index;
  out.postgres = PostgresPlace{"replica", "7", timeline, lsn};
  return out;
}

inline LostVoter lost(std::uint8_t node, bool may_live) {
  return {MemberId{node}, node_id(node), "node-" + std::to_string(node), address_of(node), "silent", "unknown", may_live ? "silent" : ""};
}

inline MajorityLoss two_of_three_gone() {
  MajorityLoss loss;
  loss.cluster = kCluster;
  loss.voters = 3;
  loss.needed = loss.majority_with = loss.majority_without = 2;
  loss.live = 1;
  loss.lost = {lost(2, false), lost(3, false)};
  loss.survivors = {copy_of(1, 50)};
  return loss;
}

inline const RecoverOrder kOrder{"app", {}};

// Node 1 of a cluster without a leader meets node 2, which holds data of cluster 0xc2.
class GivenUp : public ::testing::Test {
 protected:
  GivenUp() {
    house.persistent.chosen = true;
    house.persistent.cluster = kCluster;
    house.persistent.member = MemberId{1};
    house.persistent.started_token = "old";
    house.persistent.promised = verdict::FoundingPlan{1, node_id(1), "old", 3, {}, {}};
    for (std::uint8_t n = 1; n <= 3; ++n) {
      house.persistent.voters.push_back({MemberId{n}, node_id(n), "node-" + std::to_string(n), address_of(n), 0});
    }
    gossip::NodeInfo stranger = house.member_info(2);
    stranger.cluster = ClusterId{0xc2};
    house.hears(stranger);
    house.dead(3);
    seen.etcd.state = Process::State::kRunning;
    seen.etcd_data = true;
    house.pass(minutes(1));  // what our etcd said of its leader is old
  }
  void only_a_learner_of_node_2() {
    house.persistent.member = MemberId{9};
    std::erase_if(house.etcd.members, [](const etcd::Member& member) { return member.id != MemberId{2}; });
    house.read();
    house.pass(minutes(1));
  }
  record::Superseded word(std::uint8_t signer = 2) const {
    record::Superseded word;
    word.cluster = kCluster;
    word.successor = ClusterId{0xc2};
    word.member = MemberId{2};
    word.node = node_id(2);
    word.signature = FakeSigning(node_id(signer)).sign(record::signed_bytes(word));
    return word;
  }
  // Of a voter that names itself as one.
  record::Superseded word_of_node_7() const {
    record::Superseded later = word();
    later.member = MemberId{7};
    later.node = node_id(7);
    later.voters = {{MemberId{7}, node_id(7), "node-7"}};
    later.signature = FakeSigning(node_id(7)).sign(record::signed_bytes(later));
    return later;
  }
  void reads(const record::Superseded& word, ClusterId in = ClusterId{0xc2}) {
    etcd::RangeResult result;
    result.header = {in, MemberId{9}, 1, 1};
    result.kvs.push_back({"k", record::to_json(word), 1, 1, {}});
    successor.handle(house.world(), {}, etcd::Answer{result});
  }
  void knows_no_cluster() const {
    EXPECT_FALSE(house.persistent.chosen);
    EXPECT_FALSE(house.persistent.member);
    EXPECT_EQ(house.persistent.started_token, "");
    EXPECT_FALSE(house.persistent.promised);
    EXPECT_TRUE(house.persistent.voters.empty());
  }
  bool passes(Duration time) {
    house.pass(time);
    return successor.tick(house.now, house.world(), seen, house.persistent, house.out);
  }

  House house;
  Successor successor;
  ProcessesSeen seen;
};

}  // namespace fluxpg::supervisor::test
