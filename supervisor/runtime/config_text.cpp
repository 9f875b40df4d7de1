// The table of settings for people: the values in force, and the reference.
#include <sstream>

#include "supervisor/runtime/config_table.hpp"

namespace fluxpg::runtime {

namespace {

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("''") : std::string(1, c);
  return result + "'";
}

std::string in_table(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '|' ? std::string("\\|") : std::string(1, c);
  return result;
}

}  // namespace

std::string effective_text(const Loaded& loaded) {
  std::ostringstream out;
  std::string open_section;
  for (const Row& row : table()) {
    const std::string name = row.name;
    const std::size_t dot = name.find('.');
    const std::string section = dot == std::string::npos ? "" : name.substr(0, dot);
    if (section != open_section) out << section << ":\n";
    open_section = section;
    const std::string value = get(loaded.settings, row);
    const auto source = loaded.sources.find(name);
    const bool bare = row.kind == Kind::kPort || row.kind == Kind::kNumber || row.kind == Kind::kFlag || row.kind == Kind::kDuration;
    out << (section.empty() ? "" : "  ") << name.substr(dot == std::string::npos ? 0 : dot + 1) << ": "
        << (value.empty()    ? "''"
            : is_secret(row) ? "'***'"
            : bare           ? value
                             : quoted(value))
        << "  # " << (source == loaded.sources.end() ? "default" : source->second) << "\n";
  }
  return out.str();
}

std::string reference_text() {
  std::ostringstream out;
  out << "| environment | file | default | allowed | meaning |\n|---|---|---|---|---|\n";
  const Settings defaults;
  for (const Row& row : table()) {
    const std::string value = get(defaults, row);
    const bool none = value.empty() || is_secret(row) || (row.kind == Kind::kPort && value == "0");
    std::string what = allowed(row);
    for (const std::string end : {" is needed", " are needed"}) {
      if (what.size() > end.size() && what.compare(what.size() - end.size(), end.size(), end) == 0) what.resize(what.size() - end.size());
    }
    std::string env = row.env;
    if (env.find('|') != std::string::npos) env.replace(env.find('|'), 1, " or ");
    out << "| " << env << " | " << row.name << " | " << (none ? "" : in_table(value)) << " | " << in_table(what) << " | "
        << in_table(row.help) << " |\n";
  }
  return out.str();
}

}  // namespace fluxpg::runtime
