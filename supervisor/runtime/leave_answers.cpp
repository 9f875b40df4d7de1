#include "supervisor/runtime/leave_answers.hpp"

#include "supervisor/report/report.hpp"
#include "supervisor/runtime/status_answers.hpp"

namespace fluxpg::runtime {

using supervisor::OperatorSays;

StatusReply answer_leave(const StatusRequest& request, const supervisor::Snapshot& snapshot,
                         const std::function<void(OperatorSays)>& tell) {
  const std::string what = request.args.size() == 1 ? request.args.front() : request.args.empty() ? "begin" : "";
  const std::string state = snapshot.leave ? snapshot.leave->state : "";
  if (what == "begin") {
    tell({OperatorSays::What::kLeave, ""});
    return {kUnderWay, ""};
  }
  if (what == "cancel") {
    tell({OperatorSays::What::kCancelLeave, ""});
    if (state.empty() || state == "refused") return {0, "This node does not leave: there is nothing to cancel."};
    return {0, state == "left" ? "This node joins the cluster again; `fluxpgctl status` shows what it waits for."
                               : "The leave is taken back. Had its removal been decided already, this node joins again by itself."};
  }
  if (what != "progress") return {kExitUsage, "leave takes `--cancel` or nothing."};
  const std::string body = request.json ? report::leave_json(snapshot) : report::leave_text(snapshot);
  if (state == "left") return {0, body};
  return {state.empty() || state == "refused" ? kExitDegraded : kUnderWay, body};
}

}  // namespace fluxpg::runtime
