// One question to the daemon over its unix socket.
#pragma once

#include <optional>
#include <string>

#include "supervisor/runtime/status_protocol.hpp"

namespace fluxpg::ctl {

// nullopt if no complete answer came within two seconds; `why` is then a sentence naming the socket.
std::optional<runtime::StatusReply> ask(const std::string& socket, const runtime::StatusRequest& request, std::string& why);

}  // namespace fluxpg::ctl
