// One way to write a text into YAML, shared by the renderers.
#pragma once

#include <string>

namespace YAML {
class Emitter;
}

namespace fluxpg::render {

// Always quoted: "no", "1e3", "a: b" and "#" stay texts, whatever the reader's YAML version.
void text(YAML::Emitter& out, const char* key, const std::string& value);

}  // namespace fluxpg::render
