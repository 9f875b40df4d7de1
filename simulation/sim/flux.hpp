// The Flux API as it lies: several backends, each with its own rows, and its own way of not answering.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "discovery/types.hpp"

namespace fluxpg::simulation {

class Flux {
 public:
  explicit Flux(std::size_t backends) : backends_(backends) {}

  void list(const std::string& address) {
    for (Backend& backend : backends_) backend.rows.insert(address);
  }
  void unlist(const std::string& address) {
    for (Backend& backend : backends_) backend.rows.erase(address);
  }
  void list_on(std::size_t backend, const std::string& address) { backends_.at(backend).rows.insert(address); }
  void unlist_on(std::size_t backend, const std::string& address) { backends_.at(backend).rows.erase(address); }
  // Every question is answered like this until it ends.
  void fail(std::optional<discovery::Fault> fault) { fault_ = fault; }
  void fail_on(std::size_t backend, std::optional<discovery::Fault> fault) { backends_.at(backend).fault = fault; }
  // Answers hold only so many rows, others each time.
  void truncate(std::optional<std::size_t> rows) { truncate_ = rows; }
  std::size_t backends() const { return backends_.size(); }
  bool works() const { return !fault_; }
  bool truncates() const { return truncate_.has_value(); }
  bool lists(std::size_t backend, const std::string& address) const { return backends_[backend].rows.count(address) > 0; }

  discovery::Answer ask(Random& random) {
    const std::size_t index = random.below(backends_.size());
    const Backend& backend = backends_[index];
    const std::string name = "server" + std::to_string(index);
    const auto fault = fault_ ? fault_ : backend.fault;
    if (fault) return discovery::Bad{name, *fault, "injected"};
    std::vector<discovery::Row> rows;
    for (const std::string& address : backend.rows) rows.push_back({address, 16127});
    while (truncate_ && rows.size() > *truncate_) rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(random.below(rows.size())));
    if (rows.empty()) return discovery::Bad{name, discovery::Fault::kEmpty, "a well-formed empty list"};
    return discovery::Good{name, std::move(rows)};
  }

 private:
  struct Backend {
    std::set<std::string> rows;
    std::optional<discovery::Fault> fault;
  };
  std::vector<Backend> backends_;
  std::optional<discovery::Fault> fault_;
  std::optional<std::size_t> truncate_;
};

}  // namespace fluxpg::simulation
