// The agent together with everything its actions reach: from the moment the own address is known until the end.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/signing.hpp"
#include "discovery/poll.hpp"
#include "etcdctl-adapter/gateway.hpp"
#include "gossip/net/transport.hpp"
#include "supervisor/core/agent.hpp"
#include "supervisor/runtime/context.hpp"
#include "supervisor/runtime/etcd_process.hpp"
#include "supervisor/runtime/node_files.hpp"
#include "supervisor/runtime/patroni_process.hpp"
#include "supervisor/runtime/probes.hpp"
#include "supervisor/runtime/switchover.hpp"
#include "supervisor/runtime/reach.hpp"

namespace fluxpg::runtime {

using Inbox = std::deque<supervisor::Input>;

class Node {
 public:
  struct Parts {
    std::string address;
    std::string listen;
    const Signing* identity = nullptr;
    ClusterKeys keys;
    supervisor::Persistent state;
    std::string state_file;
  };
  // The error is one sentence: the gossip port is taken, a file cannot be written.
  static Expected<std::unique_ptr<Node>, std::string> open(const Context& context, ProcessControl& control, Parts parts);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Does all that is due and empties the inbox.
  void drive(Inbox& inbox);
  TimePoint next_deadline() const;
  std::vector<int> descriptors() const { return transport_->descriptors(); }

  supervisor::Snapshot snapshot() const;
  bool stopped() const { return agent_->stopped(); }
  // A promise could not be made durable: nothing may be done after it, so the daemon must end and start again from what is on disk.
  bool failed() const { return failed_; }

 private:
  Node(const Context& context, ProcessControl& control, Parts parts);
  std::string open_all();
  supervisor::AgentConfig agent_config(std::uint64_t seed) const;
  discovery::PollConfig poll_config() const;
  void open_poll(std::uint64_t seed);
  etcd::Access access(const supervisor::EtcdTarget& target) const;
  void handle(const supervisor::Input& input);
  std::vector<Reach::Peer> reachable_peers() const;

  void perform(const supervisor::Send& send);
  void perform(const supervisor::AskEtcd& ask);
  void perform(const supervisor::Persist& persist);
  void perform(const supervisor::RunEtcd& run) { etcd_.handle(run); }
  void perform(const supervisor::StopEtcd& stop) { etcd_.handle(stop); }
  void perform(const supervisor::SetAsideEtcdData& aside) { etcd_.handle(aside); }
  void perform(const supervisor::RestoreEtcd& restore) { etcd_.handle(restore); }
  void perform(const supervisor::AskPostgres& ask);
  void perform(const supervisor::RunPatroni& run) { patroni_.handle(run); }
  void perform(const supervisor::StopPatroni& stop) { patroni_.handle(stop); }
  void perform(const supervisor::SwitchOver&) { switchover_.begin(); }
  void perform(const supervisor::WriteHosts& hosts);
  void perform(const supervisor::Say& say);

  const Context& context_;
  Parts parts_;
  Self self_;
  EtcdProcess etcd_;
  PatroniProcess patroni_;
  Probes probes_;
  Switchover switchover_;
  Reach reach_;
  Trouble hosts_trouble_;
  std::optional<supervisor::Agent> agent_;
  std::unique_ptr<net::Transport> transport_;
  std::optional<discovery::Poll> poll_;
  bool sent_ = false;
  bool failed_ = false;
};

}  // namespace fluxpg::runtime
