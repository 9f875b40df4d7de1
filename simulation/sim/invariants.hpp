// All invariants, checked after every event, each with the sentence that says why it matters.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "simulation/sim/simulation.hpp"

namespace fluxpg::simulation {

struct InvariantText {
  const char* name;
  const char* why;
};

inline constexpr InvariantText kInvariants[] = {
    {"one-open-decision",
     "Two changes under way at once can each be safe and together cost the quorum: an open decision is closed, never overwritten."},
    {"certified-removal",
     "A voter is removed only under an open record whose certificate is a majority of exactly the electorate it lands in."},
    {"recorded-change",
     "Every change of membership has an open decision that asked for it; a call without one is somebody's late or wild call."},
    {"one-effect-per-decision", "Two calls for one decision may not both take effect, or the second lands where nobody agreed to it."},
    {"nobody-alive-is-decided",
     "A member that works and is connected to a majority for the whole ballot answers it: deciding it dead would evict a healthy node."},
    {"quorum-survives",
     "If enough voters lived before a removal, enough live after it: eviction must never cost what it is meant to protect."},
    {"epochs-grow", "The epoch orders decisions: one that is not larger than all before lets an old decision be taken for a new one."},
    {"one-cluster", "A second cluster of one app is a second, empty database that accepts writes."},
    {"no-data-touched-under-etcd", "Setting data aside under a running etcd corrupts the only copy."},
    {"no-spinning", "An agent that asks to be called all the time burns the CPU that its PostgreSQL needs."},
    {"no-amnesia", "An etcd that ends with exit code 2 was started with an empty disk under an id that had voted."},
};

class Invariants {
 public:
  Invariants(Simulation& simulation, std::string app) : sim_(simulation), seen_(simulation), app_(std::move(app)) {}
  void check();

 private:
  void check_clusters();
  void check_record();
  void check_change(const etcd_model::MembershipChange& change);
  void check_certificate(const etcd_model::MembershipChange& change, const record::Record& record);
  void check_processes();
  void note_health();
  void see_who_works();
  bool well(std::size_t host) const;

  Simulation& sim_;
  const Simulation& seen_;  // looking changes nothing
  std::string app_;
  std::uint64_t commits_seen_ = 0;
  std::int64_t record_revision_ = 0;
  std::optional<record::Record> record_;
  std::int64_t last_open_ = 0;
  std::map<std::int64_t, int> effects_;
  TimePoint health_noted_{};
  std::optional<std::uint64_t> health_as_of_;  // Simulation::version() then
  std::vector<bool> works_;
  std::vector<std::size_t> voters_;  // where they run; those that run nowhere are hosts()
  std::vector<int> exit_codes_;
};

}  // namespace fluxpg::simulation
