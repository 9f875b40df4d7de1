// Other nodes live with the data of another cluster: who reports it, and who does not even start.
//
// A volume of an earlier or a foreign cluster that comes up beside a serving one must not serve, too: the app would have two databases that
// both take writes. So a node starts no etcd while more nodes are known to be served by another cluster than hold the data of its own.
#pragma once

#include <string>
#include <vector>

#include "supervisor/core/world.hpp"

namespace fluxpg::supervisor {

// Living nodes with data of another cluster than ours; empty if we have none ourselves.
std::vector<const gossip::NodeInfo*> strangers(const World& world);
// An operator recovered this node from a copy of that cluster: whoever returns with data of it is to join us.
bool was_given_up_here(const Persistent& persistent, ClusterId cluster);
// Its daemon has said so lately: each is asked twice in that time.
bool says_that_its_etcd_works(const Now& now, const World& world, const NodeId& node);
// Why our etcd stays down because of them; empty if it may start.
std::string outnumbered(const Now& now, const World& world);

}  // namespace fluxpg::supervisor
