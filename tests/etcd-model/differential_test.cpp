// The simulator's etcd against the real one: a thousand random sequences of operations must be answered alike.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <thread>

#include "tests/etcd-model/sequences.hpp"

namespace fluxpg::differential {
namespace {

// FLUXPG_SEED=n runs only the sequence of that seed, and tells it.
std::pair<std::uint64_t, std::uint64_t> seeds(std::uint64_t first, std::uint64_t count) {
  const char* const one = std::getenv("FLUXPG_SEED");
  if (one == nullptr) return {first, first + count};
  const std::uint64_t seed = std::strtoull(one, nullptr, 10);
  return {seed, seed + 1};
}

// On a busy machine a real etcd loses its leader, or lags behind, where nobody asked for that. A wrong model is wrong each time.
constexpr int kAttempts = 3;

void quiet(std::size_t hosts, std::uint64_t first, std::uint64_t count) {
  std::unique_ptr<Pair> pair;
  const auto [begin, end] = seeds(first, count);
  for (std::uint64_t seed = begin; seed < end; ++seed) {
    for (int attempt = 1;; ++attempt) {
      if (pair == nullptr) {
        pair = std::make_unique<Pair>(hosts, hosts, seed);
        pair->wait_for_health_interval();
      }
      quiet_sequence(*pair, seed, hosts);
      if (std::getenv("FLUXPG_SEED") != nullptr) std::cout << pair->story();
      if (pair->agree()) break;
      ASSERT_LT(attempt, kAttempts) << pair->story();
      std::cout << "a difference, once more from the start:\n" << pair->story();
      pair.reset();
    }
  }
}

TEST(EtcdModel, OneMemberAnswersAsTheRealOneDoes) { quiet(1, 1, 400); }

TEST(EtcdModel, ThreeMembersAnswerAsTheRealOnesDo) { quiet(3, 1001, 588); }

// Three at a time: they mostly wait for elections and for etcd's five seconds.
TEST(EtcdModel, MembersThatFailJoinAndLeaveAnswerAsTheRealOnesDo) {
  const auto [begin, end] = seeds(2001, 12);
  std::atomic<std::uint64_t> next = begin;
  std::mutex stories;
  std::vector<std::thread> workers;
  for (int i = 0; i < 3; ++i) {
    workers.emplace_back([&, last = end] {
      for (std::uint64_t seed = next++; seed < last; seed = next++) {
        for (int attempt = 1; attempt <= kAttempts; ++attempt) {
          Pair pair(3, 5, seed);
          faulty_sequence(pair, seed, 5);
          const std::lock_guard lock(stories);
          const bool again = !pair.agree() && attempt < kAttempts;
          if (again || std::getenv("FLUXPG_SEED") != nullptr) std::cout << pair.story();
          if (again) continue;
          EXPECT_TRUE(pair.agree()) << pair.story();
          break;
        }
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
}

}  // namespace
}  // namespace fluxpg::differential
