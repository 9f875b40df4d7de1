#include "supervisor/report/decision.hpp"

#include <algorithm>
#include <set>

#include "base/check.hpp"

namespace fluxpg::report {
namespace {

constexpr std::size_t kShortestPrefix = 6;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// Who MEMBER may mean, among nodes and members that somebody enumerates.
class Matcher {
 public:
  explicit Matcher(std::string_view member) : name_(member), id_(lower(member.substr(0, 2) == "n-" ? member.substr(2) : member)) {
    if (const auto number = number_from_hex(id_)) member_ = {*number};
  }

  void consider(const NodeId& node) {
    if (node && id_.size() >= kShortestPrefix && to_text(node).rfind(id_, 0) == 0) nodes_.insert(node);
  }

  bool matches(const std::string& name, const NodeId& node, MemberId member) const {
    if (!name_.empty() && name == name_) return true;
    if (member_ && member == member_) return true;
    return node && nodes_.size() == 1 && *nodes_.begin() == node;
  }

 private:
  std::string name_;
  std::string id_;
  MemberId member_;
  std::set<NodeId> nodes_;  // whose ids begin so
};

}  // namespace

Names names(const Snapshot& snapshot) {
  Names result;
  for (const supervisor::MemberRow& row : snapshot.members) {
    if (row.node && !row.name.empty()) result[row.node] = row.name;
  }
  return result;
}

std::string name_of(const NodeId& node, const Names& names) {
  const auto found = names.find(node);
  if (found != names.end()) return found->second;
  return node ? short_text(node) : "";
}

std::string subject(const record::Change& change) { return change.name.empty() ? change.peer_url : change.name; }

std::string outcome(const record::Record& record) { return record.open() ? "open" : record.outcome; }

std::string what_happened(const record::Record& record) {
  struct Words {
    const char* done;
    const char* doing;
    const char* why_refuted;
  };
  const Words words = [&]() -> Words {
    switch (record.change.kind) {
      case record::Kind::kRemove:
        return {"removed from etcd", "removed from etcd",
                record.change.rule == verdict::kLeaveRule ? "it did not leave after all" : "it proved to be alive"};
      case record::Kind::kAddLearner:
        return {"added to etcd as a learner", "added to etcd as a learner", "it is no longer wanted"};
      case record::Kind::kPromote:
        return {"promoted to a voter", "promoted to a voter", "it did not answer"};
    }
    CHECK(false);
  }();
  if (record.open()) return std::string("is being ") + words.doing;
  if (record.outcome == "done") return std::string("was ") + words.done;
  const std::string not_done = std::string("was not ") + words.done + ": ";
  if (record.outcome == "refuted") return not_done + words.why_refuted;
  if (record.outcome == "refused") return not_done + "etcd refused";
  return not_done + "the call had no effect";
}

std::vector<record::Record> all_decisions(const Snapshot& snapshot) {
  std::vector<record::Record> result;
  if (snapshot.open_decision) result.push_back(*snapshot.open_decision);
  result.insert(result.end(), snapshot.history.begin(), snapshot.history.end());
  return result;
}

std::vector<record::Record> select(const std::vector<record::Record>& history, std::string_view member) {
  Matcher matcher(member);
  for (const record::Record& record : history) matcher.consider(record.change.node);
  std::vector<record::Record> result;
  std::copy_if(history.begin(), history.end(), std::back_inserter(result),
               [&](const record::Record& record) { return matcher.matches(record.change.name, record.change.node, record.change.member); });
  return result;
}

bool knows(const Snapshot& snapshot, std::string_view member) {
  Matcher matcher(member);
  for (const supervisor::MemberRow& row : snapshot.members) matcher.consider(row.node);
  return !select(all_decisions(snapshot), member).empty() ||
         std::any_of(snapshot.members.begin(), snapshot.members.end(),
                     [&](const supervisor::MemberRow& row) { return matcher.matches(row.name, row.node, row.member); });
}

}  // namespace fluxpg::report
