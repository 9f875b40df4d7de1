// The program itself: what it says and how it exits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

using testing::HasSubstr;

struct Outcome {
  int exit_code;
  std::string output;
};

Outcome shell(const std::string& command) {
  Outcome outcome{-1, ""};
  FILE* pipe = popen(("exec 2>&1; mock=" MOCK_FLUX_API "; " + command).c_str(), "r");
  if (pipe == nullptr) return outcome;
  std::array<char, 4096> buffer;
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe)) outcome.output.append(buffer.data(), size);
  outcome.exit_code = WEXITSTATUS(pclose(pipe));
  return outcome;
}

TEST(MockFluxApi, TeachesWithAnExample) {
  const auto help = shell("$mock --help");
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.output, HasSubstr("curl -X PUT 127.0.0.1:16127/_mock/state"));
}

TEST(MockFluxApi, ExitsWith64OnWrongUsage) {
  for (const char* arguments : {"", "--listen nowhere", "--listen :80", "--listen h:70000", "--listen 127.0.0.1:0 --backends 0", "--odd"}) {
    EXPECT_EQ(shell("$mock " + std::string(arguments)).exit_code, 64) << arguments;
  }
}

TEST(MockFluxApi, ExitsWith1IfItCannotListen) {
  const auto outcome = shell("$mock --listen 203.0.113.1:16127");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("Cannot listen on 203.0.113.1:16127"));
}

TEST(MockFluxApi, ExitsWith78NamingABadStateFile) {
  const auto path = std::filesystem::temp_directory_path() / ("fluxpg-state-" + std::to_string(getpid()) + ".json");
  std::ofstream(path) << R"({"apps":[]})";
  const auto outcome = shell("$mock --listen 127.0.0.1:0 --state " + path.string());
  std::filesystem::remove(path);
  EXPECT_EQ(outcome.exit_code, 78);
  EXPECT_THAT(outcome.output, HasSubstr(path.string() + ": The state needs \"apps\""));
  EXPECT_EQ(shell("$mock --listen 127.0.0.1:0 --state " + path.string()).exit_code, 78);
}

TEST(MockFluxApi, StopsCleanlyOnSigtermHoweverEarly) {
  for (const char* pause : {"0", "0.02", "0.2"}) {
    // From the moment on that it says that it listens.
    const auto outcome =
        shell(std::string("said=$(mktemp); $mock --listen 127.0.0.1:0 >$said & until [ -s $said ]; do sleep 0.01; done; ") +
              "rm $said; sleep " + pause + "; kill -TERM $!; wait $!");
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  }
}

}  // namespace
