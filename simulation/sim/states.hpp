// Which states of the protocol a run has reached: a guard that no run ever needed is not tested by it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gossip/verdict/types.hpp"

namespace fluxpg::simulation {

struct StateText {
  const char* name;
  const char* what;
};

// All of them, in the order of a decision's life. Each must be reached by the default `fluxpg-sim run`.
const std::vector<StateText>& state_kinds();

class States {
 public:
  void reach(const std::string& name);  // one of state_kinds()
  void voted(const verdict::Vote& vote);
  void closed(const std::string& outcome);  // of a record
  void said(std::size_t host, const std::string& text);
  const std::map<std::string, std::uint64_t>& reached() const { return reached_; }

 private:
  std::map<std::string, std::uint64_t> reached_;
  std::set<std::pair<Nonce, MemberId>> votes_;  // each may be sent several times
  std::optional<std::size_t> remover_;
};

}  // namespace fluxpg::simulation
