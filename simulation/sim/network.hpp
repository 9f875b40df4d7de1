// What lies between the hosts: delay, loss, duplication, and cuts in one or both directions.
#pragma once

#include <bitset>
#include <cstddef>
#include <map>

#include "base/random.hpp"

namespace fluxpg::simulation {

struct LinkQuality {
  Duration delay = milliseconds(1);
  Duration jitter = milliseconds(20);
  std::uint32_t loss_per_mille = 0;  // of gossip messages; etcd's connections repeat what is lost
  std::uint32_t duplicate_per_mille = 0;
};

class Network {
 public:
  using Host = std::size_t;

  static constexpr Host kMostHosts = 128;

  void cut(Host from, Host to) { cuts_.set(at(from, to)); }
  void cut_both(Host a, Host b) { cut(a, b), cut(b, a); }
  void heal(Host from, Host to) { cuts_.reset(at(from, to)); }
  void heal_both(Host a, Host b) { heal(a, b), heal(b, a); }
  // Of gossip alone: etcd's ports stay open.
  void cut_gossip(Host from, Host to) { gossip_cuts_.set(at(from, to)); }
  void heal_gossip(Host from, Host to) { gossip_cuts_.reset(at(from, to)); }
  void heal_all() { cuts_.reset(), gossip_cuts_.reset(), qualities_.clear(), one_way_.clear(); }
  bool passes(Host from, Host to) const { return from == to || !cuts_[at(from, to)]; }

  bool passes_gossip(Host from, Host to) const { return passes(from, to) && (from == to || !gossip_cuts_[at(from, to)]); }

  // Replaces the quality of everything that `host` sends and receives.
  void set(Host host, const LinkQuality& quality) { qualities_[host] = quality; }
  void reset(Host host) { qualities_.erase(host); }
  // … of one direction of one link only.
  void set_one_way(Host from, Host to, const LinkQuality& quality) { one_way_[{from, to}] = quality; }
  void reset_one_way(Host from, Host to) { one_way_.erase({from, to}); }
  void set_all(const LinkQuality& quality) { common_ = quality; }

  Duration delay(Host from, Host to, Random& random) const {
    const LinkQuality& q = quality(from, to);
    return q.delay + random.below(q.jitter + milliseconds(1));
  }
  bool loses(Host from, Host to, Random& random) const { return random.below(1000) < quality(from, to).loss_per_mille; }
  bool doubles(Host from, Host to, Random& random) const { return random.below(1000) < quality(from, to).duplicate_per_mille; }
  // Neither slow nor lossy enough to excuse a missing answer.
  bool is_good(Host a, Host b) const {
    const auto good = [](const LinkQuality& q) { return q.loss_per_mille == 0 && q.delay + q.jitter <= milliseconds(200); };
    return passes(a, b) && passes(b, a) && good(quality(a, b)) && good(quality(b, a));
  }

 private:
  const LinkQuality& quality(Host from, Host to) const {
    if (!one_way_.empty()) {
      if (const auto found = one_way_.find({from, to}); found != one_way_.end()) return found->second;
    }
    if (const auto found = qualities_.find(from); found != qualities_.end()) return found->second;
    const auto found = qualities_.find(to);
    return found == qualities_.end() ? common_ : found->second;
  }
  static Host at(Host from, Host to) { return from * kMostHosts + to; }
  std::bitset<kMostHosts * kMostHosts> cuts_;
  std::bitset<kMostHosts * kMostHosts> gossip_cuts_;
  std::map<Host, LinkQuality> qualities_;
  std::map<std::pair<Host, Host>, LinkQuality> one_way_;
  LinkQuality common_;
};

}  // namespace fluxpg::simulation
