// The two that are compared: real etcd members on loopback, and the model of them on a clock that follows the real one.
#pragma once

#include <deque>
#include <memory>
#include <set>

#include "etcdctl-adapter/gateway.hpp"
#include "simulation/etcd-model/model.hpp"
#include "tests/support/etcd_process.hpp"

namespace fluxpg::differential {

using Host = std::size_t;

// What one side calls a thing that both sides know by a symbol: member ids, leases, and revisions counted from the sequence's start.
class Names {
 public:
  void learn(MemberId real, std::uint64_t symbol) { members_[symbol] = real; }
  void learn(etcd::LeaseId real) { leases_.push_back(real); }
  void forget_leases() { leases_.clear(); }
  std::size_t leases() const { return leases_.size(); }
  std::int64_t base() const { return base_; }
  void count_from(std::int64_t revision) { base_ = revision; }

  etcd::Call resolve(etcd::Call symbolic) const;       // symbols to this side's ids; a symbol that is not known to an id nobody has
  std::string text(const etcd::Result& result) const;  // this side's ids to symbols: what is compared
  std::string symbol(MemberId id) const;

 private:
  MemberId member(MemberId symbol) const;
  etcd::LeaseId lease(etcd::LeaseId symbol) const;
  std::int64_t revision(std::int64_t symbolic) const { return symbolic == 0 ? 0 : symbolic + base_; }
  std::string list(std::vector<etcd::Member> members) const;

  std::map<std::uint64_t, MemberId> members_;
  std::vector<etcd::LeaseId> leases_;
  std::int64_t base_ = 0;
};

class Side {
 public:
  virtual ~Side() = default;
  virtual etcd::Result ask(Host host, const etcd::Call& call, Duration deadline) = 0;
  virtual void start(Host host, const std::vector<Host>& initial, bool existing) = 0;  // with data on disk: again
  virtual void kill(Host host) = 0;
  virtual void pause(Host host) = 0;
  virtual void resume(Host host) = 0;
  virtual bool running(Host host) = 0;
  virtual std::optional<int> exit_code(Host host) = 0;  // of a process that ended by itself

  // Of the asked member's status; zero: it does not answer, or has none.
  MemberId leader_seen_by(Host host);
  Names names;
};

class Real : public Side {
 public:
  explicit Real(std::size_t hosts);
  etcd::Result ask(Host host, const etcd::Call& call, Duration deadline) override;
  void start(Host host, const std::vector<Host>& initial, bool existing) override;
  void kill(Host host) override;
  void pause(Host host) override { members_[host]->pause(); }
  void resume(Host host) override { members_[host]->resume(); }
  bool running(Host host) override { return members_[host]->running(); }
  std::optional<int> exit_code(Host host) override;
  const test::EtcdProcess& process(Host host) const { return *members_[host]; }

 private:
  std::vector<std::unique_ptr<test::EtcdProcess>> members_;
  std::vector<bool> started_;
  std::vector<bool> killed_;
  http::Client client_;
};

class Modelled : public Side, private etcd_model::Surroundings {
 public:
  Modelled(const Real& real, std::size_t hosts, std::uint64_t seed);
  etcd::Result ask(Host host, const etcd::Call& call, Duration deadline) override;
  void start(Host host, const std::vector<Host>& initial, bool existing) override;
  void kill(Host host) override { model_.stop(host, -1); }
  void pause(Host host) override { paused_.insert(host); }
  void resume(Host host) override { paused_.erase(host); }
  bool running(Host host) override { return model_.running(host); }
  std::optional<int> exit_code(Host host) override;

  // Both clocks show the same afterwards: the model's moves on, or, where it had to wait for an answer, the real one is waited for.
  void follow_clock();
  etcd_model::Model& model() { return model_; }
  const etcd_model::Cluster& cluster() const { return model_.clusters().begin()->second; }
  bool caught_up(Host host);

 private:
  bool linked(Host a, Host b) const override { return paused_.count(a) == 0 && paused_.count(b) == 0; }
  bool answers(Host host) const override { return paused_.count(host) == 0; }
  void advance_to(TimePoint until);

  const Real& real_;
  std::set<Host> paused_;
  etcd_model::Model model_;
  std::vector<etcd_model::Launch> launches_;
  TimePoint now_{};
  std::chrono::steady_clock::time_point began_;
  etcd_model::Ticket last_ticket_ = 0;
};

}  // namespace fluxpg::differential
