// What the daemon answers to each verb of fluxpgctl.
#pragma once

#include <functional>
#include <string>

#include "base/signing.hpp"
#include "supervisor/core/io.hpp"
#include "supervisor/core/snapshot.hpp"
#include "supervisor/runtime/status_protocol.hpp"

namespace fluxpg::runtime {

constexpr int kExitDegraded = 1;
constexpr int kExitUnknownMember = 4;
constexpr int kExitUsage = 64;

// `tell` hands an operator's word to the agent.
StatusReply answer(const StatusRequest& request, const supervisor::Snapshot& snapshot, const Signing& verifier,
                   const std::function<void(supervisor::OperatorSays)>& tell);
// Before there is an agent: `why` says what the daemon waits for.
StatusReply answer_while_starting(const StatusRequest& request, const std::string& app, const std::string& why);

}  // namespace fluxpg::runtime
