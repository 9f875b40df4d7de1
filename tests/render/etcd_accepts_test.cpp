// Real etcd with the rendered file and the minted certificates: three members on loopback addresses, asked by curl.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "supervisor/render/certificates.hpp"
#include "supervisor/render/etcd.hpp"

namespace fluxpg::render {
namespace {

namespace fs = std::filesystem;

struct Answer {
  int exit_code = 0;
  std::string output;
};

Answer run(const std::string& command) {
  FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  Answer answer;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = fread(buffer.data(), 1, buffer.size(), pipe)) answer.output.append(buffer.data(), size);
  answer.exit_code = WEXITSTATUS(pclose(pipe));
  return answer;
}

void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

std::string contents(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Names would need /etc/hosts, which is not the test's to change; addresses do for the URLs, the names are curl's --resolve.
class EtcdCluster : public testing::Test {
 protected:
  static constexpr int kNodes = 3;

  void SetUp() override {
    dir_ = fs::temp_directory_path() / ("fluxpg-render-" + std::to_string(getpid()));
    fs::create_directories(dir_);
    ca_.fill(9);
    for (int i = 0; i < kNodes; ++i) start(i);
    for (int i = 0; i < kNodes; ++i) await(i);
  }

  void TearDown() override {
    for (const pid_t pid : pids_) kill(pid, SIGKILL);
    for (const pid_t pid : pids_) waitpid(pid, nullptr, 0);
    if (HasFailure()) {
      for (int i = 0; i < kNodes; ++i) std::fputs(contents(home(i) / "log").c_str(), stderr);
    }
    fs::remove_all(dir_);
  }

  fs::path home(int i) const { return dir_ / std::to_string(i); }
  static std::string address(int i) { return "127.77.3." + std::to_string(i + 1); }
  static std::string name(int i) { return "n-" + std::to_string(i); }
  static std::string peer_url(int i) { return "https://" + address(i) + ":23800"; }

  void write_pair(int i, const std::string& what, const Pair& pair) const {
    write(home(i) / (what + ".crt"), pair.certificate);
    write(home(i) / (what + ".key"), pair.key);
  }

  void start(int i) {
    fs::create_directories(home(i));
    const NodePairs pairs = mint(ca_, "orders", name(i), {address(i)}, WallPoint(std::chrono::seconds(std::time(nullptr))), 42);
    write(home(i) / "ca.crt", ca_certificate(ca_, "orders"));
    write_pair(i, "server", pairs.server);
    write_pair(i, "client", pairs.client);
    EtcdInputs in;
    in.name = name(i);
    in.data_dir = home(i) / "data";
    in.interface_address = address(i);
    in.loopback_address = "127.77.4." + std::to_string(i + 1);
    in.client_port = 23790;
    in.peer_port = 23800;
    in.host_client_port = 23791;
    in.peer_url = peer_url(i);
    in.client_url = "https://" + address(i) + ":23791";
    for (int j = 0; j < kNodes; ++j) in.initial_cluster.emplace_back(name(j), peer_url(j));
    in.new_cluster = true;
    in.token = "test";
    in.tls = {home(i) / "ca.crt", home(i) / "server.crt", home(i) / "server.key", home(i) / "client.crt", home(i) / "client.key"};
    write(home(i) / "etcd.yml", etcd_yml(in));
    const pid_t pid = fork();
    if (pid == 0) {
      const int log = open((home(i) / "log").c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
      dup2(log, 1);
      dup2(log, 2);
      execlp("etcd", "etcd", "--config-file", (home(i) / "etcd.yml").c_str(), nullptr);
      _exit(127);
    }
    pids_.push_back(pid);
  }

  static void await(int i) {
    for (int tries = 0; tries < 450; ++tries) {
      if (run("curl -s -m 2 http://127.77.4." + std::to_string(i + 1) + ":23790/health").output.find("true") != std::string::npos) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    FAIL() << name(i) << " did not get healthy";
  }

  // Asks member 0 over TLS by its name, on the host's port.
  Answer ask(const std::string& options) const {
    return run("curl -sS -m 5 --resolve n-0:23791:127.77.3.1 --resolve n-9:23791:127.77.3.1 -d '{}' " + options);
  }
  std::string with_ca() const { return "--cacert " + (home(0) / "ca.crt").string(); }
  std::string with_pair(int i, const std::string& what) const {
    return " --cert " + (home(i) / (what + ".crt")).string() + " --key " + (home(i) / (what + ".key")).string();
  }

  static constexpr const char* kList = " https://n-0:23791/v3/cluster/member/list";
  fs::path dir_;
  CaSeed ca_{};
  std::vector<pid_t> pids_;
};

TEST_F(EtcdCluster, AnswersThoseWithACertificateAndNobodyElse) {
  const Answer listed = ask(with_ca() + with_pair(1, "client") + kList);
  EXPECT_EQ(listed.exit_code, 0);
  EXPECT_NE(listed.output.find("\"name\":\"n-2\""), std::string::npos) << listed.output;

  EXPECT_NE(ask(with_ca() + kList).exit_code, 0) << "no certificate";
  EXPECT_EQ(ask(with_ca() + with_pair(1, "client") + " https://n-9:23791/v3/cluster/member/list").exit_code, 60) << "another name";

  CaSeed other;
  other.fill(10);
  write_pair(0, "stranger", mint(other, "orders", "n-0", {}, WallPoint(std::chrono::seconds(std::time(nullptr))), 1).client);
  EXPECT_NE(ask(with_ca() + with_pair(0, "stranger") + kList).exit_code, 0) << "another secret's certificate";
  write(home(0) / "other-ca.crt", ca_certificate(other, "orders"));
  EXPECT_EQ(ask("--cacert " + (home(0) / "other-ca.crt").string() + with_pair(1, "client") + kList).exit_code, 60) << "another secret's CA";

  EXPECT_EQ(run("curl -sS -m 5 http://127.77.3.1:23790/health").output.find("\"health\""), std::string::npos)
      << "plain HTTP outside loopback";
  EXPECT_NE(run("curl -sSk --http1.1 -m 5 https://127.77.3.1:23800/version").exit_code, 0) << "peer port without a certificate";
}

// Why there are two pairs: on the peer port, names in a client's certificate bind it to an address.
TEST_F(EtcdCluster, RefusesPeersUnderANameFromAForeignAddress) {
  // HTTP/1.1, because the peer port offers h2 in the handshake and then does not speak it.
  const auto refusal = [&](const std::string& from, const std::string& pair) {
    return run("curl -sS --http1.1 -m 5 --interface " + from + " " + with_ca() + with_pair(1, pair) + " https://127.77.3.1:23800/version")
        .exit_code;
  };
  EXPECT_EQ(refusal("127.77.3.2", "server"), 0);
  EXPECT_NE(refusal("127.77.9.9", "server"), 0);
  EXPECT_EQ(refusal("127.77.9.9", "client"), 0);
}

// What the file asks for is what etcd understood: it ignores a misspelt key, but reports its configuration at start.
TEST_F(EtcdCluster, UnderstoodTheFile) {
  const std::string log = contents(home(0) / "log");
  for (const char* fact : {"\"pre-vote\":true", "\"auto-compaction-mode\":\"periodic\"", "\"auto-compaction-retention\":\"1h0m0s\"",
                           "\"quota-size-bytes\":2147483648", "\"heartbeat-interval\":\"100ms\"", "\"election-timeout\":\"1s\""}) {
    EXPECT_NE(log.find(fact), std::string::npos) << fact;
  }
  EXPECT_EQ(log.find("rejected connection"), std::string::npos);
}

// The verifier that Patroni uses.
TEST_F(EtcdCluster, IsTrustedByPython) {
  write(dir_ / "ask.py",
        "import socket, ssl, sys\n"
        "context = ssl.create_default_context(cafile=sys.argv[1])\n"
        "context.verify_flags |= ssl.VERIFY_X509_STRICT\n"
        "context.load_cert_chain(sys.argv[2], sys.argv[3])\n"
        "with context.wrap_socket(socket.create_connection(('127.77.3.1', 23791), 5), server_hostname='n-0') as s:\n"
        "    s.sendall(b'GET /health HTTP/1.0\\r\\n\\r\\n')\n"
        "    print(s.recv(4096))\n");
  const Answer answer = run("python3 " + (dir_ / "ask.py").string() + " " + (home(0) / "ca.crt").string() + " " +
                            (home(0) / "client.crt").string() + " " + (home(0) / "client.key").string());
  EXPECT_NE(answer.output.find("200 OK"), std::string::npos) << answer.output;
}

}  // namespace
}  // namespace fluxpg::render
