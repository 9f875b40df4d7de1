// The client port as it faces the Internet: TLS with client certificates, members addressed by name.
#include <gmock/gmock.h>

#include "tests/etcd/native.hpp"

namespace fluxpg::etcd {
namespace {

using test::EtcdProcess;

// Two cluster CAs, each with a certificate for the host n-e1.
class Certificates {
 public:
  Certificates() {
    for (const char* ca : {"ours", "theirs"}) {
      const std::string at = path(ca);
      openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=ca",
               "-keyout", at + "-ca.key", "-out", at + "-ca.pem"});
      openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=node", "-addext",
               "subjectAltName=DNS:n-e1", "-keyout", at + ".key", "-out", at + ".csr"});
      openssl({"x509", "-req", "-days", "2", "-copy_extensions", "copy", "-in", at + ".csr", "-CA", at + "-ca.pem", "-CAkey",
               at + "-ca.key", "-CAcreateserial", "-out", at + ".pem"});
    }
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

 private:
  static void openssl(std::vector<std::string> words) {
    words.insert(words.begin(), "openssl");
    const auto output = test::run(words);
    EXPECT_EQ(output.exit_code, 0) << output.text;
  }
  test::TemporaryDirectory directory_;
};

TEST(NativeTls, BothSidesMustProveThatTheyBelongToTheCluster) {
  const Certificates certificates;
  EtcdProcess e1(1);
  const std::string port = e1.client_url().substr(e1.client_url().rfind(':'));
  const std::string tls_url = "https://127.0.41.1" + port;
  e1.start(e1.in_initial_cluster(), false,
           {"--listen-client-urls=" + tls_url, "--advertise-client-urls=" + tls_url, "--cert-file=" + certificates.path("ours.pem"),
            "--key-file=" + certificates.path("ours.key"), "--trusted-ca-file=" + certificates.path("ours-ca.pem"), "--client-cert-auth"});
  const auto ask_as = [&](const char* host, const char* ca, const char* own) {
    http::Client client;
    http::Tls tls{certificates.path(std::string(ca) + "-ca.pem"), "", ""};
    if (*own != '\0') {
      tls.certificate_file = certificates.path(std::string(own) + ".pem");
      tls.key_file = certificates.path(std::string(own) + ".key");
    }
    std::optional<Result> result;
    ask(client, Access{"https://" + std::string(host) + port, "127.0.41.1", tls}, ListMembers{true}, seconds(5),
        [&](Result r) { result = std::move(r); });
    client.run_until_idle();
    return *result;
  };
  EXPECT_TRUE(test::eventually(seconds(20), [&] { return ask_as("n-e1", "ours", "ours").has_value(); })) << e1.log();

  const Result foreign_server = ask_as("n-e1", "theirs", "ours");
  expect_refused(foreign_server, ErrorKind::kUnreachable);
  EXPECT_THAT(foreign_server.error().message, testing::HasSubstr("certificate"));
  expect_refused(ask_as("n-other", "ours", "ours"), ErrorKind::kUnreachable);
  for (const char* own : {"theirs", ""}) {  // with TLS 1.3 the server says no only after we have begun to send
    const Result foreign_client = ask_as("n-e1", "ours", own);
    expect_refused(foreign_client, ErrorKind::kTimeout);
    EXPECT_THAT(foreign_client.error().message, testing::HasSubstr("certificate"));
  }
}

}  // namespace
}  // namespace fluxpg::etcd
