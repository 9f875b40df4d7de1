// fluxpgd: arguments, settings, and then the daemon.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "supervisor/runtime/daemon.hpp"

namespace {

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

constexpr const char* kFooter =
    R"(Settings come from the file and from the environment, which overrides it; `fluxpgd --reference` lists them all.
Exit codes: 0 asked to end, 1 the machine does not let it run, 64 usage, 78 bad configuration (one sentence says which setting, and what is allowed).

Examples:
  fluxpgd --config /etc/fluxpg/fluxpg.yml
  fluxpgd --config /etc/fluxpg/fluxpg.yml --print-effective     every setting, its value and where it came from; secrets are hidden
)";

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"fluxpgd keeps the members of a PostgreSQL cluster on Flux agreed on who is alive, and etcd's voters in line with that."};
  app.footer(kFooter);
  app.set_version_flag("--version", "fluxpgd " FLUXPG_VERSION);
  std::string file;
  bool check = false, print = false, reference = false;
  app.add_option("--config", file, "YAML file with settings");
  app.add_flag("--check-config", check, "say whether the configuration is good, and end");
  app.add_flag("--print-effective", print, "print every setting in force, and end");
  app.add_flag("--reference", reference, "print what can be set, and end");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 64;
  }
  if (reference) return std::fputs(fluxpg::runtime::reference_text().c_str(), stdout) < 0 ? 1 : 0;
  const auto loaded = fluxpg::runtime::load_settings(file, variable);
  if (!loaded) {
    std::fprintf(stderr, "%s\n", loaded.error().c_str());
    return fluxpg::runtime::kExitBadConfiguration;
  }
  if (print) std::fputs(effective_text(*loaded).c_str(), stdout);
  if (check) std::puts("The configuration is good.");
  if (print || check) return 0;
  return fluxpg::runtime::Daemon(loaded->settings).run();
}
