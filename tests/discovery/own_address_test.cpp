#include "discovery/own_address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fluxpg::discovery {
namespace {

using testing::HasSubstr;

using Answer = std::optional<Expected<std::string, std::string>>;
const Answer kSilent = Expected<std::string, std::string>(unexpected(std::string("HTTP 503 instead of 200")));

Answer says(const std::string& address) { return Expected<std::string, std::string>(address); }

TEST(OwnAddress, IsWhatTheOperatorAdvertisesWhateverTheOthersSay) {
  const auto own = own_address({"203.0.113.7", "203.0.113.8", says("203.0.113.9")});
  EXPECT_EQ(own->address, "203.0.113.7");
  EXPECT_THAT(own->why, HasSubstr("ADVERTISE_ADDRESS"));
}

TEST(OwnAddress, IsHostinfosWhenTheEnvironmentIsStale) {
  const auto own = own_address({"", "203.0.113.8", says("203.0.113.9")});
  EXPECT_EQ(own->address, "203.0.113.9");
  EXPECT_EQ(own->why, "The host's hostinfo says so; FLUX_NODE_HOST_IP is stale (203.0.113.8).");
}

TEST(OwnAddress, IsHostinfosWhenTheEnvironmentIsSilentOrAgrees) {
  EXPECT_EQ(own_address({"", "", says("203.0.113.9")})->why, "The host's hostinfo says so.");
  EXPECT_EQ(own_address({"", "203.0.113.9:16137", says("203.0.113.9")})->why, "The host's hostinfo and FLUX_NODE_HOST_IP say so.");
}

TEST(OwnAddress, IsTheEnvironmentsWhenHostinfoFails) {
  const auto own = own_address({"", "203.0.113.8:16137", kSilent});
  EXPECT_EQ(own->address, "203.0.113.8");
  EXPECT_EQ(own->why, "FLUX_NODE_HOST_IP says so (hostinfo failed: HTTP 503 instead of 200).");
  EXPECT_EQ(own_address({"", "203.0.113.8", std::nullopt})->why, "FLUX_NODE_HOST_IP says so (hostinfo was not asked yet).");
}

TEST(OwnAddress, RefusesBadValuesWithASentenceNamingTheSetting) {
  for (const char* value : {"localhost", "203.0.113.7:5432", "0.0.0.0", "239.1.1.1", "::1", "203.0.113"}) {
    const auto own = own_address({value, "203.0.113.8", says("203.0.113.9")});
    ASSERT_FALSE(own) << value;
    EXPECT_THAT(own.error(), HasSubstr("ADVERTISE_ADDRESS is \"" + std::string(value) + "\"; it must be an IPv4 address"));
  }
  EXPECT_THAT(own_address({"", "host7", kSilent}).error(), HasSubstr("FLUX_NODE_HOST_IP is \"host7\""));
}

TEST(OwnAddress, SaysWhatToSetWhenNobodyKnows) {
  EXPECT_EQ(
      own_address({"", "", kSilent}).error(),
      "The own address is unknown: set ADVERTISE_ADDRESS; FLUX_NODE_HOST_IP is not set and hostinfo failed: HTTP 503 instead of 200.");
}

TEST(OwnAddress, DoesNotFailOnABadEnvironmentWhenHostinfoAnswers) {
  EXPECT_EQ(own_address({"", "host7", says("203.0.113.9")})->address, "203.0.113.9");
}

}  // namespace
}  // namespace fluxpg::discovery
