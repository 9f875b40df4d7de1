#include "discovery/schedule.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace fluxpg::discovery {

Schedule::Schedule(ScheduleConfig config, std::size_t base_urls, std::uint64_t seed)
    : config_(config), base_urls_(base_urls), random_(seed), budget_(config.hurry_budget) {
  CHECK(base_urls > 0);
}

std::size_t Schedule::start(TimePoint now) {
  started_ = now;
  next_ = kNever;
  return polls_++ % base_urls_;
}

void Schedule::answered(const Answer& answer) {
  Duration wait = config_.period;
  std::int64_t spread = 10;  // the wait is shortened by up to a tenth at random, so that nodes do not poll in step
  if (const auto* good = std::get_if<Good>(&answer)) {
    faults_in_a_row_ = 0;
    std::set<std::string> rows;
    for (const Row& row : good->rows) rows.insert(row.address);
    if (!std::includes(rows.begin(), rows.end(), previous_.begin(), previous_.end())) hurry_until_ = started_ + config_.hurry_for;
    previous_ = std::move(rows);
    if (started_ < hurry_until_ && budget_ > 0) {
      --budget_;
      wait = config_.hurry;
      spread = 2;  // more so here: nodes that hurry in step would each be served by one backend of the round-robin again and again
    } else {
      if (urgent_) wait = std::min(wait, config_.urgent);
      budget_ = std::min(budget_ + 1, config_.hurry_budget);
    }
  } else {
    wait = config_.retry;
    for (std::size_t i = 0; i < faults_in_a_row_ && wait < config_.period; ++i) wait *= 2;
    wait = std::min(wait, config_.period);
    ++faults_in_a_row_;
  }
  next_ = started_ + wait - random_.below(std::max(wait / spread, Duration(1)));
}

void Schedule::set_urgent(bool urgent) {
  if (urgent && !urgent_ && next_ != kNever && faults_in_a_row_ == 0) next_ = std::min(next_, started_ + config_.urgent);
  urgent_ = urgent;
}

}  // namespace fluxpg::discovery
