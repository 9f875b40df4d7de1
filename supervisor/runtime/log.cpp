#include "supervisor/runtime/log.hpp"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace fluxpg::runtime {

namespace {

constexpr std::size_t kFileBytes = 10 << 20;
constexpr std::size_t kFiles = 3;
constexpr std::size_t kShortestStruckOut = 6;

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

class Log::Impl {
 public:
  Impl(const std::string& level, const std::string& file, std::vector<std::string> secrets) : secrets_(std::move(secrets)) {
    std::vector<spdlog::sink_ptr> sinks = {std::make_shared<spdlog::sinks::stdout_sink_st>()};
    std::string trouble;
    if (!file.empty()) {
      try {
        sinks.push_back(std::make_shared<spdlog::sinks::rotating_file_sink_st>(file, kFileBytes, kFiles));
      } catch (const spdlog::spdlog_ex& e) {
        trouble = e.what();
      }
    }
    logger_ = std::make_unique<spdlog::logger>("fluxpgd", sinks.begin(), sinks.end());
    logger_->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    logger_->set_level(spdlog::level::from_str(level));
    logger_->flush_on(spdlog::level::debug);
    if (!trouble.empty()) logger_->error("The log file {} cannot be opened, the log goes to standard output only: {}", file, trouble);
  }

  void write(Level level, const std::string& text) {
    if (logger_->should_log(to_spdlog(level))) logger_->log(to_spdlog(level), "{}", without_secrets(text, secrets_));
  }

 private:
  std::vector<std::string> secrets_;
  std::unique_ptr<spdlog::logger> logger_;
};

Log::Log(const std::string& level, const std::string& file, std::vector<std::string> secrets)
    : impl_(std::make_unique<Impl>(level, file, std::move(secrets))) {}
Log::~Log() = default;
void Log::write(Level level, const std::string& text) { impl_->write(level, text); }

std::string without_secrets(std::string text, const std::vector<std::string>& secrets) {
  for (const auto& secret : secrets) {
    if (secret.size() < kShortestStruckOut) continue;
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
      text.replace(at, secret.size(), "***");
  }
  return text;
}

}  // namespace fluxpg::runtime
