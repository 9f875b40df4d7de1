// Read at three in the morning: first how bad it is, then why, then what is being done about it. Details come after.
#include "base/check.hpp"
#include "supervisor/report/decision.hpp"
#include "supervisor/report/text.hpp"

namespace fluxpg::report {
namespace {

using supervisor::Health;

std::string plural(std::size_t count, const char* one, const char* many) { return std::to_string(count) + " " + (count == 1 ? one : many); }

std::string health(const Snapshot& s, const TextOptions& options) {
  switch (s.health) {
    case Health::kHealthy:
      return paint("HEALTHY", Color::kGood, options);
    case Health::kDegraded:
      return paint("DEGRADED", Color::kWarning, options);
    case Health::kMajorityLost:
      return paint("MAJORITY LOST", Color::kBad, options);
  }
  CHECK(false);
}

std::string headline(const Snapshot& s) {
  if (s.voters == 0) return "no etcd voter is known yet";
  std::string text = std::to_string(s.voters_live) + " of " + plural(s.voters, "voter live", "voters live");
  if (s.health == Health::kMajorityLost) return text + ", " + std::to_string(s.voters / 2 + 1) + " are needed: etcd accepts no change";
  if (s.failures_survivable <= 0) return text + ", survives NO further failure";
  return text + ", survives " + plural(static_cast<std::size_t>(s.failures_survivable), "more failure", "more failures");
}

std::string second_line(const Snapshot& s) {
  std::string text = "evictions ";
  if (s.evictions == "enforce")
    text += "enforced";
  else if (s.evictions == "shadow")
    text += "in SHADOW: decided and recorded, nothing is touched";
  else
    text += "PAUSED by an operator";
  const Names known = names(s);
  text += ", remover " + (s.remover ? name_of(*s.remover, known) : std::string("none"));
  text += ", epoch " + std::to_string(s.epoch.value) + ", as seen by " + (s.self_name.empty() ? short_text(s.self) : s.self_name);
  return s.version.empty() ? text : text + " (fluxpg " + s.version + ")";
}

std::string heading(const std::string& text, const TextOptions& options) { return paint(text, Color::kStrong, options) + "\n"; }

std::string item(const std::string& text, const TextOptions& options) {
  return "  - " + wrapped(printable(text), options.width > 28 ? options.width - 4 : 24, 4) + "\n";
}

std::string now(const Snapshot& s, const TextOptions& options) {
  std::string text = heading("\nNow", options);
  if (s.open_decision) {
    const record::Record& open = *s.open_decision;
    text += item("open decision since " + utc(open.decided_at_ms) + ", rule " + open.change.rule + ": " + subject(open.change) + " " +
                     what_happened(open),
                 options);
  }
  for (const supervisor::Doing& doing : s.doing) {
    text += item(doing.waits_for.empty() ? doing.what : doing.what + " (waits for: " + doing.waits_for + ")", options);
  }
  if (s.doing.empty() && !s.open_decision) text += item("nothing is under way", options);
  return text;
}

std::string ballot(const supervisor::BallotView& b, const Names& known, const TextOptions& options) {
  const std::string victim = b.victim_name.empty() ? to_text(b.victim) : b.victim_name + " (" + to_text(b.victim) + ")";
  std::string text = heading("\nLatest ballot", options);
  text += item(victim + ", " + span(b.seconds_ago) + " ago: " + b.state + ", " + std::to_string(b.dead_votes) + " of " +
                   std::to_string(b.needed) + " dead votes needed" + (b.detail.empty() ? "" : "; " + b.detail),
               options);
  for (const verdict::Vote& vote : b.votes) {
    text += item(name_of(vote.node, known) + " (" + to_text(vote.voter) + ") says " + to_text(vote.choice) +
                     (vote.reason.empty() ? "" : ": " + vote.reason),
                 options);
  }
  return text;
}

std::string last_decision(const record::Record& r, const TextOptions& options) {
  return heading("\nLast decision", options) + item(utc(r.decided_at_ms) + ", epoch " + std::to_string(r.epoch.value) + ", rule " +
                                                        r.change.rule + ": " + subject(r.change) + " " + what_happened(r),
                                                    options);
}

}  // namespace

std::string status_text(const Snapshot& s, const TextOptions& options) {
  std::string text = printable(s.app) + ": " + health(s, options) + ", " + headline(s) + "\n";
  text += paint(wrapped(printable(second_line(s)), options.width, 0), Color::kFaint, options) + "\n";
  if (!s.problems.empty()) {
    text += heading("\nProblems", options);
    for (const std::string& problem : s.problems) text += item(problem, options);
  }
  text += now(s, options);
  text += heading("\nMembers", options) + members_text(s, options);
  if (s.ballot) text += ballot(*s.ballot, names(s), options);
  if (!s.history.empty()) text += last_decision(s.history.front(), options);
  return text;
}

std::string leave_text(const Snapshot& s) {
  if (!s.leave) return "this node stays in the cluster";
  const supervisor::LeaveView& leave = *s.leave;
  if (leave.state == "left") return "left on " + utc(leave.since_ms) + "; `fluxpgctl leave --cancel` lets it join again";
  if (leave.state == "refused") return "refused: " + leave.detail;
  return leave.state + (leave.detail.empty() ? "" : ", waits for " + leave.detail);
}

int exit_code(const Snapshot& snapshot) {
  switch (snapshot.health) {
    case Health::kHealthy:
      return 0;
    case Health::kDegraded:
      return 1;
    case Health::kMajorityLost:
      return 2;
  }
  CHECK(false);
}

}  // namespace fluxpg::report
