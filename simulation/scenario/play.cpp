#include "simulation/scenario/play.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/ids.hpp"

namespace fluxpg::scenario {

namespace {

constexpr Duration kBetweenQuestions = milliseconds(100);

std::string in_seconds(Duration time) {
  const std::int64_t ms = to_ms(time);
  const std::string tenth = ms % 1000 == 0 ? "" : "." + std::to_string(ms % 1000 / 100);
  return std::to_string(ms / 1000) + tenth + " s";
}

}  // namespace

Play::Play(const Scenario& scenario, World& world)
    : scenario_(scenario),
      world_(world),
      steps_(scenario.steps.size()),
      expectations_(scenario.expectations.size()),
      nevers_(scenario.nevers.size()) {
  name_nodes();
  advance();
}

void Play::name_nodes() {
  const auto taken = [this](Node node) {
    return std::any_of(named_.begin(), named_.end(), [node](const auto& entry) { return entry.second == node; });
  };
  for (const auto& [name, role] : scenario_.let) {
    std::optional<Node> node;
    if (role == "other") {
      for (Node each = 0; each < world_.nodes() && !node; ++each) {
        if (world_.is_voter(each) && !taken(each)) node = each;
      }
    } else {
      node = find(role);
    }
    if (node) {
      named_[name] = *node;
    } else {
      fail(1, "'" + name + "' cannot be named: there is no " + role);
    }
  }
}

void Play::advance() {
  for (std::size_t i = 0; i < steps_.size(); ++i) advance_step(scenario_.steps[i], steps_[i]);
  for (std::size_t i = 0; i < expectations_.size(); ++i) advance_expectation(scenario_.expectations[i], expectations_[i]);
  for (std::size_t i = 0; i < nevers_.size(); ++i) advance_never(scenario_.nevers[i], nevers_[i]);
}

void Play::advance_step(const Step& step, StepState& state) {
  if (state.done == step.times) return;
  const auto from = begin(step.since);
  if (!from || world_.now() < *from) return;
  if (!state.due) {
    if (!step.when.empty()) {
      if (!state.lookout) state.lookout = look_out(step.when);
      const auto seen = look(*state.lookout, false);
      if (!seen || !seen->holds) return;
    }
    state.due = (step.when.empty() ? *from : world_.now()) + step.delay;
  }
  while (state.done < step.times && world_.now() >= *state.due) {
    if (state.done++ == 0 && !step.name.empty()) happened_[step.name] = world_.now();
    *state.due += step.every;
    carry_out(step);
  }
}

void Play::carry_out(const Step& step) {
  const Fault& fault = step.fault;
  const Deed deed{fault.name, find_all(fault.on), find_all(fault.to), fault.lasts, fault.backend};
  const bool nobody = deed.on.empty() != fault.on.empty() || deed.to.empty() != fault.to.empty();
  if (!nobody) return world_.carry_out(deed);
  if (!step.optional) fail(step.line, "'" + fault.name + "' finds nobody: " + listed(deed.on.empty() ? fault.on : fault.to));
}

void Play::advance_expectation(const Expectation& expectation, Judged& state) {
  const auto from = begin(expectation.since);
  if (state.settled || !from || world_.now() < *from) return;
  if (!state.lookout) state.lookout = look_out(expectation.that);
  const Duration end = *from + expectation.within;
  const bool late = world_.now() >= end;
  const auto seen = look(*state.lookout, late);
  if (!seen) return;
  state.settled = seen->holds || late;
  if (state.settled && !seen->holds) {
    fail(expectation.line, "expected from " + in_seconds(*from) + " to " + in_seconds(end) + ": " + to_text(expectation.that) +
                               "; seen: " + seen->what);
  }
}

void Play::advance_never(const Never& never, Judged& state) {
  const auto from = begin(never.since);
  if (state.settled || !from || world_.now() < *from) return;
  state.settled = never.until && world_.now() > *never.until;
  if (state.settled) return;
  if (!state.lookout) state.lookout = look_out(never.that);
  const auto seen = look(*state.lookout, false);
  if (!seen || !seen->holds) return;
  state.settled = true;
  fail(never.line, "must never be: " + to_text(never.that) + "; seen: " + seen->what);
}

void Play::finish() {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = scenario_.steps[i];
    if (steps_[i].done > 0 || step.optional) continue;
    fail(step.line, "'" + step.fault.name + "' never happened" + (step.when.empty() ? "" : ": this was never seen: " + to_text(step.when)));
  }
  for (std::size_t i = 0; i < expectations_.size(); ++i) {
    const Expectation& expectation = scenario_.expectations[i];
    if (!expectations_[i].settled) fail(expectation.line, "the scenario ended before this was judged: " + to_text(expectation.that));
  }
}

void Play::fail(int line, const std::string& what) {
  failures_.push_back({world_.now(), scenario_.file + ":" + std::to_string(line) + ": " + what});
}

std::optional<Duration> Play::begin(const Since& since) const {
  if (since.step.empty()) return since.wait;
  const auto step = happened_.find(since.step);
  return step == happened_.end() ? std::nullopt : std::optional(step->second + since.wait);
}

Play::Lookout Play::look_out(const Conditions& that) const {
  Lookout out{&that, {}, {}, false};
  for (const Condition& condition : that) {
    const Observation& word = *find_observation(condition.name);
    out.before.push_back(word.is_event ? world_.happened(word.name) : 0);
    out.asks = out.asks || word.by_asking;
  }
  return out;
}

std::optional<Seen> Play::look(Lookout& lookout, bool now) const {
  if (lookout.asks && !now && lookout.looked && world_.now() - *lookout.looked < kBetweenQuestions) return std::nullopt;
  lookout.looked = world_.now();
  Seen all{true, ""};
  for (std::size_t i = 0; i < lookout.that->size(); ++i) {
    const Condition& condition = (*lookout.that)[i];
    const Seen one = look(condition, lookout.before[i]);
    all.holds = all.holds && one.holds;
    all.what += (all.what.empty() ? "" : ", ") + one.what;
  }
  return all;
}

// Of somebody who is not there (a role that nobody has) nothing holds, and the contrary does not either.
Seen Play::look(const Condition& condition, std::uint64_t before) const {
  const Observation& word = *find_observation(condition.name);
  if (word.is_event) {
    const std::uint64_t times = world_.happened(word.name) - before;
    return {(times > 0) != condition.negated, word.name + " " + std::to_string(times) + " times"};
  }
  std::vector<Node> nodes = find_all(condition.nodes);
  if (nodes.empty() && !condition.nodes.empty()) return {false, "nobody is " + listed(condition.nodes)};
  if (nodes.empty() && condition.name == "says") {
    for (Node node = 0; node < world_.nodes(); ++node) {
      if (world_.runs(node)) nodes.push_back(node);
    }
  }
  if (nodes.empty()) nodes.push_back(0);
  Seen all{true, ""};
  for (const Node node : nodes) {
    const Seen one = word.look(world_, condition, node);
    if (one.holds && all.holds && !all.what.empty()) all.what += ", ";
    all.what = one.holds && all.holds ? all.what + one.what : one.holds ? all.what : one.what;
    all.holds = all.holds && one.holds;
  }
  all.holds = all.holds != condition.negated;
  return all;
}

std::optional<Node> Play::find(const std::string& name) const {
  if (const auto named = named_.find(name); named != named_.end()) return named->second;
  if (name == "remover") return world_.remover();
  if (name == "leader") return world_.leader();
  if (name == "victim") return world_.victim();
  const auto number = number_from_decimal(name.substr(name.find('-') + 1));
  return number ? std::optional(static_cast<Node>(*number)) : std::nullopt;
}

std::vector<Node> Play::find_all(const Names& names) const {
  std::vector<Node> all;
  for (const std::string& name : names) {
    if (name == "all") {
      for (Node node = 0; node < scenario_.nodes; ++node) all.push_back(node);
    } else if (const auto node = find(name)) {
      all.push_back(*node);
    } else {
      return {};
    }
  }
  return all;
}

}  // namespace fluxpg::scenario
