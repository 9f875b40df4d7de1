// Compares a text with a file under tests/golden; UPDATE_GOLDEN=1 in the environment writes the file instead (then read the diff).
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace fluxpg {

inline void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(GOLDEN_DIR "/") + name;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << text;
    FAIL() << path << " was rewritten";
  }
  std::ifstream file(path);
  ASSERT_TRUE(file) << path << " cannot be read";
  std::ostringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(text, expected.str()) << path;
}

}  // namespace fluxpg
