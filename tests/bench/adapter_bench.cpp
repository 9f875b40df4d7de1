// What a member list costs: through our adapter, local and linearizable, against a spawned `etcdctl member list`, taken in turns.
// Prints one line per sample, "WHAT MICROSECONDS"; adapter.py makes the result files.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "base/check.hpp"
#include "etcdctl-adapter/gateway.hpp"
#include "tests/support/etcd_process.hpp"

namespace fluxpg {
namespace {

template <class Work>
void measure(const char* what, Work work) {
  const auto start = std::chrono::steady_clock::now();
  const bool good = work();
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(good);
  std::cout << what << " " << std::chrono::duration_cast<std::chrono::microseconds>(took).count() << "\n";
}

bool lists_three(http::Client& client, const test::EtcdProcess& member, bool linearizable) {
  std::optional<etcd::Result> answer;
  etcd::ask(client, {member.client_url(), "", std::nullopt}, etcd::ListMembers{linearizable}, seconds(5),
            [&answer](etcd::Result result) { answer = std::move(result); });
  client.run_until_idle();
  return answer && *answer && std::get<etcd::MemberList>(**answer).members.size() == 3;
}

void run(int rounds) {
  test::EtcdCluster cluster(3);
  http::Client client;
  CHECK(lists_three(client, cluster[0], true));  // the connection is made once, as in the daemon
  for (int i = 0; i < rounds; ++i) {
    measure("local", [&] { return lists_three(client, cluster[0], false); });
    measure("linearizable", [&] { return lists_three(client, cluster[0], true); });
    measure("etcdctl", [&] { return test::etcdctl(cluster[0], {"member", "list"}).exit_code == 0; });
  }
}

}  // namespace
}  // namespace fluxpg

int main(int argc, char** argv) { fluxpg::run(argc > 1 ? std::atoi(argv[1]) : 200); }
