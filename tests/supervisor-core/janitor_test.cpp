#include "supervisor/core/janitor.hpp"

#include "tests/supervisor-core/fixture.hpp"

namespace fluxpg::supervisor {
namespace {

using namespace test;

constexpr std::int64_t kMegabyte = 1 << 20;

// We are member 1 of three, and the quota is 100 MB.
class Sweeping : public ::testing::Test {
 protected:
  Sweeping() {
    house.config.etcd_quota = 100 * kMegabyte;
    house.read();
  }
  // Lets the janitor look until each member has had its turn; what it asked for beside the status of members.
  std::vector<Asked> round(std::int64_t size) {
    std::vector<Asked> others;
    looked_at = 0;
    for (int i = 0; i < 3; ++i) {
      house.pass(seconds(10));
      house.view.handle(house.now, {Purpose::Part::kView, 0, {}}, status(1, size), house.out);
      house.asked();
      janitor.tick(house.now, house.world(), true, house.out);
      for (std::vector<Asked> asked = house.asked(); !asked.empty(); asked = house.asked()) {
        const Asked one = asked.front();
        const bool looks = std::holds_alternative<etcd::GetStatus>(one.call);
        if (!looks) others.push_back(one);
        etcd::Result result = etcd::Done{};
        if (looks) result = status(member_at(one.target), size);
        if (looks && looked_at == 0) looked_at = revision;
        if (std::holds_alternative<etcd::ListAlarms>(one.call)) result = etcd::Alarms{{etcd::Alarm{MemberId{2}, "NOSPACE"}}};
        janitor.handle(house.now, house.world(), one.purpose, result, house.out);
      }
    }
    return others;
  }
  static std::uint64_t member_at(const EtcdTarget& target) {
    for (std::uint8_t i = 2; i <= 3; ++i) {
      if (!target.own && target.endpoint.address == address_of(i)) return i;
    }
    return 1;
  }
  etcd::Result status(std::uint64_t member, std::int64_t size) {
    etcd::Status status;
    status.header = {kCluster, MemberId{member}, ++revision, 5};
    status.leader = MemberId{1};
    status.db_size = status.db_size_in_use = size;
    if (alarm) status.errors = {"memberID:2 alarm:NOSPACE "};
    return status;
  }

  House house{3};
  Janitor janitor;
  std::int64_t revision = 100;
  std::int64_t looked_at = 0;  // the revision at the first look of the last round
  bool alarm = false;
};

TEST_F(Sweeping, BelowFourFifthsNothingIsDone) {
  EXPECT_TRUE(round(80 * kMegabyte - 1).empty());
  EXPECT_EQ(Janitor::problem(house.world()), "");
  EXPECT_EQ(Janitor::doing(house.world()), "");
}

TEST_F(Sweeping, EveryMemberIsCompactedAndDefragmentedInItsTurn) {
  const std::vector<Asked> asked = round(80 * kMegabyte);
  EXPECT_EQ(calls<etcd::Compact>(asked).size(), 3U);
  ASSERT_EQ(calls<etcd::Defragment>(asked).size(), 3U);
  EXPECT_TRUE(asked[0].target.own != asked[2].target.own || asked[2].target.own != asked[4].target.own);
  EXPECT_NE(Janitor::doing(house.world()), "");
  EXPECT_NE(Janitor::problem(house.world()).find("live data"), std::string::npos) << "it is all in use: sweeping does not help";
}

TEST_F(Sweeping, WhatWasJustSweptInVainIsNotSweptAgainAtOnce) {
  EXPECT_EQ(round(90 * kMegabyte).size(), 6U);
  EXPECT_EQ(round(90 * kMegabyte).size(), 0U);
  house.pass(minutes(1));
  EXPECT_EQ(round(90 * kMegabyte).size(), 6U);
}

// Who watches loses nothing while there is space; what filled etcd within one round must not stay until the sweep after next.
TEST_F(Sweeping, AFullEtcdIsCompactedUpToNowAndOneWithSpaceUpToTheRoundBefore) {
  round(10 * kMegabyte);
  const auto before = calls<etcd::Compact>(round(90 * kMegabyte));
  ASSERT_FALSE(before.empty());
  EXPECT_LT(before[0].revision, looked_at);
  house.pass(minutes(1));
  alarm = true;
  const auto full = calls<etcd::Compact>(round(90 * kMegabyte));
  ASSERT_FALSE(full.empty());
  EXPECT_EQ(full[0].revision, looked_at);
}

TEST_F(Sweeping, TheAlarmIsDisarmedOnceItsMemberHasSpace) {
  alarm = true;
  const std::vector<Asked> full = round(90 * kMegabyte);
  EXPECT_TRUE(calls<etcd::DisarmAlarm>(full).empty());
  EXPECT_NE(Janitor::problem(house.world()).find("NOSPACE"), std::string::npos);
  const std::vector<Asked> asked = round(10 * kMegabyte);
  const auto disarmed = calls<etcd::DisarmAlarm>(asked);
  ASSERT_FALSE(disarmed.empty());
  EXPECT_EQ(disarmed[0].member, MemberId{2});
}

TEST_F(Sweeping, AnotherEtcdAtAMembersAddressIsNotSwept) {
  house.pass(seconds(10));
  house.read();
  janitor.tick(house.now, house.world(), true, house.out);
  const auto asked = house.asked();
  ASSERT_EQ(asked.size(), 1U);
  janitor.handle(house.now, house.world(), asked[0].purpose, status(9, 95 * kMegabyte), house.out);
  EXPECT_TRUE(house.asked().empty());
}

TEST_F(Sweeping, WithoutARemoverTheLowestLivingVoterSweepsAFullEtcd) {
  EXPECT_TRUE(Janitor::is_sweeper(house.world(), true));
  EXPECT_FALSE(Janitor::is_sweeper(house.world(), false)) << "there is space: the remover does it";
  alarm = true;
  round(90 * kMegabyte);
  EXPECT_TRUE(Janitor::is_sweeper(house.world(), false));
}

}  // namespace
}  // namespace fluxpg::supervisor
