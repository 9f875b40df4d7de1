#include "base/check.hpp"
#include "gossip/verdict/bytes.hpp"
#include "supervisor/record/record.hpp"

namespace fluxpg::record {

std::string_view to_text(Kind kind) {
  switch (kind) {
    case Kind::kRemove:
      return "remove";
    case Kind::kAddLearner:
      return "add-learner";
    case Kind::kPromote:
      return "promote";
  }
  CHECK(false);
}

std::string prefix(const std::string& app) { return "/fluxpg/" + app + "/"; }
std::string record_key(const std::string& app) { return prefix(app) + "record"; }
std::string remover_key(const std::string& app) { return prefix(app) + "remover"; }
std::string referendum_key(const std::string& app) { return prefix(app) + "referendum"; }
std::string votes_prefix(const std::string& app) { return prefix(app) + "votes/"; }
std::string vote_key(const std::string& app, MemberId voter) { return votes_prefix(app) + to_text(voter); }
std::string founded_key(const std::string& app) { return prefix(app) + "founded"; }
std::string decision_prefix(const std::string& app) { return prefix(app) + "re"; }
std::string patroni_initialize_key(const std::string& app) { return "/service/" + app + "/initialize"; }
std::string patroni_config_key(const std::string& app) { return "/service/" + app + "/config"; }
std::string paused_key(const std::string& app) { return prefix(app) + "paused"; }
std::string superseded_prefix(const std::string& app) { return prefix(app) + "superseded/"; }
std::string superseded_key(const std::string& app, ClusterId cluster) { return superseded_prefix(app) + to_text(cluster); }
std::string nodes_prefix(const std::string& app) { return prefix(app) + "nodes/"; }
std::string node_key(const std::string& app, MemberId member) { return nodes_prefix(app) + to_text(member); }
std::string history_prefix(const std::string& app) { return prefix(app) + "history/"; }

// Decimal, as etcd prints revisions; whoever wants the newest first sorts by revision, not by key.
std::string history_key(const std::string& app, Epoch epoch) { return history_prefix(app) + std::to_string(epoch.value); }

std::string signed_bytes(const Superseded& s) {
  verdict::Bytes out("fluxpg superseded 1");
  out.add(s.cluster).add(s.successor).add(s.member).add(s.node).add(std::uint64_t{s.voters.size()});
  for (const SupersededVoter& voter : s.voters) out.add(voter.member).add(voter.node).add(voter.name);
  out.add(std::uint64_t{s.although.size()});
  for (const std::string& address : s.although) out.add(address);
  out.add(static_cast<std::uint64_t>(s.at_ms));
  if (!s.founding_token.empty()) out.add(s.founding_token);  // an earlier version wrote none
  return out.take();
}

}  // namespace fluxpg::record
