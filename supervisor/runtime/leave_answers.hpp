// `fluxpgctl leave`: the daemon takes the operator's word, and says how far it is each time it is asked.
#pragma once

#include <functional>

#include "supervisor/core/io.hpp"
#include "supervisor/core/snapshot.hpp"
#include "supervisor/runtime/status_protocol.hpp"

namespace fluxpg::runtime {

StatusReply answer_leave(const StatusRequest& request, const supervisor::Snapshot& snapshot,
                         const std::function<void(supervisor::OperatorSays)>& tell);

}  // namespace fluxpg::runtime
