#include "tests/support/etcd_process.hpp"

#include <csignal>
#include <cstdlib>

#include "base/check.hpp"
#include "base/http/client.hpp"

namespace fluxpg::test {

EtcdProcess::EtcdProcess(int number)
    : name_(std::string("e").append(std::to_string(number))),
      address_(std::string("127.0.41.").append(std::to_string(number))),
      client_port_(free_port(address_)),
      peer_port_(free_port(address_)) {}

void EtcdProcess::start(const std::string& initial_cluster, bool existing, const std::vector<std::string>& more_flags) {
  command_ = {"etcd",
              "--name=" + name_,
              "--data-dir=" + data_dir(),
              "--listen-client-urls=" + client_url(),
              "--advertise-client-urls=" + client_url(),
              "--listen-peer-urls=" + peer_url(),
              "--initial-advertise-peer-urls=" + peer_url(),
              "--initial-cluster=" + initial_cluster,
              "--initial-cluster-token=" + initial_cluster,
              std::string("--initial-cluster-state=") + (existing ? "existing" : "new"),
              "--pre-vote",
              "--logger=zap",
              "--log-outputs=stderr"};
  command_.insert(command_.end(), more_flags.begin(), more_flags.end());
  restart();
}

void EtcdProcess::restart() {
  CHECK(!command_.empty() && !running());
  process_ = std::make_unique<Process>(command_, directory_.path() + "/log");
}

void EtcdProcess::kill() { process_.reset(); }
void EtcdProcess::pause() { process_->signal(SIGSTOP); }
void EtcdProcess::resume() { process_->signal(SIGCONT); }
bool EtcdProcess::running() { return process_ && !process_->exit_code(); }
std::optional<int> EtcdProcess::wait(Duration at_most) { return process_->wait(at_most); }
std::string EtcdProcess::client_url() const { return "http://" + address_ + ":" + std::to_string(client_port_); }
std::string EtcdProcess::peer_url() const { return "http://" + address_ + ":" + std::to_string(peer_port_); }

bool EtcdProcess::healthy() const {
  http::Client client;
  http::Request request;
  request.url = client_url() + "/health";
  request.deadline = seconds(1);
  bool healthy = false;
  client.start(request, [&](http::Result result) { healthy = result && result->status == 200; });
  client.run_until_idle();
  return healthy;
}

EtcdCluster::EtcdCluster(int voters, const std::vector<std::string>& more_flags) {
  for (int i = 0; i < voters; ++i) add_process();
  for (const auto& member : members_) member->start(initial_cluster(), false, more_flags);
  for (const auto& member : members_) CHECK(eventually(seconds(30), [&] { return member->healthy(); }));
}

EtcdProcess& EtcdCluster::add_process() {
  members_.push_back(std::make_unique<EtcdProcess>(static_cast<int>(members_.size()) + 1));
  return *members_.back();
}

std::string EtcdCluster::initial_cluster() const {
  std::string text;
  for (const auto& member : members_) text.append(text.empty() ? "" : ",").append(member->in_initial_cluster());
  return text;
}

Output etcdctl(const EtcdProcess& member, std::vector<std::string> words) {
  setenv("ETCDCTL_API", "3", 1);
  words.insert(words.begin(), {"etcdctl", "--endpoints=" + member.client_url()});
  return run(words);
}

}  // namespace fluxpg::test
