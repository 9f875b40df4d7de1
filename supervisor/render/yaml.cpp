#include "supervisor/render/yaml.hpp"

#include <yaml-cpp/yaml.h>

namespace fluxpg::render {

void text(YAML::Emitter& out, const char* key, const std::string& value) {
  out << YAML::Key << key << YAML::Value << YAML::DoubleQuoted << value;
}

}  // namespace fluxpg::render
