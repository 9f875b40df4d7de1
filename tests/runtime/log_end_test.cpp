// A log made up byte by byte; what PostgreSQL itself leaves is read in log_end_of_postgres_test.cpp.
#include "supervisor/runtime/log_end.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstring>

#include "supervisor/runtime/disk.hpp"
#include "tests/runtime/scratch.hpp"

namespace fluxpg::runtime {
namespace {

constexpr std::uint64_t kSystem = 7300000000000000001;
constexpr std::uint32_t kSegment = 1 << 20;
constexpr std::uint32_t kBlock = 8192;

template <class T>
void put(std::string& bytes, std::uint64_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof(T));
}

// A data directory whose checkpoint is the first record of segment 1, and a log of records of 1000 bytes behind it.
struct Database {
  Database() {
    std::filesystem::create_directories(scratch / "global");
    std::filesystem::create_directories(scratch / "pg_wal");
    std::string control(296, '\0');
    put(control, 0, kSystem);
    put(control, 32, std::uint64_t{kSegment + 40});
    put(control, 48, std::uint32_t{1});
    scratch.write("global/pg_control", control);
    begin(1);
  }
  void begin(std::uint32_t number) {
    log.assign(kSegment, '\0');
    segment = number;
    at = 40;
    page(0);
  }
  void page(std::uint64_t offset, std::uint32_t rest = 0) {
    put(log, offset, std::uint16_t{0xd110});
    put(log, offset + 2, static_cast<std::uint16_t>((offset == 0 ? 2 : 0) | (rest != 0 ? 1 : 0)));
    put(log, offset + 8, std::uint64_t{segment} * kSegment + offset);
    put(log, offset + 16, rest);
    if (offset != 0) return;
    put(log, 24, kSystem);
    put(log, 32, kSegment);
    put(log, 36, kBlock);
  }
  void record() {
    put(log, at, std::uint32_t{1000});
    put(log, at + 8, before);
    before = std::uint64_t{segment} * kSegment + at;
    const std::uint64_t next = at / kBlock * kBlock + kBlock;
    if (at + 1000 < next) {
      at += 1000;
    } else {
      const auto rest = static_cast<std::uint32_t>(at + 1000 - next);
      page(next, rest);
      at = next + 24 + (rest + 7) / 8 * 8;
    }
  }
  std::uint64_t lsn() const { return std::uint64_t{segment} * kSegment + at; }
  void write(const std::string& name) const { scratch.write("pg_wal/" + name, log); }
  std::optional<LogEnd> end() const { return end_of_log(scratch / ""); }

  test::Scratch scratch;
  std::string log;
  std::uint32_t segment = 1;
  std::uint64_t at = 40;
  std::uint64_t before = 0;
};

TEST(LogEnd, IsBehindTheLastRecordThatIsWhole) {
  Database d;
  for (int records = 1; records <= 40; ++records) {
    d.record();
    d.write("000000010000000000000001");
    ASSERT_EQ(d.end(), (LogEnd{1, d.lsn()})) << records;
  }
}

TEST(LogEnd, ARecordThatIsCutShortDoesNotCount) {
  Database d;
  for (int i = 0; i < 8; ++i) d.record();
  const std::uint64_t whole = d.lsn();
  d.record();  // goes on to the next page, which is not there
  put(d.log, kBlock + 8, std::uint64_t{0});
  d.write("000000010000000000000001");
  EXPECT_EQ(d.end(), (LogEnd{1, whole}));
}

TEST(LogEnd, WhatAnEarlierLifeOfTheFileLeftDoesNotCount) {
  Database d;
  for (int i = 0; i < 3; ++i) d.record();
  put(d.log, d.at, std::uint32_t{1000});  // as if a record stood there, but it names another before it
  put(d.log, d.at + 8, std::uint64_t{12345});
  d.write("000000010000000000000001");
  d.write("000000010000000000000002");  // kept under a future name
  d.write("000000020000000000000002");
  EXPECT_EQ(d.end(), (LogEnd{1, d.lsn()}));
}

TEST(LogEnd, IsOfTheNewestTimelineThatHasTheSegment) {
  Database d;
  for (int i = 0; i < 20; ++i) d.record();
  d.write("000000010000000000000001");
  const std::uint64_t branch = d.lsn();
  d.record();
  d.write("000000020000000000000001");
  EXPECT_EQ(d.end(), (LogEnd{2, d.lsn()}));
  EXPECT_GT(d.lsn(), branch);
}

TEST(LogEnd, IsUnknownWithoutAControlFileOrALog) {
  Database d;
  EXPECT_EQ(d.end(), std::nullopt);
  d.record();
  d.write("000000010000000000000001");
  EXPECT_NE(d.end(), std::nullopt);
  d.scratch.write("global/pg_control", "short");
  EXPECT_EQ(d.end(), std::nullopt);
  EXPECT_EQ(end_of_log(d.scratch / "nowhere"), std::nullopt);
}

TEST(LogEnd, NonsenseIsNoPlace) {
  Database d;
  d.record();
  for (const std::size_t field : {std::size_t{32}, std::size_t{36}}) {
    const std::string sane = d.log;
    for (const std::uint32_t wrong : {0U, 1U, 0xffffffffU}) {
      put(d.log, field, wrong);
      d.write("000000010000000000000001");
      EXPECT_EQ(d.end(), std::nullopt);
    }
    d.log = sane;
  }
  put(d.log, 40, std::uint32_t{0xfffffff0U});
  d.write("000000010000000000000001");
  EXPECT_EQ(d.end(), (LogEnd{1, kSegment + 40}));
}

TEST(RunningPostgres, IsTheProcessThatItsLockNamesIfThatIsOne) {
  const test::Scratch scratch;
  EXPECT_FALSE(postgres_runs(scratch / ""));
  scratch.write("postmaster.pid", std::to_string(::getpid()) + "\n/data\n");
  EXPECT_FALSE(postgres_runs(scratch / "")) << "a number that another program has by now";
  char before[16];
  ::prctl(PR_GET_NAME, before);
  ::prctl(PR_SET_NAME, "postgres");
  EXPECT_TRUE(postgres_runs(scratch / ""));
  ::prctl(PR_SET_NAME, before);
  scratch.write("postmaster.pid", "nonsense");
  EXPECT_FALSE(postgres_runs(scratch / ""));
}

}  // namespace
}  // namespace fluxpg::runtime
