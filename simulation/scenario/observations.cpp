#include "simulation/scenario/observations.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace fluxpg::scenario {

namespace {

using Takes = Observation::Takes;

const char* sign(Compare compare) {
  switch (compare) {
    case Compare::kEqual:
      return "";
    case Compare::kLess:
      return "< ";
    case Compare::kAtMost:
      return "<= ";
    case Compare::kMore:
      return "> ";
    case Compare::kAtLeast:
      return ">= ";
  }
  CHECK(false);
}

template <class Count>
Observation number(const char* name, const char* what, Count count) {
  return {name, Takes::kNumber, what, false, false, false, [name, count](const World& world, const Condition& condition, Node) {
            const std::uint64_t seen = (world.*count)();
            return Seen{compare(seen, condition), std::string(name) + " " + std::to_string(seen)};
          }};
}

template <class Is>
Observation of_node(const char* name, const char* what, Is is) {
  return {name, Takes::kNodes, what, false, false, false, [name, is](const World& world, const Condition&, Node node) {
            const bool holds = (world.*is)(node);
            return Seen{holds, world.name(node) + (holds ? ": " : ": not ") + name};
          }};
}

template <class Is>
Observation flag(const char* name, const char* what, Is is) {
  return {name, Takes::kNothing, what, false, false, false, [name, is](const World& world, const Condition&, Node) {
            const bool holds = (world.*is)();
            return Seen{holds, (holds ? "" : "not ") + std::string(name)};
          }};
}

template <class Who>
Observation is_the(const char* name, const char* what, Who who) {
  return {name, Takes::kNodes, what, false, false, false, [name, who](const World& world, const Condition&, Node node) {
            const std::optional<Node> seen = (world.*who)();
            return Seen{seen == node, std::string(name) + ": " + (seen ? world.name(*seen) : "nobody")};
          }};
}

Observation event(const char* name, const char* what, bool only_virtual = false) {
  return {name, Takes::kNothing, what, false, true, only_virtual, nullptr};
}

// All daemons that run answer alike.
template <class Judge>
Observation of_everybody(const char* name, Takes takes, const char* what, Judge judge) {
  return {name, takes, what, true, false, false, [judge](const World& world, const Condition& condition, Node) {
            std::string first;
            for (Node node = 0; node < world.nodes(); ++node) {
              if (!world.runs(node)) continue;
              const Seen seen = judge(world.status(node), condition);
              if (!seen.holds) return Seen{false, world.name(node) + " says " + seen.what};
              first = seen.what;
            }
            return Seen{!first.empty(), first.empty() ? "no daemon runs" : "all say " + first};
          }};
}

Seen says(const World& world, const Condition& condition, Node node) {
  if (!world.runs(node)) return {false, world.name(node) + " says nothing: its daemon does not run"};
  std::string all;
  for (const std::string& sentence : world.status(node).sentences) {
    if (sentence.find(condition.text) != std::string::npos) return {true, world.name(node) + " says: " + sentence};
    all += (all.empty() ? "" : "; ") + sentence;
  }
  return {false, world.name(node) + " says: " + (all.empty() ? "nothing" : all)};
}

std::vector<Observation> all() {
  std::vector<Observation> words = {
      number("voters", "voters in etcd's list", &World::voters),
      number("members", "voters and learners in etcd's list", &World::members),
      number("clusters", "clusters that were ever founded", &World::clusters),
      number("removals", "voters that were ever removed", &World::removals),
      flag("writable", "etcd can commit", &World::writable),
      flag("decision_open", "etcd holds an open decision", &World::decision_open),
      of_node("runs", "the daemon runs", &World::runs),
      of_node("works", "daemon and etcd run, and its etcd follows a leader", &World::works),
      of_node("voter", "is a voter, with the data on its disk", &World::is_voter),
      of_node("member", "is a voter or a learner", &World::is_member),
      of_node("evicted", "was a voter, and that member id is gone", &World::evicted),
      of_node("keeps_its_data", "its etcd data is that of the start", &World::keeps_its_data),
      of_node("keeps_its_database", "its PostgreSQL data is of the database that it had at the start", &World::keeps_its_database),
      of_node("runs_postgres", "Patroni runs", &World::runs_postgres),
      is_the("postgres_leader", "its PostgreSQL led first since etcd's data was made", &World::postgres_leader),
      is_the("remover", "holds the remover key", &World::remover),
      is_the("leader", "its etcd leads", &World::leader),
      is_the("victim", "the open decision would remove it", &World::victim),
      {"last_rule", Takes::kText, "the last removal was done by this rule", true, false, false,
       [](const World& world, const Condition& condition, Node) {
         const std::string rule = world.last_rule();
         return Seen{rule == condition.text, "last_rule " + (rule.empty() ? "none" : rule)};
       }},
      {"says", Takes::kText, "status of each node of `on` has a sentence with this text (without `on`: of all that run)", true, false,
       false, says},
      of_everybody("health", Takes::kText, "each daemon that runs says healthy, degraded or majority_lost",
                   [](const Status& status, const Condition& condition) {
                     return Seen{status.health == condition.text, status.health};
                   }),
      of_everybody("evictions", Takes::kText, "each daemon that runs says enforce, shadow or paused",
                   [](const Status& status, const Condition& condition) {
                     return Seen{status.evictions == condition.text, status.evictions};
                   }),
      of_everybody("voters_live", Takes::kNumber, "each daemon that runs counts so many live voters",
                   [](const Status& status, const Condition& condition) {
                     return Seen{compare(status.voters_live, condition), std::to_string(status.voters_live) + " voters live"};
                   }),
      event("decided", "a decision was opened"),
      event("member_remove_called", "a remover asks etcd to remove a member"),
      event("learner_add_called", "a remover asks etcd to add a learner"),
      event("promote_called", "a remover asks etcd to make a learner a voter"),
      event("done", "a decision was closed as done"),
      event("refuted", "a decision was closed as refuted: the victim lives"),
      event("voided", "a decision was closed as void: its call had no effect"),
      event("remover_elected", "a node took the remover key"),
      event("remover_resigned", "a node lost or gave up the remover key"),
      event("founding_proposed", "a node proposed to found a cluster"),
      event("founding_promised", "a node promised a founding plan"),
      event("vote_sent", "a node sent its vote about a member", true),
      event("veto_sent", "a node sent the vote that the member is alive", true),
  };
  return words;
}

}  // namespace

const std::vector<Observation>& observations() {
  static const std::vector<Observation> kAll = all();
  return kAll;
}

const Observation* find_observation(const std::string& name) {
  const auto found =
      std::find_if(observations().begin(), observations().end(), [&name](const Observation& each) { return each.name == name; });
  return found == observations().end() ? nullptr : &*found;
}

bool compare(std::uint64_t seen, const Condition& with) {
  switch (with.compare) {
    case Compare::kEqual:
      return seen == with.number;
    case Compare::kLess:
      return seen < with.number;
    case Compare::kAtMost:
      return seen <= with.number;
    case Compare::kMore:
      return seen > with.number;
    case Compare::kAtLeast:
      return seen >= with.number;
  }
  CHECK(false);
}

std::string to_text(const Condition& condition) {
  std::string text = (condition.negated ? "not " : "") + condition.name;
  const Observation* word = find_observation(condition.name);
  if (word->takes == Takes::kNumber) text += " " + std::string(sign(condition.compare)) + std::to_string(condition.number);
  if (word->takes == Takes::kText) text += " '" + condition.text + "'";
  return text + (condition.nodes.empty() ? "" : " " + listed(condition.nodes));
}

std::string to_text(const Conditions& conditions) {
  std::string text;
  for (const Condition& condition : conditions) text += (text.empty() ? "" : " and ") + to_text(condition);
  return text;
}

}  // namespace fluxpg::scenario
