#include "gossip/net/doorkeeper.hpp"

#include <zmq.h>

#include "base/check.hpp"

namespace fluxpg::net {

Doorkeeper::Doorkeeper(const Context& context, const std::vector<CurveKeys>& keys) : requests_(context, ZMQ_REP) {
  for (const CurveKeys& key : keys) {
    std::uint8_t raw[32];
    CHECK(zmq_z85_decode(raw, key.client_public.c_str()) != nullptr);
    clients_.emplace(reinterpret_cast<const char*>(raw), sizeof raw);
  }
  if (requests_) CHECK(requests_.bind("inproc://zeromq.zap.01") == 0);
}

std::size_t Doorkeeper::serve() {
  std::size_t refused = 0;
  while (const auto request = requests_.receive()) {
    const bool welcome = admits(*request);
    if (!welcome) ++refused;
    const std::string_view id = request->size() > 1 ? std::string_view((*request)[1]) : std::string_view();
    // version, request id, status code, status text, user id, metadata (RFC 27)
    requests_.send({"1.0", id, welcome ? "200" : "400", welcome ? "" : "unknown key", "", ""});
  }
  return refused;
}

// version, request id, domain, address, routing id, mechanism, credentials
bool Doorkeeper::admits(const std::vector<std::string>& request) const {
  return request.size() == 7 && request[0] == "1.0" && request[2] == kZapDomain && request[5] == "CURVE" && clients_.count(request[6]) == 1;
}

}  // namespace fluxpg::net
