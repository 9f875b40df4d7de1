// Work on all cores, results in order: what is printed does not depend on how many workers there were.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

namespace fluxpg::simulation {

// Set by the first Ctrl-C; the second one kills.
extern std::atomic<bool> interrupted;
void catch_interrupt();

// Tells how far it is on stderr: a line that overwrites itself on a terminal, else one every ten seconds. Silent for the first three.
class Progress {
 public:
  explicit Progress(std::uint64_t all);
  ~Progress();
  void tell(std::uint64_t done);

 private:
  std::uint64_t all_;
  double began_;
  double told_;
  bool terminal_;
  bool dirty_ = false;
};

// `work` for each seed on `jobs` threads, `done` with each result in the order of the seeds on this one. After an interrupt it returns at
// once, with the workers still busy: then the program must end without waiting for them.
template <class Result>
void for_seeds(std::uint64_t first, std::uint64_t last, unsigned jobs, std::function<Result(std::uint64_t)> work,
               const std::function<void(const Result&)>& done) {
  struct Shared {
    std::atomic<std::uint64_t> next;
    std::mutex mutex;
    std::condition_variable arrived;
    std::map<std::uint64_t, Result> results;
    std::function<Result(std::uint64_t)> work;
  };
  auto shared = std::make_shared<Shared>();
  shared->next = first;
  shared->work = std::move(work);
  for (unsigned i = 0; i < jobs; ++i) {
    std::thread([shared, last] {
      for (std::uint64_t seed = shared->next++; seed <= last && !interrupted; seed = shared->next++) {
        Result result = shared->work(seed);
        const std::lock_guard lock(shared->mutex);
        shared->results.emplace(seed, std::move(result));
        shared->arrived.notify_one();
      }
    }).detach();
  }
  Progress progress(last - first + 1);
  for (std::uint64_t seed = first; seed <= last;) {
    std::unique_lock lock(shared->mutex);
    shared->arrived.wait_for(lock, std::chrono::milliseconds(500), [&] { return shared->results.count(seed) > 0; });
    auto result = shared->results.extract(seed);
    lock.unlock();
    progress.tell(seed - first);
    if (interrupted) return;
    if (result.empty()) continue;
    done(result.mapped());
    ++seed;
  }
}

}  // namespace fluxpg::simulation
