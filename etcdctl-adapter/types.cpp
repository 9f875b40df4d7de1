#include "etcdctl-adapter/types.hpp"

#include <algorithm>

namespace fluxpg::etcd {
namespace {

std::string shell_quoted(std::string_view text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) return std::string(text);
  std::string quoted(1, '\'');
  for (const char c : text) {
    if (c == '\'') quoted += "'\\'";  // ends the quotes, adds one, begins them again
    quoted += c;
  }
  quoted += '\'';
  return quoted;
}

// A string as etcdctl's txn reads it: Go's double-quoted syntax.
std::string go_quoted(std::string_view text) {
  std::string quoted(1, '"');
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += "\\x" + hex(&byte, 1);
    } else {
      quoted += c;
    }
  }
  quoted += '"';
  return quoted;
}

// etcdctl insists on a name, which the API does not have and etcd replaces when the member starts: the URL's host.
std::string host_of(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find_first_of(":/")));
}

std::string line(const Put& put) {
  return "put " + (put.lease ? "--lease=" + to_text(put.lease) + " " : "") + go_quoted(put.key) + " " + go_quoted(put.value);
}
std::string line(const Delete& del) { return "del " + go_quoted(del.key); }

std::string command(const GetStatus&) { return "endpoint status"; }
std::string command(const ListMembers&) { return "member list"; }
std::string command(const AddLearner& c) {
  return "member add " + shell_quoted(host_of(c.peer_url)) + " --learner --peer-urls=" + shell_quoted(c.peer_url);
}
std::string command(const Promote& c) { return "member promote " + to_text(c.id); }
std::string command(const RemoveMember& c) { return "member remove " + to_text(c.id); }
std::string command(const TransferLeadership& c) { return "move-leader " + to_text(c.to); }
std::string command(const Range& c) {
  std::string text = "get " + shell_quoted(c.key);
  if (c.prefix) text += std::string(" --prefix --sort-by=CREATE --order=") + (c.newest_first ? "DESCEND" : "ASCEND");
  if (c.prefix && c.limit != 0) text += " --limit=" + std::to_string(c.limit);
  return c.serializable ? text + " --consistency=s" : text;
}
std::string command(const Txn&) { return "txn"; }
std::string command(const GrantLease& c) { return "lease grant " + std::to_string(std::chrono::ceil<seconds>(c.ttl).count()); }
std::string command(const KeepAlive& c) { return "lease keep-alive --once " + to_text(c.lease); }
std::string command(const RevokeLease& c) { return "lease revoke " + to_text(c.lease); }
std::string command(const ListAlarms&) { return "alarm list"; }
std::string command(const DisarmAlarm&) { return "alarm disarm"; }
std::string command(const Compact& c) { return "compact --physical " + std::to_string(c.revision); }
std::string command(const Defragment&) { return "defrag"; }

// etcdctl reads a transaction from its standard input: compares, an empty line, writes, an empty line, nothing else to do, an empty line.
std::string txn_input(const Txn& txn) {
  std::string text = "printf '%s\\n'";
  for (const auto& c : txn.compares) {
    const char* const what = c.what == Compare::What::kModRevision ? "mod(" : "create(";
    text.append(" ").append(shell_quoted(what + go_quoted(c.key) + ") = \"" + std::to_string(c.equals) + "\""));
  }
  text += " ''";
  for (const auto& write : txn.writes) text.append(" ").append(shell_quoted(std::visit([](const auto& w) { return line(w); }, write)));
  return text + " '' '' | ";
}

bool refused(const Answer& answer) {
  if (const auto* txn = std::get_if<TxnResult>(&answer)) return !txn->succeeded;
  if (const auto* lease = std::get_if<Lease>(&answer)) return lease->ttl == Duration::zero();
  return false;
}

}  // namespace

Outcome outcome(const Result& result) {
  if (result) return refused(*result) ? Outcome::kNotDone : Outcome::kDone;
  switch (result.error().kind) {
    case ErrorKind::kTimeout:
    case ErrorKind::kNoLeader:
    case ErrorKind::kStopped:
    case ErrorKind::kMalformed:
      return Outcome::kUnknown;
    case ErrorKind::kUnreachable:
    case ErrorKind::kUnhealthy:
    case ErrorKind::kNotEnoughStarted:
    case ErrorKind::kNotFound:
    case ErrorKind::kExists:
    case ErrorKind::kTooManyLearners:
    case ErrorKind::kNotInSync:
    case ErrorKind::kNotLearner:
    case ErrorKind::kLearner:
    case ErrorKind::kNoSpace:
    case ErrorKind::kRefused:
      return Outcome::kNotDone;
  }
  return Outcome::kUnknown;
}

std::string_view to_text(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUnreachable:
      return "unreachable";
    case ErrorKind::kTimeout:
      return "timeout";
    case ErrorKind::kNoLeader:
      return "no leader";
    case ErrorKind::kUnhealthy:
      return "unhealthy";
    case ErrorKind::kNotEnoughStarted:
      return "not enough started";
    case ErrorKind::kNotFound:
      return "not found";
    case ErrorKind::kExists:
      return "exists";
    case ErrorKind::kTooManyLearners:
      return "too many learners";
    case ErrorKind::kNotInSync:
      return "not in sync";
    case ErrorKind::kNotLearner:
      return "not a learner";
    case ErrorKind::kLearner:
      return "learner";
    case ErrorKind::kStopped:
      return "stopped";
    case ErrorKind::kNoSpace:
      return "no space";
    case ErrorKind::kMalformed:
      return "malformed";
    case ErrorKind::kRefused:
      return "refused";
  }
  return "unknown";
}

std::string as_etcdctl(const Call& call) {
  const auto* txn = std::get_if<Txn>(&call);
  return (txn != nullptr ? txn_input(*txn) : "") + "etcdctl " + std::visit([](const auto& c) { return command(c); }, call);
}

}  // namespace fluxpg::etcd
