// The listing with memory: who should exist, according to many answers of backends that disagree. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "discovery/types.hpp"

namespace fluxpg::discovery {

struct ListingConfig {
  Duration absence_window = seconds(60);  // absent for at least this long before it counts as unlisted (ABSENCE_WINDOW, 10 s … 24 h)
  std::size_t min_absences = 2;           // and in at least this many good answers; from two distinct backends if more than one was ever seen
  Duration memory = std::chrono::hours(3);  // addresses and backends not seen for longer are forgotten
  std::size_t max_addresses = 4096;
  std::size_t max_backends = 256;
};

enum class Presence {
  kUnknown,   // too little is known: no good answers lately, or the absence is younger than the window
  kListed,    // in the latest good answer of at least one backend
  kUnlisted,  // absent long enough, often enough
};

class Listing {
 public:
  explicit Listing(ListingConfig config) : config_(config) {}

  void handle(const Now& now, const Answer& answer);

  Presence presence(const Now& now, const std::string& address) const;
  // Since when it is absent from every answer; nullopt if it is listed or was never heard of.
  std::optional<TimePoint> absent_since(const std::string& address) const;
  // One sentence for status and explain: "absent from 3 answers of 2 backends for 64 s".
  std::string describe(const Now& now, const std::string& address) const;
  // Since when it has been listed without interruption; nullopt if it is not.
  std::optional<TimePoint> listed_since(const std::string& address) const;
  // Addresses in the latest good answer of any backend.
  std::set<std::string> listed(const Now& now) const;
  // Addresses that any good answer named within the last `age`.
  std::set<std::string> listed_within(const Now& now, Duration age) const;

  bool has_good_answer() const { return last_good_ != TimePoint{}; }
  TimePoint last_good() const { return last_good_; }
  const std::map<Fault, std::uint64_t>& faults() const { return faults_; }
  std::uint64_t good_answers() const { return good_answers_; }
  const std::string& last_fault() const { return last_fault_; }  // one sentence; empty if the latest answer was good

 private:
  struct Address {
    TimePoint first_seen;
    TimePoint last_seen;
    TimePoint listed_since;
    std::map<std::string, std::size_t> absences;  // per backend, since last seen
  };
  struct Backend {
    TimePoint last_answer;
    std::set<std::string> rows;
  };
  void forget_old(const Now& now);

  ListingConfig config_;
  std::map<std::string, Address> addresses_;
  std::map<std::string, Backend> backends_;
  TimePoint last_good_{};
  std::uint64_t good_answers_ = 0;
  std::map<Fault, std::uint64_t> faults_;
  std::string last_fault_;
};

}  // namespace fluxpg::discovery
