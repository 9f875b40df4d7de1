// A program that runs for a moment beside the daemon, which never waits for it: looked at ten times a second.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "supervisor/runtime/context.hpp"
#include "supervisor/runtime/files.hpp"

namespace fluxpg::runtime {

// `done` gets an error if it cannot be started, ends with another code than 0, or is still running (and killed) after `deadline`. Its
// output is appended to `output`; its environment holds a PATH and nothing of ours: our own has passwords in it.
void run_child(const Context& context, const std::vector<std::string>& command, const std::string& output, Duration deadline,
               std::function<void(Done)> done);

}  // namespace fluxpg::runtime
