// When to ask the Flux API next, and which base URL: politely as a rule, sooner after a fault or when an address has just vanished. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "base/random.hpp"
#include "base/time.hpp"
#include "discovery/types.hpp"

namespace fluxpg::discovery {

struct ScheduleConfig {
  Duration period = seconds(60);     // 10 s … 1 h; each wait is shortened by up to a tenth, so that the nodes do not ask in step
  Duration retry = seconds(10);      // after a fault; doubled with each further one, up to the period
  Duration hurry = seconds(4);       // between the polls that confirm a vanished address
  Duration hurry_for = seconds(75);  // how long they go on; make it the absence window + 15 s
  Duration urgent = seconds(4);     // the period while a voter is silent: whether it is listed decides about it soon
  std::size_t hurry_budget = 30;     // backends that contradict each other for ever must not make us impolite:
                                     // each hurried poll costs one, each ordinary one gives one back
};

class Schedule {
 public:
  Schedule(ScheduleConfig config, std::size_t base_urls, std::uint64_t seed);

  TimePoint next() const { return next_; }  // kNever while an answer is awaited
  // A poll begins: returns which base URL to ask. They take turns.
  std::size_t start(TimePoint now);
  // It ended. The waits count from its start, so no clock is needed here; the deadline of a poll must be below `retry`.
  void answered(const Answer& answer);
  // While a voter is silent: the next poll comes no later than `urgent` after the last one began.
  void set_urgent(bool urgent);

 private:
  ScheduleConfig config_;
  std::size_t base_urls_;
  Random random_;
  TimePoint started_{};
  TimePoint next_{};
  TimePoint hurry_until_{};
  bool urgent_ = false;
  std::size_t polls_ = 0;
  std::size_t faults_in_a_row_ = 0;
  std::size_t budget_;
  std::set<std::string> previous_;
};

}  // namespace fluxpg::discovery
