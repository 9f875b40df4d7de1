// One cluster twice, real and modelled: every operation is done to both, and the two answers are compared.
#pragma once

#include "base/random.hpp"
#include "tests/etcd-model/sides.hpp"

namespace fluxpg::differential {

class Pair {
 public:
  // `voters` of the hosts found the cluster; the others are spares.
  Pair(std::size_t voters, std::size_t hosts, std::uint64_t seed);

  void begin(std::uint64_t seed);  // a sequence: revisions count from here
  // Both sides gave the same answer. Call symbolic (Names); `deadline` after which no answer is a time-out on both.
  bool ask(Host host, const etcd::Call& symbolic, Duration deadline = seconds(10));
  void kill(Host host);
  void restart(Host host);
  void start_learner(Host host);
  void pause(Host host);
  void resume(Host host);
  // Until both sides have the same leader, or none, and everybody who can has noticed all that has happened.
  void settle();
  // The strict check asks whether connections are 5 s old: near that moment no answer would be a difference.
  void keep_away_from_health_interval();
  void wait_for_health_interval();

  bool agree() const { return difference_.empty(); }
  std::string story() const;  // the sequence so far: the operation, the model's answer, etcd's answer; a line each
  const Modelled& model() const { return model_; }
  std::uint64_t next_symbol() const { return next_symbol_; }
  std::vector<Host> voters() const;  // hosts that are, up or not
  bool up(Host host) const { return up_.count(host) > 0; }
  bool paused(Host host) const { return paused_.count(host) > 0; }
  std::optional<std::uint64_t> symbol_of(Host host) const;  // of the member whose peer URL is the host's
  std::string peer_url(Host host) const { return real_.process(host).peer_url(); }
  bool has_quorum() const;
  void note(const std::string& what);

 private:
  bool settled();
  bool caught_up(Host host);
  std::string standing(Side& side);
  void compare(const std::string& what, const std::string& modelled, const std::string& real);
  std::size_t working() const;

  Real real_;
  Modelled model_;
  std::uint64_t next_symbol_ = 1;
  std::set<Host> up_;
  std::set<Host> paused_;
  bool came_back_ = true;
  std::vector<std::string> story_;
  std::string difference_;
  std::chrono::steady_clock::time_point last_change_;
};

}  // namespace fluxpg::differential
