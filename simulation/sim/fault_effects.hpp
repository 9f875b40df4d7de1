// What several kinds of fault do to hosts, links and rows, each with its planned end; and the groups of kinds.
#pragma once

#include <algorithm>
#include <vector>

#include "simulation/sim/faults.hpp"

namespace fluxpg::simulation {

// One file each.
std::vector<FaultKind> faults_of_hosts();
std::vector<FaultKind> faults_of_links();
std::vector<FaultKind> faults_of_etcd();
std::vector<FaultKind> faults_of_flux();
std::vector<FaultKind> faults_of_moments();
std::vector<FaultKind> faults_of_operators();
std::vector<FaultKind> faults_of_gossip();
std::vector<FaultKind> faults_of_recoveries();

using Sim = Simulation;

inline std::size_t other(Sim& sim, std::size_t host) { return (host + 1 + sim.fault_random().below(sim.hosts() - 1)) % sim.hosts(); }

inline void start_again(Sim& sim, std::size_t host, Duration wait) {
  sim.at(wait, [&sim, host] {
    if (!sim.host(host).there) sim.start(host);
    sim.start_daemon(host);
  });
}

inline void go_on(Sim& sim, std::size_t host, Duration wait) {
  sim.at(wait, [&sim, host] { sim.resume(host); });
}

inline void degrade(Sim& sim, std::size_t host, Duration lasts, const LinkQuality& quality) {
  sim.network().set(host, quality);
  sim.at(lasts, [&sim, host] { sim.network().reset(host); });
}

inline void cut(Sim& sim, std::size_t from, std::size_t to, Duration lasts) {
  sim.network().cut(from, to);
  sim.at(lasts, [&sim, from, to] { sim.network().heal(from, to); });
}

// etcd's ports stay open.
inline void cut_gossip(Sim& sim, std::size_t from, std::size_t to, Duration lasts) {
  sim.network().cut_gossip(from, to);
  sim.at(lasts, [&sim, from, to] { sim.network().heal_gossip(from, to); });
}

inline void cut_both(Sim& sim, std::size_t a, std::size_t b, Duration lasts) {
  cut(sim, a, b, lasts);
  cut(sim, b, a, lasts);
}

inline void split(Sim& sim, Duration lasts, const std::vector<std::size_t>& side) {
  for (std::size_t a = 0; a < sim.hosts(); ++a) {
    for (std::size_t b = 0; b < sim.hosts(); ++b) {
      const bool in_a = std::count(side.begin(), side.end(), a) > 0;
      const bool in_b = std::count(side.begin(), side.end(), b) > 0;
      if (in_a && !in_b) cut_both(sim, a, b, lasts);
    }
  }
}

inline void unlist_for(Sim& sim, std::size_t host, Duration lasts) {
  sim.flux().unlist(sim.host(host).address);
  sim.at(lasts, [&sim, host] {
    if (sim.host(host).there) sim.flux().list(sim.host(host).address);
  });
}

inline Duration at_most(Duration lasts, Duration bound) { return std::min(lasts, bound); }

// With every link it has.
inline void cut_off(Sim& sim, std::size_t host, Duration lasts) { split(sim, lasts, {host}); }

// Any two of the hosts are cut from each other unless one of them is the hub.
inline void star(Sim& sim, std::size_t hub, Duration lasts) {
  for (std::size_t a = 0; a < sim.hosts(); ++a) {
    for (std::size_t b = a + 1; b < sim.hosts(); ++b) {
      if (a != hub && b != hub) cut_both(sim, a, b, lasts);
    }
  }
}

}  // namespace fluxpg::simulation
