// The listing with memory: who should exist, according to many answers of backends that disagree. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/time.hpp"
#include "discovery/types.hpp"

namespace fluxpg::discovery {

struct ListingConfig {
  Duration absence_window = seconds(60);  // absent for at least this long before it counts as unlisted (ABSENCE_WINDOW, 10 s … 24 h)
  std::size_t min_absences = 2;  // and in at least this many good answers; from two distinct backends if more than one was ever seen
  Duration fresh = minutes(5);   // an older answer says nothing any more; several polls long, or silence looks like ignorance
  Duration memory = std::chrono::hours(3);  // addresses and backends not seen for longer are forgotten
  std::size_t max_addresses = 4096;
  std::size_t max_backends = 256;
};

enum class Presence {
  kUnknown,   // too little is known: no good answers lately, or the absence is too young, or too few answers or backends confirm it
  kListed,    // not absent for long enough, and in the latest good answer of a backend that was heard within `fresh`
  kUnlisted,  // absent long enough, often enough, from two backends if two were heard within `fresh`
};

// How absence is counted. It begins with the first good answer that lacks the address: how long it had been gone before, nobody saw.
// Every good answer without it, later than the last one with it, is one observation. An answer that
// lacks more than half of all addresses named within `fresh` is more likely a backend that lost its rows than a massacre: it is *thin*
// and counts half, so a list that shrinks by more than half needs twice the answers. Bad answers (empty ones are bad) only count as
// faults: they neither end an absence nor prolong it. After a silence longer than `fresh`, and at the start, counting begins with the
// first good answer: databases are at their worst after an outage. That also covers an address that no answer ever named: after a
// restart of ours, a row that had vanished before is noticed too.
class Listing {
 public:
  explicit Listing(ListingConfig config) : config_(config) {}

  void handle(const Now& now, const Answer& answer);
  // Somebody has this address as of now: what answers lacked before is no absence of it. A node that moves is not unlisted for having
  // moved.
  void expect(const Now& now, const std::string& address);

  Presence presence(const Now& now, const std::string& address) const;
  // Where the counting began; nullopt if it is listed or there is no good answer yet.
  std::optional<TimePoint> absent_since(const Now& now, const std::string& address) const;
  // One sentence for status and explain: "absent from 3 answers of 2 backends since 64 s ago"; the last answer that named it is that old.
  std::string describe(const Now& now, const std::string& address) const;
  // Since when it has been listed without interruption; nullopt if it is not. Silence of the API is no interruption.
  std::optional<TimePoint> listed_since(const std::string& address) const;
  // Addresses in the latest good answer of any backend that was heard within `fresh`.
  std::set<std::string> listed(const Now& now) const;
  // Addresses that any good answer named within the last `age` (at most `memory`).
  std::set<std::string> listed_within(const Now& now, Duration age) const;

  // Whoever was named by no answer yet would count as unlisted: there were enough of them, over long enough, from enough backends.
  bool tells_who_is_absent(const Now& now) const { return presence(now, "") == Presence::kUnlisted; }

  bool has_good_answer() const { return good_answers_ > 0; }
  TimePoint last_good() const { return last_good_; }
  const std::map<Fault, std::uint64_t>& faults() const { return faults_; }
  std::uint64_t good_answers() const { return good_answers_; }
  const std::string& last_fault() const { return last_fault_; }  // one sentence; empty if the latest answer was good

 private:
  // The moment of one good answer: everything counted since is a difference.
  struct Mark {
    TimePoint at;
    std::uint64_t answers = 0;
    std::uint64_t points = 0;  // two for a good answer, one for a thin one
  };
  struct Address {
    Mark last_seen;
    std::optional<TimePoint> absent_since;  // the first good answer without it
    bool named = false;                     // by any answer yet; else only expected
    std::optional<TimePoint> listed_since;
  };
  struct Backend {
    Mark last_answer;
    std::set<std::string> rows;  // emptied when no longer fresh
  };
  struct Absence {
    TimePoint since;
    std::uint64_t answers = 0;
    std::uint64_t points = 0;
    std::size_t backends = 0;
    std::size_t backends_needed = 1;
    bool enough = false;
  };
  bool is_thin(const Now& now, const std::set<std::string>& rows) const;
  bool is_fresh(const Now& now, TimePoint at) const { return now.boot - at <= config_.fresh; }
  std::size_t listed_by(const Now& now, const std::string& address) const;
  Absence absence(const Now& now, const std::string& address) const;
  void forget_old(const Now& now);

  ListingConfig config_;
  std::map<std::string, Address> addresses_;
  std::map<std::string, Backend> backends_;
  Address strangers_;  // the last answer that may have named an address that is not in addresses_
  Mark heard_since_;   // no silence longer than `fresh` since then
  TimePoint last_good_{};
  std::uint64_t good_answers_ = 0;
  std::uint64_t points_ = 0;
  std::map<Fault, std::uint64_t> faults_;
  std::string last_fault_;
};

}  // namespace fluxpg::discovery
