// Sequences on a healthy cluster: transactions, ranges, leases, and every membership call that does not need a process.
#include "tests/etcd-model/sequences.hpp"

namespace fluxpg::differential {

namespace {

constexpr std::uint64_t kNoLease = 777;
constexpr std::uint64_t kNoMember = 999;

std::string random_key(Random& random, const std::string& prefix) {
  static const char* const kKeys[] = {"a", "ab", "abc", "b", "b/1", "b/2"};
  return prefix + kKeys[random.below(6)];
}

etcd::LeaseId random_lease(Random& random, const Pair& pair) {
  const std::size_t known = pair.model().names.leases();
  if (known == 0 || random.below(8) == 0) return {kNoLease};
  return {1 + random.below(known)};
}

// Mostly what the key really shows, so that transactions succeed about as often as not.
etcd::Compare random_compare(Random& random, const Pair& pair, const std::string& prefix) {
  const Modelled& model = pair.model();
  etcd::Compare compare;
  compare.what = random.below(2) == 0 ? etcd::Compare::What::kCreateRevision : etcd::Compare::What::kModRevision;
  compare.key = random_key(random, prefix);
  const auto& keys = model.cluster().keys;
  const auto found = keys.find(compare.key);
  const std::uint64_t kind = random.below(10);
  if (kind < 7 && found != keys.end()) {
    const bool create = compare.what == etcd::Compare::What::kCreateRevision;
    compare.equals = (create ? found->second.create_revision : found->second.mod_revision) - model.names.base();
  } else if (kind == 9) {
    compare.equals = 1 + static_cast<std::int64_t>(random.below(12));
  }
  return compare;
}

etcd::Txn random_txn(Random& random, const Pair& pair, const std::string& prefix) {
  etcd::Txn txn;
  const std::uint64_t compares = 1 + random.below(2);
  for (std::uint64_t i = 0; i < compares; ++i) txn.compares.push_back(random_compare(random, pair, prefix));
  // One without writes is answered from the asked member's own state, however old that is: only a lone member's is certain.
  const std::uint64_t writes = pair.voters().size() == 1 && random.below(8) == 0 ? 0 : 1 + random.below(3);
  for (std::uint64_t i = 0; i < writes; ++i) {
    const std::string key = random_key(random, prefix);
    if (random.below(3) == 0) {
      txn.writes.push_back(etcd::Delete{key});
    } else {
      const etcd::LeaseId lease = random.below(3) == 0 ? random_lease(random, pair) : etcd::LeaseId{};
      txn.writes.push_back(etcd::Put{key, std::to_string(random.below(100)), lease});
    }
  }
  return txn;
}

etcd::Range random_range(Random& random, const std::string& prefix) {
  etcd::Range range;
  range.prefix = random.below(3) != 0;
  range.key = range.prefix && random.below(2) == 0 ? prefix : random_key(random, prefix);
  range.limit = range.prefix && random.below(2) == 0 ? 1 + static_cast<std::int64_t>(random.below(4)) : 0;
  range.newest_first = range.prefix && random.below(2) == 0;
  return range;
}

// Everything that etcd refuses, and the one addition that it does not.
void membership_call(Pair& pair, Random& random, Host host, std::optional<std::uint64_t>& learner) {
  static std::uint64_t unique = 0;  // an id is a hash of URL and second: a URL is used once
  const std::string fresh = "http://127.0.41.200:" + std::to_string(10000 + unique % 50000);
  switch (random.below(8)) {
    case 0: {
      const std::uint64_t symbol = pair.next_symbol();
      ++unique;
      pair.ask(host, etcd::AddLearner{fresh});
      if (!learner && pair.next_symbol() != symbol) learner = symbol;
      return;
    }
    case 1:
      return void(pair.ask(host, etcd::AddLearner{pair.peer_url(0)}));
    case 2:
      return void(pair.ask(host, etcd::AddLearner{"nonsense"}));
    case 3:
      pair.ask(host, etcd::Promote{MemberId{random.below(2) == 0 ? kNoMember : learner.value_or(1)}});
      return pair.settle();  // it may have been done, and not be known to the learner yet
    case 4:
      return void(pair.ask(host, etcd::Promote{MemberId{1}}));
    case 5:
      return void(pair.ask(host, etcd::RemoveMember{MemberId{kNoMember}}));
    case 6:
      if (!learner) return void(pair.ask(host, etcd::ListMembers{random.below(2) == 0}));
      pair.ask(host, etcd::RemoveMember{MemberId{*learner}});
      if (random.below(2) == 0) pair.ask(host, etcd::RemoveMember{MemberId{*learner}});
      learner.reset();
      return;
    case 7:
      if (pair.voters().size() == 1) return void(pair.ask(host, etcd::RemoveMember{MemberId{1}}));
      return void(pair.ask(host, etcd::TransferLeadership{MemberId{kNoMember}}));
  }
}

}  // namespace

etcd::Call random_key_call(Random& random, const Pair& pair, const std::string& prefix) {
  switch (random.below(14)) {
    case 0:
      return etcd::GrantLease{seconds(random.below(4) == 0 ? 1 : 100 + static_cast<std::int64_t>(random.below(100)))};
    case 1:
      return etcd::KeepAlive{random_lease(random, pair)};
    case 2:
      return etcd::RevokeLease{random_lease(random, pair)};
    case 3:
      return etcd::GetStatus{};
    case 4:
      return etcd::ListMembers{random.below(2) == 0};
    case 5:
    case 6:
    case 7:
      return random_range(random, prefix);
    default:
      return random_txn(random, pair, prefix);
  }
}

void quiet_sequence(Pair& pair, std::uint64_t seed, std::size_t hosts) {
  Random random(seed);
  pair.begin(seed);
  const std::string prefix = "/" + std::to_string(seed) + "/";
  const std::uint64_t length = 6 + random.below(14);
  std::optional<std::uint64_t> learner;
  for (std::uint64_t i = 0; i < length && pair.agree(); ++i) {
    const Host host = random.below(hosts);
    if (random.below(5) == 0) {
      membership_call(pair, random, host, learner);
      continue;
    }
    const etcd::Call call = random_key_call(random, pair, prefix);
    const auto* grant = std::get_if<etcd::GrantLease>(&call);
    pair.ask(host, call);
    // The shortest lease would run out at about the same time on both sides, and about is not enough: it is renewed or revoked in time.
    if (grant != nullptr && grant->ttl < seconds(10)) pair.ask(host, etcd::RevokeLease{{pair.model().names.leases()}});
  }
  pair.ask(0, etcd::Range{prefix, true, false, 0, false});
  if (learner) pair.ask(0, etcd::RemoveMember{MemberId{*learner}});
  for (std::size_t lease = 1; lease <= pair.model().names.leases(); ++lease) pair.ask(random.below(hosts), etcd::RevokeLease{{lease}});
  pair.ask(random.below(hosts), etcd::Range{prefix, true, false, 0, false});
  pair.ask(0, etcd::ListMembers{true});
}

}  // namespace fluxpg::differential
