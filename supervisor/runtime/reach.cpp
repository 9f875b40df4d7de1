#include "supervisor/runtime/reach.hpp"

#include <algorithm>

namespace fluxpg::runtime {

namespace {
constexpr Duration kPeriod = seconds(30);
constexpr Duration kAfterFailure = seconds(5);
constexpr Duration kDeadline = seconds(3);
constexpr int kUnreachableAfter = 3;  // a restart takes a few seconds
}  // namespace

void Reach::start() {
  context_.later(kPeriod, [this] { round(); });
}

void Reach::round() {
  const auto peers = peers_();
  std::erase_if(ports_, [&peers](const auto& entry) {
    return std::none_of(peers.begin(), peers.end(), [&entry](const Peer& peer) { return entry.first.rfind(peer.name + " ", 0) == 0; });
  });
  const auto& ports = context_.settings.host_ports;  // the same for every instance of an app
  for (const Peer& peer : peers) {
    ask(peer, "client", ports.etcd_client, "/health");
    ask(peer, "peer", ports.etcd_peer, "/version");
  }
  const bool trouble = std::any_of(ports_.begin(), ports_.end(), [](const auto& entry) { return entry.second.failures > 0; });
  context_.later(trouble ? kAfterFailure : kPeriod, [this] { round(); });
}

// Whatever is answered, the port is open; also if the answer is that our certificate is none of theirs.
void Reach::ask(const Peer& peer, const char* what, std::uint16_t port, const char* path) {
  const render::TlsFiles tls = etcd_tls(context_.settings);
  http::Request request;
  request.url = "https://" + peer.host_name + ":" + std::to_string(port) + path;
  request.resolve_to = peer.address;
  request.tls = http::Tls{tls.ca, tls.client_certificate, tls.client_key};
  request.deadline = kDeadline;
  request.max_body = 64 * 1024;
  const std::string where = peer.address + ":" + std::to_string(port);
  context_.http.start(std::move(request), [this, key = peer.name + " " + what, name = peer.name, what, where](const http::Result& result) {
    const bool lost = !result && (result.error().kind == http::ErrorKind::kUnreachable || result.error().kind == http::ErrorKind::kTimeout);
    Port& seen = ports_[key];
    seen.failures = lost ? seen.failures + 1 : 0;
    if (lost) {
      seen.sentence = "the etcd " + std::string(what) + " port of " + name + " (" + where +
                      ") cannot be reached from here, although its daemon lives: " +
                      (result.error().kind == http::ErrorKind::kTimeout ? "no answer" : "refused") +
                      ". Does etcd run there, and is the port open from outside?";
    }
  });
}

std::vector<std::string> Reach::problems() const {
  std::vector<std::string> result;
  for (const auto& [key, port] : ports_) {
    if (port.failures >= kUnreachableAfter) result.push_back(port.sentence);
  }
  return result;
}

}  // namespace fluxpg::runtime
