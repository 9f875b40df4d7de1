// What the listening socket and those to peers have in common.
#pragma once

#include "gossip/net/sockets.hpp"
#include "gossip/net/transport.hpp"

namespace fluxpg::net {

void set_common_options(Socket& socket, const TransportConfig& config);

}  // namespace fluxpg::net
