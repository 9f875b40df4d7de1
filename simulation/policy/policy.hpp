// What others do about dead members, with the agent's face: for a comparison under the same faults.
#pragma once

#include <memory>
#include <string>

#include "supervisor/core/io.hpp"

namespace fluxpg::policy {

struct PolicyText {
  const char* name;
  const char* what;
};

inline constexpr PolicyText kPolicies[] = {
    {"ours", "the agent: a majority of the voters signs, one elected remover acts, one change at a time"},
    {"seed-updater", "the shell updater: every node removes every member that one poll does not list"},
    {"one-poll-check", "etcd's leader removes what one poll does not list and it cannot reach itself"},
    {"lowest-id-leader", "the lowest id that reaches nobody lower acts on what it sees alone: our times, no votes"},
};

struct Config {
  std::string name;
  std::string address;
};

class Policy {
 public:
  virtual ~Policy() = default;
  virtual supervisor::Actions handle(const Now& now, const supervisor::Input& input) = 0;
  virtual TimePoint next_deadline() const = 0;
};

bool is_policy(const std::string& name);
// One of kPolicies but "ours", which is the agent itself.
std::unique_ptr<Policy> make_policy(const std::string& name, Config config);

// All of them name members by address, as the shell updater does.
std::string peer_url(const std::string& address);
std::string client_url(const std::string& address);

}  // namespace fluxpg::policy
