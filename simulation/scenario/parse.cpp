#include "simulation/scenario/parse.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <set>
#include <sstream>

#include "base/ids.hpp"
#include "simulation/scenario/observations.hpp"
#include "simulation/scenario/read_text.hpp"

namespace fluxpg::scenario {

namespace {

struct Bad {
  int line;
  std::string sentence;
};

[[noreturn]] void bad(const YAML::Node& at, const std::string& sentence) { throw Bad{at.Mark().line + 1, sentence}; }

void check_known(const YAML::Node& at, const char* what, const std::string& name, const std::vector<std::string>& known) {
  if (std::count(known.begin(), known.end(), name) == 0)
    bad(at, std::string("unknown ") + what + " '" + name + "'; known: " + listed(known));
}

// A map all of whose keys are allowed, each at most once.
class Table {
 public:
  Table(const YAML::Node& node, const char* what, const std::vector<std::string>& keys) : node_(node) {
    if (!node.IsMap()) bad(node, std::string(what) + " must be a map");
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const auto key = entry.first.as<std::string>();
      check_known(entry.first, "key", key, keys);
      if (!seen.insert(key).second) bad(entry.first, "the key '" + key + "' is given twice");
    }
  }
  YAML::Node operator[](const char* key) const { return node_[key]; }
  YAML::Node must(const char* key) const {
    if (!node_[key]) bad(node_, std::string("the key '") + key + "' is missing");
    return node_[key];
  }

 private:
  YAML::Node node_;
};

std::string text(const YAML::Node& node) {
  if (!node.IsScalar() || node.Scalar().empty()) bad(node, "a word is wanted here");
  return node.Scalar();
}

// One scalar or a list of them.
Names words(const YAML::Node& node) {
  if (!node.IsSequence()) return {text(node)};
  Names all;
  for (const YAML::Node& each : node) all.push_back(text(each));
  if (all.empty()) bad(node, "an empty list says nothing");
  return all;
}

std::size_t number(const YAML::Node& node, std::size_t least, std::size_t most) {
  const auto value = number_from_decimal(text(node));
  if (!value || *value < least || *value > most)
    bad(node, "'" + text(node) + "' must be a number from " + std::to_string(least) + " to " + std::to_string(most));
  return *value;
}

Duration duration(const YAML::Node& node) {
  const auto value = duration_from_text(text(node));
  if (!value) bad(node, "'" + text(node) + "' is no duration; allowed: numbers with ms, s, m or h, like 90s or 1m30s");
  return *value;
}

bool flag(const YAML::Node& node) {
  if (text(node) != "true" && text(node) != "false") bad(node, "'" + text(node) + "' must be true or false");
  return text(node) == "true";
}

class Reader {
 public:
  Reader(const YAML::Node& root, std::string file, const Known& known) : known_(known), root_(root) { out_.file = std::move(file); }

  Scenario read() {
    const Table top(root_, "a scenario",
                    {"runs", "nodes", "spares", "instances", "backends", "seeds", "founded", "lasts", "shadow", "addresses", "let",
                     "faults", "expect", "never", "kills", "tolerates"});
    const std::string stem = out_.file.substr(out_.file.rfind('/') + 1);
    out_.name = stem.substr(0, stem.rfind('.'));
    read_runs(top.must("runs"));
    if (top["nodes"]) out_.nodes = number(top["nodes"], 1, 9);
    if (top["spares"]) out_.spares = number(top["spares"], 0, 9);
    out_.instances = top["instances"] ? number(top["instances"], 1, 100) : out_.nodes;
    if (top["backends"]) out_.backends = number(top["backends"], 1, 9);
    if (top["seeds"]) out_.seeds = number(top["seeds"], 1, 1000);
    if (top["founded"]) out_.founded = flag(top["founded"]);
    out_.lasts = duration(top.must("lasts"));
    if (top["shadow"]) out_.shadow = nodes(top["shadow"]);
    if (top["addresses"]) read_addresses(top["addresses"]);
    if (top["let"]) read_let(top["let"]);
    for (const YAML::Node& each : list(top["faults"])) read_step(each);
    for (const YAML::Node& each : list(top["expect"])) read_expectation(each);
    for (const YAML::Node& each : list(top["never"])) read_never(each);
    if (out_.expectations.empty() && out_.nevers.empty()) bad(root_, "neither 'expect' nor 'never': such a scenario cannot fail");
    if (top["kills"]) out_.kills = names_of("mutant", top["kills"], known_.mutants);
    if (top["tolerates"]) out_.tolerates = names_of("invariant", top["tolerates"], known_.invariants);
    return out_;
  }

 private:
  std::vector<YAML::Node> list(const YAML::Node& node) const {
    if (!node) return {};
    if (!node.IsSequence()) bad(node, "a list is wanted here");
    return {node.begin(), node.end()};
  }

  static Names names_of(const char* what, const YAML::Node& node, const std::optional<std::vector<std::string>>& known) {
    const Names names = words(node);
    if (known) {
      for (const std::string& name : names) check_known(node, what, name, *known);
    }
    return names;
  }

  void read_runs(const YAML::Node& node) {
    for (const std::string& place : words(node)) {
      check_known(node, "place", place, {"sim", "real"});
      (place == "sim" ? out_.in_simulator : out_.in_containers) = true;
    }
  }

  void read_addresses(const YAML::Node& node) {
    if (!node.IsMap()) bad(node, "'addresses' must be a map from nodes to IPv4 addresses");
    for (const auto& entry : node) out_.addresses[nodes(entry.first).front()] = text(entry.second);
  }

  // In the file's order: "other" is a voter that no name before it stands for.
  void read_let(const YAML::Node& node) {
    if (!node.IsMap()) bad(node, "'let' must be a map from names to roles");
    if (!out_.founded) bad(node, "'let' looks at a founded cluster, and this scenario begins without one");
    for (const auto& entry : node) {
      const auto name = text(entry.first);
      const Names taken = known_nodes();
      if (std::count(taken.begin(), taken.end(), name) > 0) bad(entry.first, "the name '" + name + "' is taken");
      check_known(entry.second, "role", text(entry.second), {"remover", "leader", "other"});
      out_.let.emplace_back(name, text(entry.second));
    }
  }

  Names known_nodes() const {
    Names all;
    for (std::size_t i = 0; i < out_.nodes + out_.spares; ++i) all.push_back("node-" + std::to_string(i));
    for (const char* role : {"all", "remover", "leader", "victim"}) all.emplace_back(role);
    for (const auto& [name, role] : out_.let) all.push_back(name);
    return all;
  }

  Names nodes(const YAML::Node& node) const {
    const Names names = words(node);
    for (const std::string& name : names) check_known(node, "node", name, known_nodes());
    return names;
  }

  Conditions conditions(const YAML::Node& node) const {
    if (node.IsScalar()) return {condition(node, YAML::Node())};
    Conditions all;
    if (node.IsSequence()) {
      for (const YAML::Node& each : node) {
        const Conditions more = conditions(each);
        all.insert(all.end(), more.begin(), more.end());
      }
    } else if (node.IsMap()) {
      for (const auto& entry : node) {
        if (text(entry.first) == "not") {
          const Conditions one = conditions(entry.second);
          if (one.size() != 1) bad(entry.second, "'not' is of one observation");
          all.push_back(one.front());
          all.back().negated = !all.back().negated;
        } else {
          all.push_back(condition(entry.first, entry.second));
        }
      }
    }
    if (all.empty()) bad(node, "an observation is wanted here");
    return all;
  }

  Condition condition(const YAML::Node& name, const YAML::Node& argument) const {
    Condition out;
    out.name = text(name);
    const Observation* word = find_observation(out.name);
    if (word == nullptr) {
      Names all;
      for (const Observation& each : observations()) all.push_back(each.name);
      check_known(name, "observation", out.name, all);
    }
    if (word->only_virtual && out_.in_containers) bad(name, "'" + out.name + "' can be seen in virtual time only, and 'runs' says real");
    const bool given = !argument.IsNull();
    if (given != (word->takes != Observation::Takes::kNothing))
      bad(name, "'" + out.name + "' " + (given ? "takes nothing" : "wants a value: " + word->what));
    switch (word->takes) {
      case Observation::Takes::kNothing: break;
      case Observation::Takes::kNodes: out.nodes = nodes(argument); break;
      case Observation::Takes::kNumber: read_number(argument, out); break;
      case Observation::Takes::kText: read_said(argument, out); break;
    }
    return out;
  }

  static void read_number(const YAML::Node& node, Condition& out) {
    const auto comparison = comparison_from_text(text(node));
    if (!comparison) bad(node, "'" + text(node) + "' must be a number, with <, <=, > or >= before it if wanted");
    std::tie(out.compare, out.number) = *comparison;
  }

  void read_said(const YAML::Node& node, Condition& out) const {
    if (node.IsScalar()) {
      out.text = text(node);
      return;
    }
    if (out.name != "says") bad(node, "a word is wanted here");
    const Table table(node, "'says'", {"on", "text"});
    out.text = text(table.must("text"));
    out.nodes = nodes(table.must("on"));
  }

  Since since(const Table& table, const char* wait) const {
    Since out;
    if (table["after"]) {
      out.step = text(table["after"]);
      Names named;
      for (const Step& step : out_.steps) {
        if (!step.name.empty()) named.push_back(step.name);
      }
      check_known(table["after"], "step", out.step, named);
    }
    if (table[wait]) out.wait = duration(table[wait]);
    return out;
  }

  void read_step(const YAML::Node& node) {
    const Table table(node, "a fault",
                      {"name", "at", "after", "when", "delay", "fault", "on", "to", "for", "backend", "every", "times", "optional"});
    Step step;
    step.line = node.Mark().line + 1;
    if (!table["at"] && !table["when"] && !table["after"]) bad(node, "a fault needs 'at', 'after' or 'when'");
    step.since = since(table, "at");
    if (table["when"]) step.when = conditions(table["when"]);
    if (table["delay"]) step.delay = duration(table["delay"]);
    if (table["every"]) step.every = duration(table["every"]);
    if (table["times"]) step.times = number(table["times"], 1, 100000);
    if ((step.times > 1) != (step.every > Duration::zero())) bad(node, "'every' and 'times' belong together");
    if (table["optional"]) step.optional = flag(table["optional"]);
    read_fault(table, step.fault);
    if (step.since.step.empty() && step.since.wait > out_.lasts) bad(table["at"], "this is later than the scenario lasts");
    if (table["name"]) {
      step.name = text(table["name"]);
      for (const Step& other : out_.steps) {
        if (other.name == step.name) bad(table["name"], "the name '" + step.name + "' is taken");
      }
    }
    out_.steps.push_back(std::move(step));
  }

  void read_fault(const Table& table, Fault& fault) const {
    const YAML::Node at = table.must("fault");
    fault.name = text(at);
    Names all;
    for (const FaultWord& word : known_.faults) all.push_back(word.name);
    check_known(at, "fault", fault.name, all);
    const FaultWord& word =
        *std::find_if(known_.faults.begin(), known_.faults.end(), [&fault](const FaultWord& each) { return each.name == fault.name; });
    if (word.only_virtual() && out_.in_containers)
      bad(at, "'" + fault.name + "' can be done in virtual time only, and 'runs' says real");
    const auto allow = [&](const char* key, bool allowed) {
      if (table[key] && !allowed) bad(table[key], "'" + fault.name + "' takes no '" + key + "'");
    };
    allow("on", word.on_nodes), allow("to", word.to_nodes), allow("for", word.ends), allow("backend", word.on_backend);
    if (word.on_nodes) fault.on = nodes(table.must("on"));
    if (table["to"]) fault.to = nodes(table["to"]);
    if (table["for"]) fault.lasts = duration(table["for"]);
    if (table["backend"]) fault.backend = number(table["backend"], 0, out_.backends - 1);
  }

  void read_expectation(const YAML::Node& node) {
    const Table table(node, "an expectation", {"after", "from", "within", "that"});
    Expectation out;
    out.line = node.Mark().line + 1;
    out.since = since(table, "from");
    out.within = duration(table.must("within"));
    out.that = conditions(table.must("that"));
    if (out.since.step.empty() && out.since.wait + out.within > out_.lasts) bad(node, "this is judged later than the scenario lasts");
    out_.expectations.push_back(std::move(out));
  }

  void read_never(const YAML::Node& node) {
    const Table table(node, "a 'never'", {"after", "from", "until", "that"});
    Never out;
    out.line = node.Mark().line + 1;
    out.since = since(table, "from");
    if (table["until"]) out.until = duration(table["until"]);
    out.that = conditions(table.must("that"));
    out_.nevers.push_back(std::move(out));
  }

  const Known& known_;
  YAML::Node root_;
  Scenario out_;
};

}  // namespace

Expected<Scenario, std::string> parse(const std::string& yaml, const std::string& file, const Known& known) {
  const auto sentence = [&file](int line, const std::string& what) { return unexpected(file + ":" + std::to_string(line) + ": " + what); };
  try {
    const YAML::Node root = YAML::Load(yaml);
    if (!root || root.IsNull()) return sentence(1, "the file is empty");
    return Reader(root, file, known).read();
  } catch (const Bad& wrong) {
    return sentence(wrong.line, wrong.sentence);
  } catch (const YAML::Exception& wrong) {
    return sentence(std::max(wrong.mark.line, 0) + 1, "not YAML: " + wrong.msg);
  }
}

Expected<Scenario, std::string> load(const std::string& file, const Known& known) {
  std::ifstream in(file);
  std::stringstream content;
  if (!in || !(content << in.rdbuf())) return unexpected(file + ":1: the file cannot be read, or is empty");
  return parse(content.str(), file, known);
}

}  // namespace fluxpg::scenario
