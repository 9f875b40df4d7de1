// What every policy needs and none is compared by: etcd runs, a node without data joins, a removed one comes back as a new one.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "simulation/policy/policy.hpp"

namespace fluxpg::policy {

class Node : public Policy {
 public:
  explicit Node(Config config) : config_(std::move(config)) {}
  supervisor::Actions handle(const Now& now, const supervisor::Input& input) override;
  TimePoint next_deadline() const override { return next_second_; }

 protected:
  using Reply = std::function<void(const Now&, const etcd::Result&)>;
  // The own etcd runs and a poll has just been answered well, or a second has passed.
  virtual void polled(const Now& now) = 0;
  virtual void second(const Now& now) { (void)now; }
  // Nobody could be joined.
  virtual void found_no_cluster(const Now& now);
  // The own address is a member already, and there is no data here.
  virtual void found_own_entry(const Now& now, const std::string& asked, const etcd::MemberList& list, const etcd::Member& own);
  virtual void started(const Now& now) { (void)now; }

  void ask_own(etcd::Call call, Duration deadline, Reply reply) { ask({}, std::move(call), deadline, std::move(reply)); }
  void ask(const std::string& address, etcd::Call call, Duration deadline, Reply reply);  // "": the own one
  void list_own(std::function<void(const Now&, const etcd::MemberList&)> then);
  void remove(const Now& now, const etcd::Member& member, const std::string& why);
  void run_etcd(const std::vector<std::pair<std::string, std::string>>& initial, bool new_cluster);
  void set_aside(const std::string& why);
  void try_again(const Now& now, Duration wait) { busy_ = false, retry_at_ = now.boot + wait; }
  bool listed(const etcd::Member& member) const;
  bool is_own(const etcd::Member& member) const;
  static std::string address_of(const etcd::Member& member);

  Config config_;
  std::optional<std::set<std::string>> rows_;  // of the last poll; none: it failed

 private:
  void keep_etcd(const Now& now);
  void join(const Now& now);
  void join_next(const Now& now);
  void took_list(const Now& now, const std::string& asked, const etcd::MemberList& list);
  void ask_for_vote(const Now& now);

  supervisor::Actions out_;
  supervisor::ProcessesSeen seen_;
  std::map<supervisor::RequestId, Reply> asked_;
  std::uint64_t last_request_ = 0;
  std::vector<std::string> to_ask_;
  TimePoint next_second_{};
  TimePoint retry_at_{};
  TimePoint vote_asked_{};
  bool polled_once_ = false;
  bool started_ = false;
  bool busy_ = false;
  bool votes_ = false;
};

}  // namespace fluxpg::policy
