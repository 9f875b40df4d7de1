#include "supervisor/render/hosts.hpp"

#include <gtest/gtest.h>

#include "tests/golden/golden.hpp"

namespace fluxpg::render {
namespace {

const std::string kOld = "127.0.0.1\tlocalhost\n::1 ip6-localhost\n\n# kept\n198.18.0.11 abc\n";
const std::vector<HostEntry> kEntries{{"n-aa", "198.18.0.11"}, {"n-bb", "198.18.0.12"}};

TEST(Hosts, IsTheGoldenFile) { expect_golden("render/hosts", with_our_hosts(kOld, kEntries)); }

TEST(Hosts, KeepsEveryForeignLineInItsOrder) { EXPECT_EQ(with_our_hosts(kOld, kEntries).substr(0, kOld.size()), kOld); }

TEST(Hosts, RenderedTwiceIsTheSame) {
  const std::string once = with_our_hosts(kOld, kEntries);
  EXPECT_EQ(with_our_hosts(once, kEntries), once);
}

TEST(Hosts, ReplacesWhatMoved) {
  const std::string moved = with_our_hosts(with_our_hosts(kOld, kEntries), {{"n-aa", "198.18.0.99"}});
  EXPECT_EQ(moved, with_our_hosts(kOld, {{"n-aa", "198.18.0.99"}}));
  EXPECT_EQ(moved.find("n-bb"), std::string::npos);
}

TEST(Hosts, EndsTheLastLineIfNobodyDid) {
  EXPECT_EQ(with_our_hosts("127.0.0.1 localhost", {}), with_our_hosts("127.0.0.1 localhost\n", {}));
}

TEST(Hosts, RecoversFromABlockWithoutItsEnd) {
  std::string torn = with_our_hosts(kOld, kEntries);
  torn.resize(torn.find("# fluxpg end"));
  torn += "10.0.0.1 added-later\n";
  EXPECT_EQ(with_our_hosts(torn, kEntries), with_our_hosts(kOld + "10.0.0.1 added-later\n", kEntries));
}

TEST(Hosts, LeavesOutWhatIsNoAddressOrNoName) {
  const std::string clean = with_our_hosts(kOld, {});
  EXPECT_EQ(with_our_hosts(kOld, {{"n-aa", "1.2.3.4\n6.6.6.6 postgres"}, {"n bb", "1.2.3.4"}, {"", "1.2.3.4"}, {"n-cc", "1.2.3"}}), clean);
}

}  // namespace
}  // namespace fluxpg::render
