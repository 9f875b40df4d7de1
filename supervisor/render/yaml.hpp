// One way to write a text into YAML, shared by the renderers (only their .cpp files include it: it needs yaml-cpp).
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

namespace fluxpg::render {

// Always quoted: "no", "1e3", "a: b" and "#" stay texts, whatever the reader's YAML version.
inline void text(YAML::Emitter& out, const char* key, const std::string& value) {
  out << YAML::Key << key << YAML::Value << YAML::DoubleQuoted << value;
}

}  // namespace fluxpg::render
