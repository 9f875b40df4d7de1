// The observations that scenarios can name in `when`, `expect` and `never`, and how each is judged.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "simulation/scenario/scenario.hpp"
#include "simulation/scenario/words.hpp"
#include "simulation/scenario/world.hpp"

namespace fluxpg::scenario {

struct Seen {
  bool holds = false;
  std::string what;  // what was seen instead, or in fact
};

struct Observation {
  enum class Takes : std::uint8_t { kNothing, kNodes, kNumber, kText };
  std::string name;
  Takes takes = Takes::kNothing;
  std::string what;
  bool by_asking = false;  // of a daemon or of etcd's history: looked at ten times a second only
  bool is_event = false;   // has happened since it is looked out for; counted, so that none is missed
  bool only_virtual = false;
  // Null: an event. One node at a time; 0 if it takes none.
  std::function<Seen(const World&, const Condition&, Node)> look;
};

const std::vector<Observation>& observations();
const Observation* find_observation(const std::string& name);

std::string to_text(const Condition& condition);
std::string to_text(const Conditions& conditions);
bool compare(std::uint64_t seen, const Condition& with);

}  // namespace fluxpg::scenario
