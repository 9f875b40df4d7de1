// A simulated cluster for scenario tests: an invariant that breaks fails the test, with the end of the story.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <iostream>

#include "simulation/sim/simulation.hpp"

namespace fluxpg::simulation {

class Scene : public Simulation {
 public:
  explicit Scene(Options options) : Simulation(with_trace(std::move(options))) {}
  ~Scene() override {
    for (const Violation& violation : violations()) ADD_FAILURE() << violation.invariant << ": " << violation.what;
    if (testing::Test::HasFailure()) {
      for (const std::string& line : story_) std::cout << line << "\n";
      for (std::size_t i = 0; i < hosts(); ++i) tell(i);
    }
  }

  void start_all() {
    for (std::size_t i = 0; i < hosts(); ++i) start(i);
  }
  // `count` hosts that run a founded cluster, long enough for every rule to apply. Further hosts are spares.
  void found(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) start(i);
    const std::size_t wanted = count % 2 == 0 ? count - 1 : count;
    ASSERT_TRUE(run_until([&] { return voters() == wanted; }, minutes(3)));
    run_for(minutes(2));
    ASSERT_TRUE(everybody_works());
  }
  bool everybody_works() const {
    for (std::size_t i = 0; i < hosts(); ++i) {
      if (host(i).there && is_member(i) && !works(i)) return false;
    }
    return voters() > 0;
  }
  // The host from 0 on that holds the remover key, as etcd knows it; hosts() if nobody does.
  std::size_t remover() const {
    if (cluster() == nullptr) return hosts();
    const auto key = cluster()->keys.find(record::remover_key("orders-db"));
    if (key == cluster()->keys.end()) return hosts();
    const auto holder = record::remover_from_json(key->second.value);
    for (std::size_t i = 0; holder && i < hosts(); ++i) {
      if (host(i).signing->id() == holder->node) return i;
    }
    return hosts();
  }

 private:
  void tell(std::size_t index) const {
    if (!host(index).daemon) return;
    const supervisor::Snapshot seen = snapshot(index);
    for (const std::string& problem : seen.problems) std::cout << host(index).name << " has a problem: " << problem << "\n";
    for (const supervisor::Doing& doing : seen.doing)
      std::cout << host(index).name << ": " << doing.what << " waits for " << doing.waits_for << "\n";
  }
  Options with_trace(Options options) {
    const bool loud = std::getenv("FLUXPG_SIM_TRACE") != nullptr;
    options.trace = [this, loud](const std::string& line) {
      if (loud) std::cout << line << std::endl;
      story_.push_back(line);
      if (story_.size() > 120) story_.pop_front();
    };
    return options;
  }
  std::deque<std::string> story_;
};

}  // namespace fluxpg::simulation
