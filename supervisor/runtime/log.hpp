// The log: one line per event on standard output and, if wanted, in a rotated file. Secrets that slip into a text are struck out.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace fluxpg::runtime {

enum class Level { kDebug, kInfo, kWarning, kError };

class Log {
 public:
  // `level`: debug, info, warning or error. `file` may be empty. A file that cannot be opened is said on standard output, once.
  Log(const std::string& level, const std::string& file, std::vector<std::string> secrets);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(Level level, const std::string& text);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Occurrences of the secrets become ***. Very short ones are left: they would strike out ordinary words.
std::string without_secrets(std::string text, const std::vector<std::string>& secrets);

}  // namespace fluxpg::runtime
