// A node's signed word about its own etcd: what is signed, and when it proves life.
#pragma once

#include <string>

#include "base/signing.hpp"
#include "gossip/core/member.hpp"

namespace fluxpg::supervisor {

std::string signed_bytes(const gossip::Statement& statement);
gossip::Statement make_statement(const Signing& signing, const Nonce& nonce, MemberId member, ClusterId cluster, Duration age);
// Signed by the node itself, for this nonce, about exactly this member and cluster, and young enough.
bool vouches(const gossip::Statement& statement, const Nonce& nonce, const NodeId& node, MemberId member, ClusterId cluster,
             Duration max_age, const Signing& signing);

}  // namespace fluxpg::supervisor
