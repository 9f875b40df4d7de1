#include "supervisor/core/statements.hpp"

#include "gossip/verdict/bytes.hpp"

namespace fluxpg::supervisor {

std::string signed_bytes(const gossip::Statement& statement) {
  verdict::Bytes out("fluxpg statement 1");
  out.add(statement.node).add(statement.nonce).add(statement.member).add(statement.cluster);
  out.add(static_cast<std::uint64_t>(to_ms(statement.age)));
  return out.take();
}

gossip::Statement make_statement(const Signing& signing, const Nonce& nonce, MemberId member, ClusterId cluster, Duration age) {
  gossip::Statement statement{signing.id(), nonce, member, cluster, milliseconds(to_ms(age)), {}};
  statement.signature = signing.sign(signed_bytes(statement));
  return statement;
}

bool vouches(const gossip::Statement& statement, const Nonce& nonce, const NodeId& node, MemberId member, ClusterId cluster,
             Duration max_age, const Signing& signing) {
  return statement.node == node && statement.nonce == nonce && statement.member == member && member && statement.cluster == cluster &&
         statement.age >= Duration::zero() && statement.age <= max_age &&
         signing.verify(node, signed_bytes(statement), statement.signature);
}

}  // namespace fluxpg::supervisor
