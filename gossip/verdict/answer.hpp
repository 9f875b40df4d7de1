// How a voter answers a ballot: from evidence gathered after the ballot arrived, by one pure rule.
#pragma once

#include <optional>
#include <string>

#include "base/time.hpp"
#include "gossip/verdict/types.hpp"

namespace fluxpg::verdict {

// Everything that the answer depends on, gathered since the ballot arrived.
struct Findings {
  std::string unwell;                      // why our own judgement cannot be trusted just now; empty: well
  std::optional<Electorate> own_list;      // the voters that our own etcd shows; nullopt: it did not answer
  bool etcd_answered_as_victim = false;    // a status carrying exactly the victim's member id
  bool victim_vouched = false;             // the victim's daemon signed that its etcd answered it with that id just now
  bool daemon_answered = false;            // the victim's daemon answered a nonce, but could not vouch for its etcd
  bool leaves = false;                     // it has announced that it leaves for good
  Duration vouched_ago = Duration::max();  // since the victim's etcd was last known to work, by either way
  Duration consent_after{};                // a daemon that answers but cannot vouch for so long consents (silent_etcd_consent)
};

struct Judgement {
  Choice choice = Choice::kAbstain;
  std::string reason;
};

// The rule. A proof of life is a veto whatever else is true; everything that keeps us from knowing is an abstention.
Judgement judge(const Ballot& ballot, const Findings& findings);

}  // namespace fluxpg::verdict
