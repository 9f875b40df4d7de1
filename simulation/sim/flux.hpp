// The Flux API as it lies: several backends, each with its own rows, and its own way of not answering.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "discovery/types.hpp"

namespace fluxpg::simulation {

// Answers that are wrong as text. They go through the daemon's own parser.
enum class Lie : std::uint8_t {
  kStatusError,  // HTTP 200, {"status":"error"}, "data" is an object
  kTruncated,    // the good answer, cut off
  kHtml,         // a proxy's page with HTTP 200
  kHttp502,
  kDuplicates,  // each row as 1.2.3.4 and as 1.2.3.4:16127
  kForeignRow,  // one row is another app's
  kBadRow,      // one row has no address
  kNotAList,    // "data" is null
  kNotText,     // bytes that are no UTF-8
  kTooMany,     // thousands of rows
};

class Flux {
 public:
  Flux(std::string app, std::size_t backends) : app_(std::move(app)), backends_(backends) {}

  void list(const std::string& address) {
    for (std::size_t i = 0; i < backends_.size(); ++i) list_on(i, address);
  }
  void unlist(const std::string& address) {
    for (std::size_t i = 0; i < backends_.size(); ++i) unlist_on(i, address);
  }
  void list_on(std::size_t backend, const std::string& address) {
    if (!backends_.at(backend).stale) backends_[backend].rows.insert(address);
  }
  void unlist_on(std::size_t backend, const std::string& address) {
    if (!backends_.at(backend).stale) backends_[backend].rows.erase(address);
  }
  // This backend never shows that row, whatever is listed.
  void hide_on(std::size_t backend, const std::string& address) { backends_.at(backend).hidden.insert(address); }
  void unhide_on(std::size_t backend, const std::string& address) { backends_.at(backend).hidden.erase(address); }
  // This backend's rows stay what they are. Afterwards it knows what the others know.
  void stop_updating(std::size_t backend) { backends_.at(backend).stale = true; }
  void go_on_updating(std::size_t backend) {
    backends_.at(backend).stale = false;
    for (const Backend& other : backends_) {
      if (!other.stale && &other != &backends_[backend]) backends_[backend].rows = other.rows;
    }
  }
  // Every question is answered like this until it ends.
  void fail(std::optional<discovery::Fault> fault) { fault_ = fault; }
  void fail_on(std::size_t backend, std::optional<discovery::Fault> fault) { backends_.at(backend).fault = fault; }
  void lie(std::optional<Lie> lie) { lie_ = lie, told_.clear(); }
  // Answers hold only so many rows, others each time.
  void truncate(std::optional<std::size_t> rows) { truncate_ = rows; }
  // Answers are so old when they arrive.
  void slow_down(Duration by) { slowness_ = by; }
  Duration slowness() const { return slowness_; }
  // No faults, and no rows.
  void reset() { *this = Flux(app_, backends_.size()); }
  std::size_t backends() const { return backends_.size(); }
  // Answers need not show what is so.
  bool misleads() const { return truncate_ || slowness_ > Duration::zero() || fault_ || lie_; }
  bool lists(std::size_t backend, const std::string& address) const {
    return backends_[backend].rows.count(address) > 0 && backends_[backend].hidden.count(address) == 0;
  }

  discovery::Answer ask(Random& random) const {
    const std::size_t index = random.below(backends_.size());
    const Backend& backend = backends_[index];
    const std::string name = "server" + std::to_string(index);
    const auto fault = fault_ ? fault_ : backend.fault;
    if (fault) return discovery::Bad{name, *fault, "injected"};
    std::vector<discovery::Row> rows;
    for (const std::string& address : backend.rows) {
      if (backend.hidden.count(address) == 0) rows.push_back({address, 16127});
    }
    while (truncate_ && rows.size() > *truncate_) rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(random.below(rows.size())));
    if (lie_) {  // the same text means the same: a thousand rows are not parsed twice
      const auto [told, added] = told_.try_emplace({name, rows});
      if (added) told->second = as_text(*lie_, name, rows);
      return told->second;
    }
    if (rows.empty()) return discovery::Bad{name, discovery::Fault::kEmpty, "a well-formed empty list"};
    return discovery::Good{name, std::move(rows)};
  }
  // What the specification says the number of instances is; nothing if it does not answer.
  std::optional<std::uint32_t> instances(std::uint32_t really) const;

 private:
  struct Backend {
    std::set<std::string> rows;
    std::set<std::string> hidden;
    bool stale = false;
    std::optional<discovery::Fault> fault;
  };
  discovery::Answer as_text(Lie lie, const std::string& backend, const std::vector<discovery::Row>& rows) const;

  std::string app_;
  std::vector<Backend> backends_;
  std::optional<discovery::Fault> fault_;
  std::optional<Lie> lie_;
  mutable std::map<std::pair<std::string, std::vector<discovery::Row>>, discovery::Answer> told_;
  std::optional<std::size_t> truncate_;
  Duration slowness_{};
};

}  // namespace fluxpg::simulation
