// Messages to put on the wire: one fixed of every kind for the golden frames, and random ones.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "gossip/core/message.hpp"

namespace fluxpg::wire::test {

// Name of the golden file and the message in it; every kind is there, with every optional part set somewhere.
std::vector<std::pair<std::string, gossip::Message>> fixed_messages();
gossip::Message random_message(Random& random);

}  // namespace fluxpg::wire::test
