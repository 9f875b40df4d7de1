// Sequences with process faults and real changes of membership: few, since elections and the strict check take their seconds.
#include <algorithm>

#include "tests/etcd-model/sequences.hpp"

namespace fluxpg::differential {

namespace {

std::optional<Host> pick(Random& random, const std::vector<Host>& hosts) {
  if (hosts.empty()) return std::nullopt;
  return hosts[random.below(hosts.size())];
}

class Story {
 public:
  Story(Pair& pair, std::uint64_t seed, std::size_t hosts) : pair_(pair), random_(seed), hosts_(hosts), spare_(3) {}

  void step() {
    switch (random_.below(10)) {
      case 0:
        return fail();
      case 1:
        return recover();
      case 2:
      case 3:
        return learner_ ? promote() : add();
      case 4:
      case 5:
        return remove();
      case 6:
        return random_.below(3) == 0 ? outvoted() : fail();
      default:
        return call();
    }
  }
  void finish() {
    while (const auto host = pick(random_, down())) bring_back(*host);
    pair_.settle();
    call();
    for (Host host = 0; host < hosts_; ++host) pair_.ask(host, etcd::ListMembers{false}, seconds(3));
  }

 private:
  std::vector<Host> down() const {
    std::vector<Host> result = pair_.voters();
    std::erase_if(result, [this](Host host) { return pair_.up(host) && !pair_.paused(host); });
    return result;
  }
  std::vector<Host> working() const {
    std::vector<Host> result = pair_.voters();
    std::erase_if(result, [this](Host host) { return !pair_.up(host) || pair_.paused(host); });
    return result;
  }
  void wait_or_not() {
    if (random_.below(4) == 0) return pair_.keep_away_from_health_interval();
    pair_.wait_for_health_interval();
  }
  Host any_working() { return *pick(random_, working()); }

  void call() {
    for (int i = 0; i < 3; ++i) pair_.ask(any_working(), random_key_call(random_, pair_, "/f/"));
    for (const Host host : down()) {
      if (!pair_.paused(host)) pair_.ask(host, etcd::GetStatus{}, seconds(2));
    }
  }

  // A voter goes away, while a majority stays.
  void fail() {
    if (working().size() <= etcd_model::majority(pair_.voters().size())) return;
    const Host host = any_working();
    if (random_.below(3) == 0) {
      pair_.pause(host);
      pair_.wait_for_health_interval();  // so long a silent connection looks well
    } else {
      pair_.kill(host);
    }
    pair_.settle();
  }
  void bring_back(Host host) {
    if (pair_.paused(host)) {
      pair_.resume(host);
    } else {
      pair_.restart(host);
    }
    pair_.settle();
  }
  void recover() {
    if (const auto host = pick(random_, down())) bring_back(*host);
  }

  // Without a quorum: what is refused at once, what answers, and what nobody hears of.
  void outvoted() {
    // A real learner goes on naming the leader that it once had, which is as good as none.
    if (pair_.voters().size() != 3 || !down().empty() || learner_) return;
    const Host left = any_working();
    for (const Host host : working()) {
      if (host != left) pair_.kill(host);
    }
    pair_.settle();
    pair_.ask(left, etcd::GetStatus{}, seconds(2));
    pair_.ask(left, etcd::ListMembers{false}, seconds(2));
    pair_.ask(left, etcd::ListMembers{true}, seconds(1));
    pair_.ask(left, etcd::AddLearner{"http://127.0.41.201:1"}, seconds(2));
    pair_.ask(left, etcd::Txn{{{etcd::Compare::What::kCreateRevision, "/never", 0}}, {etcd::Put{"/never", "", {}}}}, seconds(1));
    pair_.ask(left, etcd::RemoveMember{MemberId{*pair_.symbol_of(*pick(random_, down()))}}, seconds(1));
    while (const auto host = pick(random_, down())) {
      pair_.restart(*host);
      if (pair_.has_quorum()) pair_.settle();
    }
    pair_.settle();
    pair_.ask(left, etcd::Range{"/never", false, false, 0, false});
    pair_.ask(left, etcd::ListMembers{true});
  }

  void add() {
    if (spare_ >= hosts_ || learner_) return;
    wait_or_not();
    const std::uint64_t symbol = pair_.next_symbol();
    const std::string url = pair_.peer_url(spare_);
    const Host asked = any_working();
    pair_.ask(asked, etcd::AddLearner{url});
    pair_.ask(asked, etcd::AddLearner{url});
    if (pair_.next_symbol() == symbol || !pair_.agree()) return;
    pair_.ask(any_working(), etcd::AddLearner{"http://127.0.41.201:1"});
    pair_.ask(any_working(), etcd::Promote{MemberId{symbol}});
    pair_.start_learner(spare_);
    pair_.settle();
    learner_ = spare_++;
    pair_.ask(*learner_, etcd::ListMembers{true});
    pair_.ask(*learner_, etcd::ListMembers{false});
    pair_.ask(*learner_, etcd::GetStatus{});
    pair_.ask(*learner_, etcd::GrantLease{seconds(100)});
    pair_.ask(*learner_, etcd::RemoveMember{MemberId{1}});
  }

  void promote() {
    if (!learner_) return;
    const auto symbol = pair_.symbol_of(*learner_);
    if (!symbol) return;
    pair_.ask(any_working(), etcd::Promote{MemberId{*symbol}});
    pair_.ask(any_working(), etcd::Promote{MemberId{*symbol}});
    pair_.settle();
    learner_.reset();
  }

  // A learner, a dead voter, a live one, the leader, or the asked member itself: refused or not, both must say the same.
  void remove() {
    Host victim = random_.below(3) == 0 && learner_ ? *learner_ : *pick(random_, pair_.voters());
    if (random_.below(2) == 0 && !down().empty()) victim = *pick(random_, down());
    const auto symbol = pair_.symbol_of(victim);
    if (!symbol) return;
    std::vector<Host> asked = working();
    // Whoever removes itself may be gone before it can say so: not asked here.
    std::erase(asked, victim);
    if (asked.empty()) return;
    wait_or_not();
    const bool was_paused = pair_.paused(victim);
    pair_.ask(*pick(random_, asked), etcd::RemoveMember{MemberId{*symbol}});
    if (was_paused && !pair_.symbol_of(victim)) pair_.resume(victim);
    if (learner_ == victim) learner_.reset();
    pair_.settle();
    pair_.ask(any_working(), etcd::RemoveMember{MemberId{*symbol}});
    pair_.ask(any_working(), etcd::ListMembers{true});
  }

  Pair& pair_;
  Random random_;
  std::size_t hosts_;
  Host spare_;
  std::optional<Host> learner_;
};

}  // namespace

void faulty_sequence(Pair& pair, std::uint64_t seed, std::size_t hosts) {
  pair.begin(seed);
  Story story(pair, seed, hosts);
  for (int i = 0; i < 12 && pair.agree(); ++i) story.step();
  if (pair.agree()) story.finish();
}

}  // namespace fluxpg::differential
