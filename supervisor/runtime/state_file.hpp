// state.json: what this node promised and must never forget. A damaged or foreign file stops the start; it is never replaced.
#pragma once

#include <string>

#include "supervisor/core/io.hpp"
#include "supervisor/runtime/files.hpp"

namespace fluxpg::runtime {

std::string state_to_json(const supervisor::Persistent& state);
// The error is one sentence: cut off, written by a newer version, of another app.
Expected<supervisor::Persistent, std::string> state_from_json(const std::string& text, const std::string& path, const std::string& app);

// No file: a fresh state of `app`.
Expected<supervisor::Persistent, std::string> load_state(const std::string& path, const std::string& app);
// Durable when it returns.
Done save_state(const std::string& path, const supervisor::Persistent& state);

}  // namespace fluxpg::runtime
