#include "tests/record/samples.hpp"

namespace fluxpg::record::samples {
namespace {

template <class Id>
Id counting_from(std::uint8_t first) {
  Id id;
  for (std::size_t i = 0; i < Id::kSize; ++i) id.bytes[i] = static_cast<std::uint8_t>(first + i);
  return id;
}

verdict::Vote vote(std::uint8_t number, const std::string& probe, std::int64_t ms) {
  verdict::Vote result;
  result.ballot = counting_from<Nonce>(0xa0);
  result.voter = member(number);
  result.node = node(number);
  result.choice = verdict::Choice::kDead;
  result.listing = verdict::Listing::kUnlisted;
  result.reason = "no sign of life in 1500 ms; absent from 4 answers of 3 backends for 63 s";
  result.evidence = {{"gossip-probe", probe, ms}, {"etcd-status", "no answer", 1500}};
  result.signature = counting_from<Signature>(number);
  return result;
}

}  // namespace

NodeId node(std::uint8_t number) { return counting_from<NodeId>(static_cast<std::uint8_t>(number * 0x11)); }
MemberId member(std::uint8_t number) { return {0x8e9e05c521646900ULL + number}; }

Record removal() {
  Record r;
  r.change = {Kind::kRemove,
              member(3),
              node(3),
              "node-198-18-0-13",
              "https://n-33343536:2380",
              "unlisted",
              "Dead for 31 s, absent from the listing for 63 s."};
  r.electorate = {{0x7384a1c09b5e2f4fULL}, {member(1), member(2), member(3)}};
  verdict::Ballot& ballot = r.certificate.ballot;  // field by field: g++ 12 sees ghosts in the nested braces
  ballot.id = counting_from<Nonce>(0xa0);
  ballot.opener = node(1);
  ballot.victim = {member(3), r.change.peer_url, node(3), {7}};
  ballot.electorate = r.electorate;
  ballot.revision = {15};
  ballot.why = "unlisted";
  ballot.opened_at = WallPoint(Duration(1'793'000'000'123'456'789));
  r.certificate.votes = {vote(1, "refused", 1), vote(2, "no answer", 1500)};
  r.remover = node(1);
  r.decided_at_ms = 1'793'000'001'700;
  r.command = "etcdctl member remove 8e9e05c521646903";
  r.outcome = "done";
  r.detail = "Gone from etcd's member list.";
  r.closed_by = node(2);
  r.closed_at_ms = 1'793'000'001'950;
  r.epoch = {16};
  return r;
}

Record promotion() {
  Record r;
  r.change = {Kind::kPromote,
              member(4),
              node(4),
              "node-198-18-0-14",
              "https://n-44454647:2380",
              "seat-empty",
              "2 voters, 3 wanted, and this learner has caught up."};
  r.electorate = {{0x7384a1c09b5e2f4fULL}, {member(1), member(2)}};
  r.remover = node(1);
  r.decided_at_ms = 1'793'000'090'000;
  r.command = "etcdctl member promote 8e9e05c521646904";
  return r;
}

Founded founded() {
  return {"5f1e-random",
          {0x7384a1c09b5e2f4fULL},
          2,
          {{node(1), "node-198-18-0-11", "https://n-11:2380"}, {node(2), "node-198-18-0-12", "https://n-22:2380"}},
          1'792'000'000'000,
          verdict::DatabaseCopy{"7412345678901234567", node(2), 3, 0x1a2b3c4d58}};
}

}  // namespace fluxpg::record::samples
