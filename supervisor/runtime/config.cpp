// Settings from the file and the environment, then the rules that concern more than one of them.
#include "supervisor/runtime/config.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "supervisor/runtime/config_table.hpp"

namespace fluxpg::runtime {

namespace {

constexpr std::size_t kLargestFile = 1 << 20;

// Names of one setting: what is said about it uses the name under which it was given.
std::string first_env(const Row& row) { return std::string(row.env).substr(0, std::string(row.env).find('|')); }

const Row& row_named(const std::string& name) {
  return *std::find_if(table().begin(), table().end(), [&](const Row& row) { return row.name == name; });
}

class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  // Each returns "" or the one sentence.
  std::string read_file();
  std::string read_environment(const Environment& environment);
  std::string check_and_complete();

  Loaded take() { return std::move(loaded_); }

 private:
  std::string at_line(const YAML::Node& node) const { return file_ + ":" + std::to_string(node.Mark().line + 1); }
  std::string given_as(const Row& row) const;
  std::string bad(const Row& row, const std::string& text, const std::string& what) const;
  std::string take_value(const Row& row, const std::string& text, const std::string& source);
  std::string read_section(const YAML::Node& section, const std::string& prefix);
  std::string read_entry(const YAML::Node& key, const YAML::Node& value, const std::string& prefix);
  std::string check_ports(const std::string& section);
  std::string check_order(const char* smaller, const char* larger, std::int64_t factor) const;
  std::string missing(const Row& row) const;

  std::string file_;
  Loaded loaded_;
};

std::string Reader::given_as(const Row& row) const {
  const auto source = loaded_.sources.find(row.name);
  const bool in_file = source != loaded_.sources.end() && source->second != "environment";
  return row.env[0] == '\0' || in_file ? row.name : first_env(row);
}

std::string Reader::bad(const Row& row, const std::string& text, const std::string& what) const {
  const auto source = loaded_.sources.find(row.name);
  std::string shown;
  for (const char c : text.substr(0, 80)) shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return given_as(row) + (is_secret(row) ? "" : " = \"" + shown + "\"") + " (" +
         (source == loaded_.sources.end() ? "default" : source->second) + ") is not allowed: " + what + ".";
}

std::string Reader::take_value(const Row& row, const std::string& text, const std::string& source) {
  if (text.empty()) return "";
  loaded_.sources[row.name] = source;
  return set(loaded_.settings, row, text) ? "" : bad(row, text, allowed(row));
}

std::string Reader::read_file() {
  if (file_.empty()) return "";
  std::ifstream in(file_, std::ios::binary);
  std::ostringstream content;
  if (!in || !(content << in.rdbuf())) return "The configuration file " + file_ + " cannot be read, or is empty.";
  if (content.str().size() > kLargestFile) return "The configuration file " + file_ + " is larger than 1 MB.";
  try {
    const YAML::Node root = YAML::Load(content.str());
    if (root.IsNull()) return "";
    if (!root.IsMap())
      return "The configuration file " + file_ + " is not allowed: it needs settings as \"name: value\", some in sections.";
    return read_section(root, "");
  } catch (const YAML::Exception& e) {
    return file_ + ":" + std::to_string(e.mark.line + 1) + " is not valid YAML: " + e.msg + ".";
  }
}

std::string Reader::read_section(const YAML::Node& section, const std::string& prefix) {
  for (const auto& entry : section) {
    const auto error = read_entry(entry.first, entry.second, prefix);
    if (!error.empty()) return error;
  }
  return "";
}

std::string Reader::read_entry(const YAML::Node& key, const YAML::Node& value, const std::string& prefix) {
  if (!key.IsScalar()) return "A key that is not a word (" + at_line(key) + ") is not allowed.";
  const std::string name = prefix + key.Scalar();
  const auto row = std::find_if(table().begin(), table().end(), [&](const Row& r) { return r.name == name; });
  if (row != table().end()) {
    if (loaded_.sources.count(name) != 0)
      return name + " (" + at_line(key) + ") is not allowed: it is already set at " + loaded_.sources[name] + ".";
    if (value.IsNull()) return "";
    if (!value.IsScalar()) return name + " (" + at_line(key) + ") is not allowed: a single value is needed, not a list or a section.";
    return take_value(*row, value.Scalar(), at_line(key));
  }
  const auto section =
      std::find_if(table().begin(), table().end(), [&](const Row& r) { return std::string(r.name).rfind(name + ".", 0) == 0; });
  if (prefix.empty() && section != table().end()) {
    if (value.IsNull()) return "";
    if (!value.IsMap()) return name + " (" + at_line(key) + ") is not allowed: it is a section and needs settings below it.";
    return read_section(value, name + ".");
  }
  return name + " (" + at_line(key) + ") is not a setting: fluxpgd --reference lists them all.";
}

std::string Reader::read_environment(const Environment& environment) {
  for (const Row& row : table()) {
    std::istringstream names(row.env);
    for (std::string name; std::getline(names, name, '|');) {
      const auto value = environment(name);
      if (!value || value->empty()) continue;
      const auto error = take_value(row, *value, "environment");
      if (!error.empty()) return error;
      break;
    }
  }
  return "";
}

std::string Reader::missing(const Row& row) const {
  return first_env(row) + " (or " + row.name + " in the configuration file) is missing: a password of printable characters is needed.";
}

// No two of the section's ports may be the same.
std::string Reader::check_ports(const std::string& section) {
  std::map<std::string, const Row*> seen;
  for (const Row& row : table()) {
    if (std::string(row.name).rfind(section + ".", 0) != 0) continue;
    const auto [other, fresh] = seen.try_emplace(get(loaded_.settings, row), &row);
    if (fresh) continue;
    const bool given = loaded_.sources.count(row.name) != 0;  // blame the one that somebody set
    const Row& blamed = given ? row : *other->second;
    const Row& holder = given ? *other->second : row;
    return bad(blamed, other->first, given_as(holder) + " has that port already");
  }
  return "";
}

std::string Reader::check_order(const char* smaller, const char* larger, std::int64_t factor) const {
  const Row low = row_named(smaller);
  const Row high = row_named(larger);
  const auto least = *duration_from_text(get(loaded_.settings, low)) * factor;
  const std::string text = get(loaded_.settings, high);
  if (*duration_from_text(text) >= least) return "";
  const std::string what = "at least " + (factor == 1 ? "" : std::to_string(factor) + " times ") + low.name + " is needed, which is " +
                           get(loaded_.settings, low);
  return bad(high, text, what);
}

std::string Reader::check_and_complete() {
  Settings& s = loaded_.settings;
  if (s.replication_password.empty() && (s.patroni_manage || s.secrets.empty())) return missing(row_named("postgres.replication_password"));
  if (s.superuser_password.empty() && s.patroni_manage) return missing(row_named("postgres.superuser_password"));
  if (s.secrets.empty()) s.secrets = {s.replication_password};
  if (s.postgres_bin_dir.empty()) s.postgres_bin_dir = "/usr/lib/postgresql/" + std::to_string(s.postgres_major) + "/bin";

  const auto complete = [](std::uint16_t& host, std::uint16_t own) { host = host == 0 ? own : host; };
  complete(s.host_ports.postgres, s.ports.postgres);
  complete(s.host_ports.patroni, s.ports.patroni);
  complete(s.host_ports.etcd_client, s.ports.etcd_client);
  complete(s.host_ports.etcd_peer, s.ports.etcd_peer);
  complete(s.host_ports.gossip, s.ports.gossip);

  std::string error = check_ports("ports");
  if (error.empty()) error = check_ports("host_ports");
  if (error.empty()) error = check_order("gossip.suspicion_min", "gossip.suspicion_max", 1);
  if (error.empty()) error = check_order("rules.call_deadline", "rules.void_after", 2);
  if (error.empty()) error = check_order("etcd.heartbeat_interval", "etcd.election_timeout", 5);
  return error;
}

}  // namespace

Expected<Loaded, std::string> load_settings(const std::string& file, const Environment& environment) {
  Reader reader(file);
  auto error = reader.read_file();
  if (error.empty()) error = reader.read_environment(environment);
  if (error.empty()) error = reader.check_and_complete();
  if (!error.empty()) return unexpected(error);
  return reader.take();
}

}  // namespace fluxpg::runtime
