// Where the log ends, as PostgreSQL itself says before it is killed, and as it is found on disk after that.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "supervisor/runtime/log_end.hpp"
#include "tests/runtime/scratch.hpp"

namespace fluxpg::runtime {
namespace {

std::string output_of(const std::string& command) {
  std::string text;
  if (FILE* pipe = ::popen((command + " 2>/dev/null").c_str(), "r")) {
    char buffer[4096];
    while (std::fgets(buffer, sizeof(buffer), pipe) != nullptr) text += buffer;
    ::pclose(pipe);
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

LogEnd on_timeline(std::uint32_t timeline, const std::string& lsn) {
  unsigned high = 0;
  unsigned low = 0;
  EXPECT_EQ(std::sscanf(lsn.c_str(), "%X/%X", &high, &low), 2) << lsn;
  return {timeline, (std::uint64_t{high} << 32) + low};
}

struct Postgres : ::testing::Test {
  void SetUp() override {
    bin = output_of("ls -d /usr/lib/postgresql/*/bin | tail -1");
    if (bin.empty() || ::geteuid() != 0) GTEST_SKIP() << "needs PostgreSQL's programs, and root to become its user";
    ASSERT_EQ(std::system(("chown postgres " + scratch / "").c_str()), 0);
    ASSERT_TRUE(runs("initdb -N -A trust -D " + data));
    std::ofstream(data + "/postgresql.conf", std::ios::app) << "listen_addresses=''\nunix_socket_directories='" << scratch / ""
                                                            << "'\nfsync=off\nmax_wal_size=64MB\nmin_wal_size=48MB\n";
  }
  void TearDown() override {
    if (!bin.empty()) runs("pg_ctl -m immediate stop -D " + data);
  }
  // Into a file and not a pipe: the server keeps open what it inherits.
  bool runs(const std::string& program) const {
    return std::system(("runuser -u postgres -- " + bin + "/" + program + " > " + scratch / "log" + " 2>&1 < /dev/null").c_str()) == 0;
  }
  std::string sql(const std::string& statement) const {
    return output_of("runuser -u postgres -- psql -h " + scratch / "" + " -qAtc \"" + statement + "\" postgres");
  }
  void start() const { ASSERT_TRUE(runs("pg_ctl -w -t 120 start -D " + data)) << scratch.read("log"); }
  void kill() const {
    ::kill(std::atoi(scratch.read("data/postmaster.pid").c_str()), SIGKILL);
    std::this_thread::sleep_for(std::chrono::seconds(3));  // its children see it and end
    std::filesystem::remove(data + "/postmaster.pid");
    std::filesystem::remove(scratch / ".s.PGSQL.5432.lock");
  }

  test::Scratch scratch;
  std::string data = scratch / "data";
  std::string bin;
};

TEST_F(Postgres, KilledEndsWhereItSaidThatItsLogIsFlushedTo) {
  start();
  sql("create table t (x text); insert into t select repeat('x', 500) from generate_series(1, 100000)");
  sql("checkpoint");  // now there are segments under future names
  for (const char* size : {"10", "5000", "20000", "100"}) {
    sql(std::string("insert into t select repeat('y', ") + size + ") from generate_series(1, 700)");
    const std::string flushed = sql("select pg_current_wal_flush_lsn()");
    kill();
    EXPECT_EQ(end_of_log(data), on_timeline(1, flushed)) << flushed;
    start();
  }
  std::ofstream(data + "/standby.signal");
  ASSERT_TRUE(runs("pg_ctl -w -t 120 -m fast restart -D " + data) && runs("pg_ctl -w promote -D " + data)) << scratch.read("log");
  sql("insert into t values ('on the next timeline')");
  const std::string flushed = sql("select pg_current_wal_flush_lsn()");
  kill();
  EXPECT_EQ(end_of_log(data), on_timeline(2, flushed)) << flushed;
}

}  // namespace
}  // namespace fluxpg::runtime
