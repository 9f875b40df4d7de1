#include "discovery/listing.hpp"

#include <algorithm>

#include "base/guard.hpp"

namespace fluxpg::discovery {
namespace {

std::string whole_seconds(Duration d) { return std::to_string(to_ms(d) / 1000) + " s"; }

std::string counted(std::uint64_t count, const char* noun) { return std::to_string(count) + " " + noun + (count == 1 ? "" : "s"); }

template <class Map, class Age>
typename Map::iterator oldest(Map& map, Age age) {
  return std::min_element(map.begin(), map.end(), [&](const auto& a, const auto& b) { return age(a.second) < age(b.second); });
}

}  // namespace

void Listing::handle(const Now& now, const Answer& answer) {
  if (const auto* bad = std::get_if<Bad>(&answer)) {
    ++faults_[bad->fault];
    last_fault_ = std::string(to_text(bad->fault)) + ": " + bad->detail;
    return;
  }
  const auto& good = std::get<Good>(answer);
  std::set<std::string> rows;
  for (const Row& row : good.rows) rows.insert(row.address);

  // The first answer, or the first after a silence, is itself an observation for those whom it lacks: hence the counts before it.
  if (!has_good_answer() || !is_fresh(now, last_good_)) heard_since_ = Mark{now.boot, good_answers_, points_};
  points_ += is_thin(now, rows) ? 1U : 2U;
  ++good_answers_;
  last_good_ = now.boot;
  last_fault_.clear();
  const Mark mark{now.boot, good_answers_, points_};
  for (const std::string& address : rows) addresses_[address].last_seen = mark;
  for (auto& [address, known] : addresses_) {
    if (rows.count(address) > 0) {
      known.absent_since.reset();
    } else if (!known.absent_since) {
      known.absent_since = now.boot;
    }
  }
  backends_[good.backend] = Backend{mark, std::move(rows)};

  forget_old(now);
  const std::set<std::string> current = listed(now);
  for (auto& [address, known] : addresses_) {
    if (current.count(address) == 0) {
      known.listed_since.reset();
    } else if (!known.listed_since) {
      known.listed_since = now.boot;
    }
  }
}

bool Listing::is_thin(const Now& now, const std::set<std::string>& rows) const {
  const std::set<std::string> recent = listed_within(now, config_.fresh);
  const auto missing = std::count_if(recent.begin(), recent.end(), [&](const std::string& address) { return rows.count(address) == 0; });
  return static_cast<std::size_t>(missing) * 2 > recent.size();
}

void Listing::forget_old(const Now& now) {
  for (auto& [name, backend] : backends_) {
    if (!is_fresh(now, backend.last_answer.at)) backend.rows.clear();
  }
  const auto answered = [](const Backend& backend) { return backend.last_answer.answers; };
  for (auto it = oldest(backends_, answered); it != backends_.end(); it = oldest(backends_, answered)) {
    if (backends_.size() <= config_.max_backends && now.boot - it->second.last_answer.at <= config_.memory) break;
    backends_.erase(it);
  }
  // Whoever is forgotten becomes a stranger, so a stranger may have been listed until then.
  const auto seen = [](const Address& address) { return address.last_seen.answers; };
  for (auto it = oldest(addresses_, seen); it != addresses_.end(); it = oldest(addresses_, seen)) {
    if (addresses_.size() <= config_.max_addresses && now.boot - it->second.last_seen.at <= config_.memory) break;
    if (it->second.last_seen.answers > strangers_.last_seen.answers) strangers_ = it->second;
    addresses_.erase(it);
  }
}

std::size_t Listing::listed_by(const Now& now, const std::string& address) const {
  const auto names_it = [&](const auto& entry) {
    return is_fresh(now, entry.second.last_answer.at) && entry.second.rows.count(address) != 0;
  };
  return static_cast<std::size_t>(std::count_if(backends_.begin(), backends_.end(), names_it));
}

Listing::Absence Listing::absence(const Now& now, const std::string& address) const {
  const auto known = addresses_.find(address);
  const Address& address_known = known == addresses_.end() ? strangers_ : known->second;
  const bool before_silence = address_known.last_seen.answers <= heard_since_.answers;
  const Mark& named = before_silence ? heard_since_ : address_known.last_seen;
  Absence result;
  result.since = before_silence ? heard_since_.at : address_known.absent_since.value_or(last_good_);
  result.answers = good_answers_ - named.answers;
  result.points = points_ - named.points;
  // Every answer since lacked the address, so whoever answered since is one more witness.
  const auto witness = [&](const auto& entry) { return entry.second.last_answer.answers > named.answers; };
  result.backends = static_cast<std::size_t>(std::count_if(backends_.begin(), backends_.end(), witness));
  const auto heard = [&](const auto& entry) { return is_fresh(now, entry.second.last_answer.at); };
  result.backends_needed = std::min<std::ptrdiff_t>(2, std::count_if(backends_.begin(), backends_.end(), heard)) == 2 ? 2 : 1;
  // Measured to the latest good answer, not to now: what nobody has looked at since is not known to be absent.
  const bool long_enough = last_good_ - result.since >= config_.absence_window || !holds(Guard::kAbsenceWindow);
  result.enough = long_enough && result.points >= 2 * config_.min_absences &&
                  (result.backends >= result.backends_needed || !holds(Guard::kTwoBackends));
  return result;
}

Presence Listing::presence(const Now& now, const std::string& address) const {
  if (!has_good_answer() || !is_fresh(now, last_good_)) return Presence::kUnknown;
  // What a backend said before all of the absence is older news than the absence, even if that backend has not been asked again.
  if (absence(now, address).enough) return Presence::kUnlisted;
  return listed_by(now, address) > 0 ? Presence::kListed : Presence::kUnknown;
}

std::optional<TimePoint> Listing::absent_since(const Now& now, const std::string& address) const {
  if (!has_good_answer() || presence(now, address) == Presence::kListed) return std::nullopt;
  return absence(now, address).since;
}

std::optional<TimePoint> Listing::listed_since(const std::string& address) const {
  const auto known = addresses_.find(address);
  return known == addresses_.end() ? std::nullopt : known->second.listed_since;
}

std::string Listing::describe(const Now& now, const std::string& address) const {
  const std::string fault = last_fault_.empty() ? "" : " (" + last_fault_ + ")";
  if (!has_good_answer()) return "unknown: no good answer yet" + fault;
  if (!is_fresh(now, last_good_)) return "unknown: the last good answer is " + whole_seconds(now.boot - last_good_) + " old" + fault;
  const Absence seen = absence(now, address);
  if (const std::size_t count = listed_by(now, address); count > 0 && !seen.enough) {
    const auto since = listed_since(address);
    return "listed by " + counted(count, "backend") + " for " + whole_seconds(now.boot - since.value_or(now.boot));
  }
  std::string text = "absent from " + counted(seen.answers, "answer") + " of " + counted(seen.backends, "backend") + " since " +
                     whole_seconds(now.boot - seen.since) + " ago";
  if (seen.enough) return text;
  text += "; unlisted after " + whole_seconds(config_.absence_window) + " and " + counted(config_.min_absences, "answer") + " of " +
          counted(seen.backends_needed, "backend");
  if (seen.points < 2 * seen.answers) text += "; answers that lack more than half of the list count half";
  return text;
}

std::set<std::string> Listing::listed(const Now& now) const {
  std::set<std::string> result;
  for (const auto& [name, backend] : backends_) {
    if (is_fresh(now, backend.last_answer.at)) result.insert(backend.rows.begin(), backend.rows.end());
  }
  return result;
}

std::set<std::string> Listing::listed_within(const Now& now, Duration age) const {
  std::set<std::string> result;
  for (const auto& [address, known] : addresses_) {
    if (now.boot - known.last_seen.at <= age) result.insert(address);
  }
  return result;
}

}  // namespace fluxpg::discovery
