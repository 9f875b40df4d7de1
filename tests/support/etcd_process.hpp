// Real etcd members as child processes on loopback addresses 127.0.41.x, with data in a temporary directory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.hpp"

namespace fluxpg::test {

// One member: a name, an address with two free ports and a data directory, kept over kill() and start().
class EtcdProcess {
 public:
  explicit EtcdProcess(int number);  // 1 to 254: e1 at 127.0.41.1, …

  // `initial_cluster` as etcd wants it; with data on disk etcd ignores it. `existing`: join, do not bootstrap.
  void start(const std::string& initial_cluster, bool existing, const std::vector<std::string>& more_flags = {});
  void restart();  // with the same flags, on the same data
  void kill();
  void pause();
  void resume();
  bool running();
  std::optional<int> wait(Duration at_most);
  bool healthy() const;  // GET /health says true: it serves and has a leader

  const std::string& name() const { return name_; }
  std::string client_url() const;
  std::string peer_url() const;
  std::string data_dir() const { return directory_.path() + "/data"; }
  std::string log() const { return read_file(directory_.path() + "/log"); }
  std::string in_initial_cluster() const { return name_ + "=" + peer_url(); }

 private:
  TemporaryDirectory directory_;
  std::string name_;
  std::string address_;
  int client_port_;
  int peer_port_;
  std::vector<std::string> command_;
  std::unique_ptr<Process> process_;
};

// Voters 1 to n, started together and healthy when the constructor returns (else CHECK).
class EtcdCluster {
 public:
  explicit EtcdCluster(int voters, const std::vector<std::string>& more_flags = {});

  EtcdProcess& operator[](std::size_t index) { return *members_.at(index); }
  std::size_t size() const { return members_.size(); }
  EtcdProcess& add_process();           // the next number, not started: for joining
  std::string initial_cluster() const;  // all members made so far

 private:
  std::vector<std::unique_ptr<EtcdProcess>> members_;
};

// etcdctl (API 3) against one member: the independent witness. The words are one argument each.
Output etcdctl(const EtcdProcess& member, std::vector<std::string> words);

}  // namespace fluxpg::test
