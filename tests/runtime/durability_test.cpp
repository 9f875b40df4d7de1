// Whether what is promised is on the disk before anybody hears of it: this program counts its own fsync and rename calls.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "supervisor/runtime/files.hpp"
#include "supervisor/runtime/state_file.hpp"
#include "tests/runtime/scratch.hpp"

namespace {

std::vector<std::string>& calls() {
  static std::vector<std::string> all;
  return all;
}

std::string name_of(const std::string& path) { return std::filesystem::path(path).filename().string(); }

}  // namespace

// Stand before those of the C library, for this program only.
extern "C" int fsync(int fd) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  if (::readlink(link.c_str(), path.data(), path.size() - 1) > 0) calls().push_back("fsync " + name_of(path.data()));
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

extern "C" int rename(const char* from, const char* to) noexcept {
  calls().push_back("rename " + name_of(from) + " to " + name_of(to));
  return static_cast<int>(::syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to));
}

namespace fluxpg::runtime {
namespace {

using Calls = std::vector<std::string>;

struct Durability : ::testing::Test {
  Durability() { calls().clear(); }
  const test::Scratch scratch;
  const std::string directory = name_of(std::filesystem::path(scratch / "x").parent_path());
};

// The other way round a crash leaves a file of the right name with nothing in it.
TEST_F(Durability, AFileIsOnTheDiskBeforeItTakesItsNameAndThenTheNameIs) {
  ASSERT_TRUE(write_atomically(scratch / "a", "new", 0600));
  EXPECT_EQ(calls(), (Calls{"fsync a.new", "rename a.new to a", "fsync " + directory}));
}

TEST_F(Durability, APromiseIsOnTheDiskWhenItIsSaved) {
  ASSERT_TRUE(save_state(scratch / "state.json", supervisor::Persistent{}));
  EXPECT_EQ(calls(), (Calls{"fsync state.json.new", "rename state.json.new to state.json", "fsync " + directory}));
}

TEST_F(Durability, ARenamedDirectoryHasItsNewNameOnTheDisk) {
  ASSERT_TRUE(make_directories(scratch / "member", 0700));
  ASSERT_TRUE(rename_durably(scratch / "member", scratch / "member.aside"));
  EXPECT_EQ(calls(), (Calls{"rename member to member.aside", "fsync " + directory}));
}

}  // namespace
}  // namespace fluxpg::runtime
