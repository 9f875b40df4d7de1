// A fresh node among two others, and what it is told of founding plans.
#pragma once

#include "supervisor/core/founding.hpp"
#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor::test {

using verdict::FoundingPlan;
using verdict::FoundingPromise;
using verdict::FoundingStart;

// We are node 1, fresh, as are the listed nodes 2 and 3 that gossip hears; the specification wants three.
struct Fresh : ::testing::Test {
  Fresh() {
    seen.etcd.state = Process::State::kStopped;
    house.lists({1, 2, 3});
    house.hears(info_of(2));
    house.hears(info_of(3));
  }
  std::vector<Doing> obstacles() const { return Founding::obstacles(house.now, house.world(), {}); }
  std::uint32_t count(const std::set<std::string>& without = {}) const { return Founding::count(house.now, house.world(), without); }
  void tick(bool fresh = true) { founding.tick(house.now, house.world(), seen, fresh, house.persistent, house.random, house.out); }
  std::vector<FoundingPlan> plans() {
    std::vector<FoundingPlan> result;
    for (const Send& send : house.done<Send>()) {
      if (const auto* plan = std::get_if<FoundingPlan>(&send.message)) result.push_back(*plan);
    }
    return result;
  }
  void promise(std::uint8_t node, bool yes = true) {
    const FoundingPlan& plan = *house.persistent.promised;
    founding.take(FoundingPromise{plan.round, plan.token, node_id(node), yes, yes ? "" : "it counts 4"}, house.persistent);
  }
  // Somebody else's plan, and what we answer.
  FoundingPlan foreign(std::uint64_t round, std::uint32_t counted = 3) const {
    FoundingPlan plan{round, node_id(2), "token" + std::to_string(round), counted, {}};
    for (std::uint8_t i = 1; i <= 3; ++i) plan.founders.push_back({node_id(i), "n" + std::to_string(i), "https://n" + std::to_string(i)});
    return plan;
  }
  FoundingPromise receive(const FoundingPlan& plan, bool fresh = true) {
    house.done<Send>();
    founding.take(house.now, house.world(), fresh, plan, kRoute, house.persistent, house.out);
    EXPECT_FALSE(house.spoke_too_early());
    const auto sent = house.done<Send>();
    return std::get<FoundingPromise>(sent.at(0).message);
  }
  void start(const FoundingPlan& plan, bool fresh = true) {
    founding.take(house.now, house.world(), fresh, FoundingStart{plan}, house.persistent, house.out);
  }

  // Time in which this process is awake: it is called once a second. Not at the end of that time.
  void wait(Duration duration) {
    for (; duration > seconds(1); duration -= seconds(1)) {
      house.pass(seconds(1));
      tick();
    }
    house.pass(duration);
  }

  House house{0};
  ProcessesSeen seen;
  Founding founding;
};

}  // namespace fluxpg::supervisor::test
