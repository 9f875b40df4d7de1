#include "supervisor/runtime/status_answers.hpp"

#include <nlohmann/json.hpp>

#include "base/endpoint.hpp"
#include "supervisor/report/report.hpp"
#include "supervisor/runtime/leave_answers.hpp"

namespace fluxpg::runtime {

using supervisor::OperatorSays;
using supervisor::Snapshot;

namespace {

constexpr std::size_t kExplainedAtMost = 5;

StatusReply usage(const std::string& sentence) { return {kExitUsage, sentence}; }

StatusReply explain(const StatusRequest& request, const Snapshot& snapshot, const Signing& verifier, const report::TextOptions& options) {
  if (request.args.size() != 1) return usage("explain needs one member: a node name, a node id, or an etcd member id.");
  const std::string& member = request.args.front();
  const auto decisions = report::select(report::all_decisions(snapshot), member);
  if (decisions.empty() && !report::knows(snapshot, member)) {
    return {kExitUnknownMember,
            "No member is called \"" + member + "\": `fluxpgctl members` shows the present ones, `fluxpgctl decisions` the past."};
  }
  if (decisions.empty() && request.json) return {0, "null"};
  if (decisions.empty()) return {0, "No decision was ever made about " + member + "."};
  if (request.json) return {0, report::explain_json(decisions.front(), verifier)};
  std::string text;
  for (std::size_t i = 0; i < decisions.size() && i < kExplainedAtMost; ++i) {
    if (i > 0) text += '\n';
    text += report::explain_text(decisions[i], verifier, report::names(snapshot), options);
  }
  return {0, text};
}

StatusReply evictions(const StatusRequest& request, const std::function<void(OperatorSays)>& tell) {
  const std::string what = request.args.size() == 1 ? request.args.front() : "";
  if (what != "pause" && what != "resume") return usage("evictions needs `pause` or `resume`.");
  tell({what == "pause" ? OperatorSays::What::kPauseEvictions : OperatorSays::What::kResumeEvictions, ""});
  return {0, "Asked to " + what + " evictions; `fluxpgctl status` shows when it is in force."};
}

StatusReply found(const StatusRequest& request, const std::function<void(OperatorSays)>& tell) {
  if (request.args.size() != 1 || !is_ipv4(request.args.front())) return usage("found needs `--without` and an IPv4 address.");
  tell({OperatorSays::What::kFoundWithout, request.args.front()});
  return {0,
          "The silence of " + request.args.front() + " no longer prevents a founding; `fluxpgctl status` shows what else is waited for."};
}

// First what is left, then (with the name of the app) the deed. The agent looks once more before it acts.
StatusReply recover(const StatusRequest& request, const Snapshot& snapshot, const std::function<void(OperatorSays)>& tell,
                    const report::TextOptions& options) {
  supervisor::RecoverOrder order;
  for (std::size_t i = 0; i < request.args.size(); ++i) {
    const std::string& word = request.args[i];
    if (word == "--rejoin" && request.args.size() == 1) {
      tell({OperatorSays::What::kRejoin});
      return {0, "If this node's cluster was given up for a recovered one, it sets its old data aside and joins; `fluxpgctl status` shows it."};
    }
    const bool known = word == "--app" || word == "--although-they-may-live";
    if (!known || ++i == request.args.size()) return usage("recover knows `--app NAME`, `--although-they-may-live ADDRESS` and `--rejoin`.");
    if (word == "--app") order.app = request.args[i];
    if (word != "--app") order.although.push_back(request.args[i]);
  }
  if (order.app.empty()) {
    const std::string obstacle = supervisor::recover_obstacle(snapshot.loss, order.although);
    const std::string body = request.json ? report::recover_json(snapshot, obstacle) : report::recover_text(snapshot, obstacle, options);
    return {obstacle.empty() ? 0 : kExitDegraded, body};
  }
  const std::string refusal = supervisor::recover_refusal(snapshot.loss, snapshot.app, order);
  if (!refusal.empty()) return {kExitDegraded, refusal};
  OperatorSays says{OperatorSays::What::kRecover};
  says.recover = std::move(order);
  tell(std::move(says));
  return {0, "Recovering: the snapshot is taken and restored under a new token; `fluxpgctl watch` shows how far it is."};
}

}  // namespace

StatusReply answer(const StatusRequest& request, const Snapshot& snapshot, const Signing& verifier,
                   const std::function<void(OperatorSays)>& tell) {
  const std::string& verb = request.verb;
  const report::TextOptions options{request.width, request.color};
  const bool json = request.json;
  if (verb == "status") return {report::exit_code(snapshot), json ? report::status_json(snapshot) : report::status_text(snapshot, options)};
  if (verb == "members")
    return {report::exit_code(snapshot), json ? report::members_json(snapshot) : report::members_text(snapshot, options)};
  if (verb == "matrix") return {0, json ? report::matrix_json(snapshot) : report::matrix_text(snapshot, options)};
  if (verb == "decisions") return {0, json ? report::decisions_json(snapshot) : report::decisions_text(snapshot, options)};
  if (verb == "metrics") return {0, report::metrics(snapshot)};
  if (verb == "explain") return explain(request, snapshot, verifier, options);
  if (verb == "evictions") return evictions(request, tell);
  if (verb == "found") return found(request, tell);
  if (verb == "leave") return answer_leave(request, snapshot, tell);
  if (verb == "recover") return recover(request, snapshot, tell, options);
  return usage("fluxpgd does not know the verb \"" + verb + "\".");
}

StatusReply answer_while_starting(const StatusRequest& request, const std::string& app, const std::string& why) {
  const bool known = request.verb == "status" || request.verb == "members";
  const std::string sentence = "fluxpgd is starting: " + why;
  if (!known || !request.json) return {kExitDegraded, sentence};
  const nlohmann::json body = {{"app", app},
                               {"health", "degraded"},
                               {"voters", 0},
                               {"voters_live", 0},
                               {"failures_survivable", 0},
                               {"cluster_id", nullptr},
                               {"self", nullptr},
                               {"remover", nullptr},
                               {"epoch", 0},
                               {"open_decision", nullptr},
                               {"evictions", "enforce"},
                               {"members", nlohmann::json::array()},
                               {"problems", {sentence}}};
  return {kExitDegraded, body.dump(1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

}  // namespace fluxpg::runtime
