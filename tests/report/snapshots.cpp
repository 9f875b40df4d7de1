#include "tests/report/snapshots.hpp"

namespace fluxpg::report {
namespace {

using record::samples::member;
using record::samples::node;

supervisor::MemberRow row(std::uint8_t number) {
  supervisor::MemberRow result;
  result.node = node(number);
  result.name = "node-198-18-0-1" + std::to_string(number);
  result.endpoint = "198.18.0.1" + std::to_string(number) + ":7946";
  result.gossip = "alive";
  result.gossip_for_seconds = 7300;
  result.incarnation = {number};
  result.member = member(number);
  result.role = "voter";
  result.leader = number == 1;
  result.postgres = number == 1 ? "primary" : "replica";
  result.listed = "listed";
  result.version = "0.1.0";
  return result;
}

}  // namespace

Signature Checksums::of(const NodeId& signer, std::string_view bytes) {
  Signature result;
  std::uint64_t hash = 14695981039346656037ULL;
  const auto mix = [&](std::uint8_t byte) { hash = (hash ^ byte) * 1099511628211ULL; };
  for (const std::uint8_t byte : signer.bytes) mix(byte);
  for (const char c : bytes) mix(static_cast<std::uint8_t>(c));
  for (std::size_t i = 0; i < 8; ++i) result.bytes[i] = static_cast<std::uint8_t>(hash >> (8 * i));
  return result;
}

void sign_again(record::Record& record) {
  for (verdict::Vote& vote : record.certificate.votes) {
    vote.signature = Checksums::of(vote.node, verdict::signed_bytes(record.certificate.ballot, vote));
  }
}

record::Record signed_removal() {
  record::Record result = record::samples::removal();
  sign_again(result);
  return result;
}

Snapshot healthy() {
  Snapshot s;
  s.app = "orders-db";
  s.version = "0.1.0";
  s.health = supervisor::Health::kHealthy;
  s.voters = s.voters_live = 3;
  s.failures_survivable = 1;
  s.cluster = {0x7384a1c09b5e2f4fULL};
  s.self = node(1);
  s.self_name = "node-198-18-0-11";
  s.remover = node(1);
  s.epoch = {16};
  for (std::uint8_t i = 1; i <= 3; ++i) {
    s.members.push_back(row(i));
    s.nodes.push_back(node(i));
    for (std::uint8_t j = 1; j <= 3; ++j) {
      if (i != j) s.links.push_back({node(i), node(j), gossip::LinkState::kOk, static_cast<std::uint32_t>(i + j)});
    }
  }
  s.counters = {{"discovery_bad_answers.html", 2}, {"discovery_bad_answers.timeout", 1}, {"verdict.vetoes", 0}};
  return s;
}

Snapshot degraded() {
  Snapshot s = healthy();
  s.health = supervisor::Health::kDegraded;
  s.voters_live = 2;
  s.failures_survivable = 0;
  s.problems = {"node-198-18-0-13 is dead since 31 s and still votes: one more failure stops every write.",
                "No replacement is listed yet; the Flux network starts one only after the row of the dead instance is gone."};
  supervisor::MemberRow& dead = s.members[2];
  dead.gossip = "dead";
  dead.gossip_for_seconds = 31.4;
  dead.postgres = "unknown";
  dead.listed = "unlisted";
  dead.note = "agreed dead; absent from 4 answers of 3 backends for 52 s, evicted after 60 s";
  s.links[1].state = gossip::LinkState::kRefused;
  s.links[3].state = gossip::LinkState::kCut;
  s.links[4].state = s.links[5].state = gossip::LinkState::kUnknown;
  s.doing = {{"evicting node-198-18-0-13", "8 s more of absence from the listing"}, {"renewing the remover key", ""}};
  supervisor::BallotView ballot;
  ballot.victim = member(3);
  ballot.victim_name = "node-198-18-0-13";
  ballot.dead_votes = 1;
  ballot.needed = 2;
  ballot.state = "collecting";
  ballot.detail = "no answer of node-198-18-0-12 yet";
  ballot.votes = {record::samples::removal().certificate.votes[0]};
  ballot.seconds_ago = 1.2;
  s.ballot = ballot;
  s.history = {record::samples::promotion()};
  s.history[0].outcome = "done";
  s.history[0].epoch = {14};
  return s;
}

Snapshot majority_lost() {
  Snapshot s = degraded();
  s.health = supervisor::Health::kMajorityLost;
  s.voters_live = 1;
  s.ballot.reset();
  s.remover.reset();
  s.evictions = "paused";
  s.members[1].gossip = "suspect";
  s.members[1].gossip_for_seconds = 2;
  s.problems = {"1 of 3 voters answers, 2 are needed. It comes back when node-198-18-0-12 or node-198-18-0-13 does."};
  s.doing.clear();
  return s;
}

Snapshot empty() {
  Snapshot s;
  s.app = "orders-db";
  s.self = node(1);
  return s;
}

}  // namespace fluxpg::report
