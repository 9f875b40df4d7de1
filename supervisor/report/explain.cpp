// One decision, told so that the reader can judge it: what, by which rule, who says so, and on what evidence.
#include <algorithm>

#include "supervisor/report/certificate.hpp"
#include "supervisor/report/decision.hpp"
#include "supervisor/report/text.hpp"

namespace fluxpg::report {
namespace {

constexpr std::size_t kLabel = 14;  // columns before a value

std::string line(const char* label, const std::string& value, const TextOptions& options) {
  std::string text(2, ' ');
  text.append(label).resize(kLabel, ' ');
  return text + wrapped(printable(value), options.width > kLabel + 24 ? options.width - kLabel : 24, kLabel) + "\n";
}

std::string evidence(const verdict::Vote& vote) {
  std::string text;
  for (const verdict::Evidence& e : vote.evidence) {
    if (!text.empty()) text += "; ";
    text.append(e.kind).append(": ").append(e.outcome).append(" (").append(std::to_string(e.ms)).append(" ms)");
  }
  if (!vote.reason.empty()) text.append(text.empty() ? "" : "; ").append(vote.reason);
  return text;
}

std::string silent_voters(const record::Record& record) {
  std::string text;
  for (const MemberId voter : record.electorate.voters) {
    const auto& votes = record.certificate.votes;
    if (std::any_of(votes.begin(), votes.end(), [&](const verdict::Vote& v) { return v.voter == voter; })) continue;
    text.append(text.empty() ? "" : ", ").append(to_text(voter)).append(voter == record.change.member ? " (the member itself)" : "");
  }
  return text;
}

std::string votes(const record::Record& record, const CertificateCheck& checked, const Names& known, const TextOptions& options) {
  Table table({"VOTER", "MEMBER ID", "VOTE", "LISTING", "SIGNATURE", "EVIDENCE"});
  for (std::size_t i = 0; i < record.certificate.votes.size(); ++i) {
    const verdict::Vote& vote = record.certificate.votes[i];
    table.add({name_of(vote.node, known), to_text(vote.voter), to_text(vote.choice), to_text(vote.listing),
               checked.signatures[i] ? "valid" : "INVALID", evidence(vote)});
  }
  std::string text = paint("\nVotes\n", Color::kStrong, options) + table.text(options);
  const std::string silent = silent_voters(record);
  return silent.empty() ? text : text + line("no vote of", silent, options);
}

}  // namespace

std::string explain_text(const record::Record& record, const Signing& verifier, const Names& known, const TextOptions& options) {
  const record::Change& change = record.change;
  std::string title;
  if (record.epoch) title.append("Epoch ").append(std::to_string(record.epoch.value)).append(": ");
  title.append(subject(change)).append(" ").append(what_happened(record));
  std::string text = paint(wrapped(printable(title), options.width, 2), Color::kStrong, options) + "\n";
  text += line("rule", change.rule, options) + line("reason", change.reason, options);
  if (change.member) text += line("member id", to_text(change.member), options);
  text += line("node id", change.node ? to_text(change.node) : "no key was bound to the member", options);
  text += line("peer URL", change.peer_url, options);
  text += line("decided", utc(record.decided_at_ms) + " by " + name_of(record.remover, known), options);
  if (record.open())
    text += line("closed", "not yet", options);
  else
    text +=
        line("closed", utc(record.closed_at_ms) + " by " + name_of(record.closed_by, known) + ", " + record.outcome + ": " + record.detail,
             options);
  text += line("by hand", record.command, options);
  std::string voters;
  for (const MemberId voter : record.electorate.voters) voters.append(voters.empty() ? "" : ", ").append(to_text(voter));
  text += line("electorate", voters + " of cluster " + to_text(record.electorate.cluster), options);
  if (record.certificate == verdict::Certificate{} && change.kind != record::Kind::kRemove) {
    return text + line("certificate", "none: this change needs no agreement on a death", options);
  }
  const CertificateCheck checked = check(record, verifier);
  text += line("certificate", (checked.valid ? "VALID: " : "INVALID: ") + checked.why, options);
  return text + votes(record, checked, known, options);
}

}  // namespace fluxpg::report
