// The three policies: when a member is removed, and by whom. Constants come from where each policy comes from.
#include <algorithm>

#include "base/check.hpp"
#include "simulation/policy/node.hpp"
#include "supervisor/core/rules.hpp"

namespace fluxpg::policy {

namespace {

constexpr Duration kReach = seconds(3);

// The shell updater of upstream 1.0.8 and before. Its README: "continuously monitors Flux API (every 60 seconds)", "removes nodes from etcd
// cluster when they're no longer in the API response". FACTS section 2: only an empty list is guarded; every node evicts at once, several
// members a pass; a replacement that cannot join bootstraps; so does a boot without the API; another cluster's id wipes data on the first
// reachable peer's word; an empty directory that is still registered crash-loops etcd. Kinder than the original: a node never removes
// itself.
class SeedUpdater : public Node {
 public:
  using Node::Node;

 private:
  void polled(const Now& now) override {
    if (!compared_) compare_clusters(now);
    list_own([this](const Now& then, const etcd::MemberList& list) {
      for (const etcd::Member& member : list.members) {
        if (rows_ && !listed(member) && !is_own(member)) remove(then, member, "not in the API response");
      }
    });
  }
  void started(const Now&) override { compared_ = false; }

  void compare_clusters(const Now&) {
    compared_ = true;
    for (const std::string& address : *rows_) {
      if (address == config_.address) continue;
      return ask(address, etcd::GetStatus{}, kReach, [this](const Now&, const etcd::Result& theirs) {
        const auto* status = theirs ? std::get_if<etcd::Status>(&*theirs) : nullptr;
        if (status == nullptr) return;
        ask_own(etcd::GetStatus{}, kReach, [this, cluster = status->header.cluster](const Now&, const etcd::Result& own) {
          const auto* mine = own ? std::get_if<etcd::Status>(&*own) : nullptr;
          if (mine != nullptr && mine->header.cluster != cluster) set_aside("cluster mismatch");
        });
      });
    }
  }

  void found_no_cluster(const Now& now) override {
    std::set<std::string> all = rows_.value_or(std::set<std::string>{});
    all.insert(config_.address);
    std::vector<std::pair<std::string, std::string>> initial;
    for (const std::string& address : all) initial.emplace_back(address == config_.address ? config_.name : address, peer_url(address));
    run_etcd(initial, true);
    try_again(now, seconds(10));
  }

  void found_own_entry(const Now& now, const std::string&, const etcd::MemberList& list, const etcd::Member&) override {
    std::vector<std::pair<std::string, std::string>> initial;
    for (const etcd::Member& member : list.members)
      initial.emplace_back(is_own(member) ? config_.name : member.name, member.peer_urls.front());
    run_etcd(initial, false);
    try_again(now, seconds(10));
  }

  bool compared_ = false;
};

// What one would add first: one node acts (the one whose etcd leads), and looks for itself before it does.
class OnePollCheck : public Node {
 public:
  using Node::Node;

 private:
  void polled(const Now&) override {
    ask_own(etcd::GetStatus{}, kReach, [this](const Now&, const etcd::Result& result) {
      const auto* own = result ? std::get_if<etcd::Status>(&*result) : nullptr;
      if (own == nullptr || own->leader != own->header.member) return;
      list_own([this](const Now&, const etcd::MemberList& list) {
        for (const etcd::Member& member : list.members) {
          if (rows_ && !listed(member) && !is_own(member)) check(member);
        }
      });
    });
  }
  void check(const etcd::Member& member) {
    ask(address_of(member), etcd::GetStatus{}, kReach, [this, member](const Now& now, const etcd::Result& result) {
      const auto* status = result ? std::get_if<etcd::Status>(&*result) : nullptr;
      if (status == nullptr || status->header.member != member.id)
        remove(now, member, "not in the API response, and it does not answer me");
    });
  }
};

// Our own times (supervisor/core/rules.hpp), one removal a round, its own eyes instead of votes, and no lock: who reaches nobody with a
// lower id believes itself the leader.
class LowestIdLeader : public Node {
 public:
  using Node::Node;

 private:
  static constexpr Duration kRound = seconds(5);

  void polled(const Now&) override {}
  void second(const Now& now) override {
    if (now.boot - last_round_ < kRound) return;
    last_round_ = now.boot;
    list_own([this](const Now& then, const etcd::MemberList& list) {
      for (const etcd::Member& member : list.members) {
        answered_.try_emplace(member.id, then.boot);
        if (!is_own(member)) look(member);
      }
      act(then, list);
    });
  }
  void look(const etcd::Member& member) {
    ask(address_of(member), etcd::GetStatus{}, kReach, [this, id = member.id](const Now& now, const etcd::Result& result) {
      const auto* status = result ? std::get_if<etcd::Status>(&*result) : nullptr;
      if (status != nullptr && status->header.member == id) answered_[id] = now.boot;
    });
  }
  void act(const Now& now, const etcd::MemberList& list) {
    const supervisor::Rules rules;
    const auto silent_for = [this, &now](const etcd::Member& member) { return now.boot - answered_.at(member.id); };
    const MemberId own = list.header.member;
    const bool leads = std::none_of(list.members.begin(), list.members.end(), [&](const etcd::Member& member) {
      return member.id < own && silent_for(member) < rules.dead_for_unlisted;
    });
    if (!leads || !rows_) return;
    for (const etcd::Member& member : list.members) {
      const Duration enough = listed(member) ? rules.listed_grace : rules.dead_for_unlisted;
      if (is_own(member) || silent_for(member) < enough) continue;
      return remove(now, member, listed(member) ? "silent for too long" : "silent and not in the API response");
    }
  }

  std::map<MemberId, TimePoint> answered_;
  TimePoint last_round_{};
};

}  // namespace

bool is_policy(const std::string& name) {
  return std::any_of(std::begin(kPolicies), std::end(kPolicies), [&name](const PolicyText& policy) { return name == policy.name; });
}

std::unique_ptr<Policy> make_policy(const std::string& name, Config config) {
  if (name == "seed-updater") return std::make_unique<SeedUpdater>(std::move(config));
  if (name == "one-poll-check") return std::make_unique<OnePollCheck>(std::move(config));
  CHECK(name == "lowest-id-leader");
  return std::make_unique<LowestIdLeader>(std::move(config));
}

}  // namespace fluxpg::policy
