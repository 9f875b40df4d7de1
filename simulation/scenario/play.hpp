// Plays a scenario on a world: carries out its faults when they are due, and judges what is seen.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "simulation/scenario/observations.hpp"
#include "simulation/scenario/scenario.hpp"
#include "simulation/scenario/world.hpp"

namespace fluxpg::scenario {

struct Failure {
  Duration at{};     // of the scenario's time
  std::string what;  // FILE:LINE: what was expected, and what was seen
};

class Play {
 public:
  // Both must outlive it. The names of `let` are given now.
  Play(const Scenario& scenario, World& world);
  // To be called whenever something may have happened: the oftener, the more exactly faults hit.
  void advance();
  bool over() const { return world_.now() >= scenario_.lasts; }
  // After the last advance: what has not come by now never came.
  void finish();
  const std::vector<Failure>& failures() const { return failures_; }

 private:
  // Conditions that are looked out for, and how often their events had happened when that began.
  struct Lookout {
    const Conditions* that = nullptr;
    std::vector<std::uint64_t> before;
    std::optional<Duration> looked;
    bool asks = false;
  };
  struct StepState {
    std::optional<Lookout> lookout;
    std::optional<Duration> due;
    std::size_t done = 0;
  };
  struct Judged {
    std::optional<Lookout> lookout;
    bool settled = false;
  };

  void name_nodes();
  void advance_step(const Step& step, StepState& state);
  void advance_expectation(const Expectation& expectation, Judged& state);
  void advance_never(const Never& never, Judged& state);
  void carry_out(const Step& step);
  void fail(int line, const std::string& what);
  std::optional<Duration> begin(const Since& since) const;
  Lookout look_out(const Conditions& that) const;
  std::optional<Seen> look(Lookout& lookout, bool now) const;  // nothing: it is not time to look again
  Seen look(const Condition& condition, std::uint64_t before) const;
  std::optional<Node> find(const std::string& name) const;
  std::vector<Node> find_all(const Names& names) const;  // empty: somebody is not there

  const Scenario& scenario_;
  World& world_;
  std::map<std::string, Node> named_;
  std::map<std::string, Duration> happened_;  // steps
  std::vector<StepState> steps_;
  std::vector<Judged> expectations_;
  std::vector<Judged> nevers_;
  std::vector<Failure> failures_;
};

}  // namespace fluxpg::scenario
