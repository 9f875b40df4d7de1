#include "simulation/sim/program/pool.hpp"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <iostream>

namespace fluxpg::simulation {

namespace {

double wall_seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

constexpr double kSilent = 3;
constexpr double kOnTerminal = 0.5;
constexpr double kElsewhere = 10;

}  // namespace

std::atomic<bool> interrupted{false};

void catch_interrupt() {
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = true; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
}

Progress::Progress(std::uint64_t all) : all_(all), began_(wall_seconds()), told_(began_ + kSilent), terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (dirty_) std::cerr << "\r\033[K" << std::flush;
}

void Progress::tell(std::uint64_t done) {
  const double now = wall_seconds();
  if (now < told_ || done == 0) return;
  told_ = now + (terminal_ ? kOnTerminal : kElsewhere);
  const double spent = now - began_;
  const double left = spent / static_cast<double>(done) * static_cast<double>(all_ - done);
  dirty_ = terminal_;
  std::cerr << (terminal_ ? "\r\033[K" : "") << done << " of " << all_ << " seeds after " << static_cast<std::uint64_t>(spent)
            << " s, about " << static_cast<std::uint64_t>(left) << " s left" << (terminal_ ? "" : "\n") << std::flush;
}

}  // namespace fluxpg::simulation
