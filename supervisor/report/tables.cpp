// Members, links and decisions as tables.
#include <algorithm>

#include "base/check.hpp"
#include "supervisor/report/decision.hpp"
#include "supervisor/report/text.hpp"

namespace fluxpg::report {
namespace {

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string ordinal(std::size_t index) { return std::string("#").append(std::to_string(index + 1)); }

std::string link(const supervisor::MatrixLink& link) {
  switch (link.state) {
    case gossip::LinkState::kOk:
      return std::to_string(link.rtt_ms) + " ms";
    case gossip::LinkState::kSuspect:
      return "suspect";
    case gossip::LinkState::kCut:
      return "CUT";
    case gossip::LinkState::kRefused:
      return "REFUSED";
    case gossip::LinkState::kUnknown:
      return "?";
  }
  CHECK(false);
}

}  // namespace

std::string members_text(const Snapshot& snapshot, const TextOptions& options) {
  Table table({"NAME", "GOSSIP", "ETCD", "MEMBER ID", "POSTGRES", "LISTED", "NOTE"});
  for (const supervisor::MemberRow& row : snapshot.members) {
    const std::string name = row.name.empty() && row.node ? short_text(row.node) : row.name;
    const bool settled = row.gossip == "alive" || row.gossip == "unknown";
    table.add({or_dash(name), settled ? row.gossip : row.gossip + " " + span(row.gossip_for_seconds),
               row.role == "none" ? "-" : row.role + (row.leader ? ", leader" : ""), row.member ? to_text(row.member) : "-",
               row.postgres == "unknown" ? "?" : row.postgres, row.listed == "unknown" ? "?" : row.listed, row.note});
  }
  return snapshot.members.empty() ? "  nobody is known yet\n" : table.text(options);
}

std::string matrix_text(const Snapshot& snapshot, const TextOptions& options) {
  if (snapshot.nodes.empty()) return "  nobody is known yet\n";
  const Names known = names(snapshot);
  std::vector<std::string> head{"FROM \\ TO"};
  for (std::size_t i = 0; i < snapshot.nodes.size(); ++i) head.push_back(ordinal(i));
  head.push_back("");
  Table table(head);
  for (std::size_t i = 0; i < snapshot.nodes.size(); ++i) {
    const NodeId& from = snapshot.nodes[i];
    std::vector<std::string> row{ordinal(i) + " " + name_of(from, known)};
    for (const NodeId& to : snapshot.nodes) {
      const auto found = std::find_if(snapshot.links.begin(), snapshot.links.end(),
                                      [&](const supervisor::MatrixLink& l) { return l.from == from && l.to == to; });
      if (from == to)
        row.push_back("-");
      else
        row.push_back(found == snapshot.links.end() ? "?" : link(*found));
    }
    row.push_back("");
    table.add(row);
  }
  return table.text(options);
}

std::string decisions_text(const Snapshot& snapshot, const TextOptions& options) {
  const std::vector<record::Record> decisions = all_decisions(snapshot);
  Table table({"EPOCH", "WHEN", "OUTCOME", "RULE", "WHAT"});
  for (const record::Record& r : decisions) {
    table.add({r.epoch ? std::to_string(r.epoch.value) : "-", utc(r.decided_at_ms), outcome(r), r.change.rule,
               subject(r.change) + " " + what_happened(r)});
  }
  return decisions.empty() ? "  no decision has been taken yet\n" : table.text(options);
}

}  // namespace fluxpg::report
