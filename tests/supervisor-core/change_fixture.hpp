// A remover with an open decision about voter 3, and an etcd whose answers a test may bend.
#pragma once

#include <algorithm>

#include "supervisor/core/change.hpp"
#include "supervisor/core/known_voters.hpp"
#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {

struct Changes : ::testing::Test {
  Changes() {
    house.dead(3);
    house.persistent.cluster = kCluster;
  }

  void be_remover() {
    house.hold(lease);
    ASSERT_TRUE(lease.held());
  }
  // Time passes; the lease is renewed and etcd read, as the agent does all the while.
  void pass(Duration time) {
    const TimePoint end = house.now.boot + time;
    while (house.now.boot < end) {
      house.pass(std::min<Duration>(seconds(1), end - house.now.boot));
      house.read();
      if (lease.held()) lease.tick(house.now, house.world(), false, house.out);
      for (const Asked& one : house.asked()) {
        if (one.purpose.part == Purpose::Part::kLease)
          lease.handle(house.now, house.world(), one.purpose, house.etcd.answer(one.call), house.out);
      }
    }
  }
  record::Record removal(const std::string& outcome = "", const std::string& rule = "unlisted") const {
    record::Record record;
    record.change = {record::Kind::kRemove, MemberId{3}, node_id(3), "n3", "", rule, "dead for 60 s"};
    record.electorate = house.view.electorate();
    record.certificate = house.certificate(MemberId{3}, {1, 2});
    record.remover = node_id(2);
    record.command = "etcdctl member remove 3";
    record.outcome = outcome;
    return record;
  }
  void open(const record::Record& record) {
    change.open(house.now, house.world(), lease, record.change, record.certificate, record.electorate, house.view.record_revision(),
                house.out);
  }
  void open_removal(const std::string& rule = "unlisted") { open(removal("", rule)); }
  // A decision that another remover has opened.
  void adopt_removal() { house.open_record(removal()); }

  // etcd keeps the create revision of a key that is written over.
  void write_over_the_key() { house.etcd.put(record::remover_key("app"), record::to_json(record::RemoverKey{node_id(2), MemberId{2}})); }
  // Who the voters are is remembered first, as the agent does it.
  void tick() {
    if (const auto voters = voters_to_remember(house.now, house.world())) house.persistent.voters = *voters;
    change.tick(house.now, house.world(), lease, house.out);
  }
  // … and the victim's etcd says nothing of itself; what comes next is the look at the key.
  void look() {
    tick();
    const auto status = house.asked();
    ASSERT_EQ(calls<etcd::GetStatus>(status).size(), 1U);
    answer(status[0], failure(etcd::ErrorKind::kTimeout));
  }
  void answer(const Asked& one, const etcd::Result& result) {
    change.handle(house.now, house.world(), lease, house.view, one.purpose, result, house.out);
  }
  void answer_all() {
    for (const Asked& one : house.asked()) answer(one, reply(one.call));
    house.read();
  }
  etcd::Result reply(const etcd::Call& call) {
    if (std::holds_alternative<etcd::RemoveMember>(call)) {
      ++removals_called;
      if (refuse_removals) return failure(*refuse_removals);
    }
    if (std::holds_alternative<etcd::AddLearner>(call)) ++adds_called;
    return house.etcd.answer(call);
  }
  // Rounds of tick and answers, as long as something is under way.
  void run(int rounds = 8) {
    for (int i = 0; i < rounds; ++i) {
      tick();
      answer_all();
    }
  }
  record::Record stored() const {
    const auto found = house.etcd.keys.find(record::record_key("app"));
    return found == house.etcd.keys.end() ? record::Record{} : *record::record_from_json(found->second.value);
  }

  House house;
  RemoverLease lease;
  ChangeExecution change;
  std::optional<etcd::ErrorKind> refuse_removals;
  int removals_called = 0;
  int adds_called = 0;
};

}  // namespace fluxpg::supervisor::test
