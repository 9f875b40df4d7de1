// mock-flux-api: options, signals, and the wiring of model and front.
#include <CLI/CLI.hpp>
#include <csignal>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>

#include "base/ids.hpp"
#include "simulation/flux-api/front.hpp"

namespace {

constexpr int kExitCannotListen = 1;
constexpr int kExitUsage = 64;
constexpr int kExitBadState = 78;

constexpr const char* kFooter =
    R"(Example: three nodes; then one row vanishes from backend 0; then backend 0 answers every second request with an error.

  mock-flux-api --listen 127.0.0.1:16127 --backends 2 &
  curl -X PUT 127.0.0.1:16127/_mock/state -d '{"apps":{"orders-db":{"instances":3,"rows":[
    {"ip":"198.18.0.11:16127"},{"ip":"198.18.0.12"},{"ip":"198.18.0.13:16137"}]}}}'
  curl 127.0.0.1:16127/apps/location/orders-db
  curl -X PUT 127.0.0.1:16127/_mock/backends/0/state -d '{"apps":{"orders-db":{"rows":[{"ip":"198.18.0.11"},{"ip":"198.18.0.12"}]}}}'
  curl -X PUT 127.0.0.1:16127/_mock/fault -d '{"mode":"error","backend":0,"share":0.5}'

Faults: ok error empty html502 truncated hang slow huge redirect. "backend": null or absent means all, "share" is the fraction of requests hit.
Further fields of a row override its defaults, so {"ip":"…","name":"other-app"} is a lie too.
Also: GET /apps/appspecifications/APP, GET /_mock/state, GET /_mock/health.
Exit codes: 0 stopped by SIGTERM or SIGINT, 1 cannot listen, 64 usage, 78 bad state file.)";

struct Options {
  std::string host;
  std::uint16_t port = 0;
  std::size_t backends = 1;
  std::string state_file;
};

std::optional<std::string> load(fluxpg::flux_api::Model& model, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return path + ": cannot be read.";
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (const auto refused = model.put_state(std::nullopt, text)) return path + ": " + *refused;
  return std::nullopt;
}

int serve(const Options& options) {
  fluxpg::flux_api::Model model(options.backends);
  if (!options.state_file.empty()) {
    if (const auto problem = load(model, options.state_file)) {
      std::cerr << "mock-flux-api: " << *problem << "\n";
      return kExitBadState;
    }
  }
  // Blocked before any thread exists, so that only sigwait below sees them.
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  fluxpg::flux_api::Front front(std::move(model));
  const auto port = front.bind(options.host, options.port);
  if (!port) {
    std::cerr << "mock-flux-api: " << port.error() << "\n";
    return kExitCannotListen;
  }
  std::cout << "mock-flux-api: listening on " << options.host << ":" << *port << " with " << options.backends << " backend(s)" << std::endl;
  std::thread server([&] { front.run(); });
  int signal = 0;
  sigwait(&signals, &signal);
  front.stop();
  server.join();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::string listen;
  CLI::App app("A Flux API that lies on command, for demos, tests and the harness.", "mock-flux-api");
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("mock-flux-api ") + FLUXPG_VERSION);
  app.add_option("--listen", listen, "where to serve; port 0 takes a free one and prints it")->required()->type_name("HOST:PORT");
  app.add_option("--backends", options.backends, "how many databases answer in turn")
      ->check(CLI::Range(std::size_t{1}, fluxpg::flux_api::kMaxBackends))
      ->capture_default_str();
  app.add_option("--state", options.state_file, "JSON as for PUT /_mock/state, read at the start")->type_name("FILE");
  try {
    app.parse(argc, argv);
    const auto colon = listen.rfind(':');
    const auto port = colon == std::string::npos ? std::nullopt : fluxpg::number_from_decimal(listen.substr(colon + 1));
    if (colon == 0 || !port || *port > 65535)
      throw CLI::ValidationError("--listen", "\"" + listen + "\" is not HOST:PORT with a port from 0 to 65535");
    options.host = listen.substr(0, colon);
    options.port = static_cast<std::uint16_t>(*port);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  return serve(options);
}
