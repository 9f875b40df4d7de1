// A scenario as plain values: what goes wrong and when, and what must or must not be seen. Who carries it out is not said here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace fluxpg::scenario {

// As the file names them: "node-0", a role ("remover", "leader", "victim"), a name of `let`, or "all".
using Names = std::vector<std::string>;

enum class Compare : std::uint8_t { kEqual, kLess, kAtMost, kMore, kAtLeast };

// One observation of the vocabulary (observations.hpp) and what it is compared with; holds for all of its nodes.
struct Condition {
  std::string name;
  bool negated = false;
  Names nodes;
  Compare compare = Compare::kEqual;
  std::uint64_t number = 0;
  std::string text;
};
using Conditions = std::vector<Condition>;  // all of them

// From when on something is due or looked at: so long after the start, or after the step of that name has happened.
struct Since {
  std::string step;
  Duration wait{};
};

struct Fault {
  std::string name;
  Names on;
  Names to;                       // peers; empty: everybody else
  std::optional<Duration> lasts;  // not given: until something else ends it
  std::optional<std::size_t> backend;
};

struct Step {
  std::string name;  // empty: nothing refers to it
  Since since;
  Conditions when;  // empty: at once
  Duration delay{};  // after `when` has come true
  Fault fault;
  Duration every{};
  std::size_t times = 1;
  bool optional = false;  // a run in which `when` never comes true is no failure
  int line = 0;
};

struct Expectation {
  Since since;
  Duration within{};
  Conditions that;
  int line = 0;
};

struct Never {
  Since since;
  std::optional<Duration> until;  // of the scenario's time
  Conditions that;
  int line = 0;
};

struct Scenario {
  std::string file;
  std::string name;  // the file's, without folder and suffix
  bool in_simulator = false;
  bool in_containers = false;
  std::size_t nodes = 3;    // run at the start
  std::size_t spares = 0;   // machines that do not
  std::size_t instances = 3;
  std::size_t backends = 3;
  std::uint64_t seeds = 5;
  bool founded = true;  // time 0: a cluster that has been well for two minutes; else: nothing runs yet
  Duration lasts{};
  Names shadow;
  std::map<std::string, std::string> addresses;
  std::vector<std::pair<std::string, std::string>> let;  // name, role; in this order, at time 0
  std::vector<Step> steps;
  std::vector<Expectation> expectations;
  std::vector<Never> nevers;
  Names kills;      // mutants that must not survive this scenario
  Names tolerates;  // invariants that the scenario itself breaks, as an operator's hand would
};

}  // namespace fluxpg::scenario
