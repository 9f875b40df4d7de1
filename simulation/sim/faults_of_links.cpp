// Cuts, whole and partial, and links that are slow, lossy or out of order.
#include "simulation/sim/fault_effects.hpp"

namespace fluxpg::simulation {

// Not drawn by random runs, so that what a seed tells stays the same: `--faults` names them.
std::vector<FaultKind> faults_of_gossip() {
  return {
      {"gossip-cut-off", "from everybody, and its etcd is not",
       [](Sim& s, std::size_t h, Duration d) {
         for (std::size_t i = 0; i < s.hosts(); ++i) {
           if (i != h) cut_gossip(s, h, i, d), cut_gossip(s, i, h, d);
         }
       }},
      {"gossip-one-way-cut", "one direction of one link, and etcd's is not",
       [](Sim& s, std::size_t h, Duration d) { cut_gossip(s, h, other(s, h), d); }},
  };
}

std::vector<FaultKind> faults_of_links() {
  return {
      {"host-cut-off", "from everybody", [](Sim& s, std::size_t h, Duration d) { split(s, d, {h}); }},
      {"minority-cut-off", "two hosts from the rest",
       [](Sim& s, std::size_t h, Duration d) {
         split(s, d, {h, other(s, h)});
       }},
      {"one-link-cut", "two hosts do not hear each other, all others hear both",
       [](Sim& s, std::size_t h, Duration d) { cut_both(s, h, other(s, h), d); }},
      {"one-way-cut", "one direction of one link", [](Sim& s, std::size_t h, Duration d) { cut(s, h, other(s, h), d); }},
      {"deaf", "sends, hears nobody",
       [](Sim& s, std::size_t h, Duration d) {
         for (std::size_t i = 0; i < s.hosts(); ++i) {
           if (i != h) cut(s, i, h, d);
         }
       }},
      {"mute", "hears, reaches nobody",
       [](Sim& s, std::size_t h, Duration d) {
         for (std::size_t i = 0; i < s.hosts(); ++i) {
           if (i != h) cut(s, h, i, d);
         }
       }},
      {"chain", "everybody hears only the neighbours",
       [](Sim& s, std::size_t, Duration d) {
         for (std::size_t a = 0; a < s.hosts(); ++a) {
           for (std::size_t b = a + 2; b < s.hosts(); ++b) cut_both(s, a, b, d);
         }
       }},
      {"slow-host", "300 to 900 ms one way",
       [](Sim& s, std::size_t h, Duration d) {
         degrade(s, h, d, {milliseconds(300), milliseconds(600), 0, 0});
       }},
      {"lossy-host", "30 % of its gossip is lost",
       [](Sim& s, std::size_t h, Duration d) {
         degrade(s, h, d, {milliseconds(1), milliseconds(20), 300, 0});
       }},
      {"doubling-host", "half of its gossip arrives twice",
       [](Sim& s, std::size_t h, Duration d) {
         degrade(s, h, d, {milliseconds(1), milliseconds(200), 0, 500});
       }},
      {"reordering-host", "its gossip is up to 3 s under way and overtakes itself",
       [](Sim& s, std::size_t h, Duration d) {
         degrade(s, h, d, {milliseconds(1), seconds(3), 0, 0});
       }},
      {"partial-quorum-loss", "everybody hears one host, and nobody else", [](Sim& s, std::size_t h, Duration d) { star(s, h, d); }},
      {"partial-constrained", "the leader of etcd hears nobody, the others hear one host and nobody else",
       [](Sim& s, std::size_t h, Duration d) {
         const std::size_t leader = s.leader_host();
         if (leader < s.hosts() && leader != h) cut_off(s, leader, d);
         star(s, h, d);
       }},
      {"one-way-loss", "half of what one host sends to another is lost, and nothing of the answers",
       [](Sim& s, std::size_t h, Duration d) {
         const std::size_t to = other(s, h);
         s.network().set_one_way(h, to, {milliseconds(1), milliseconds(20), 500, 0});
         s.at(d, [&s, h, to] { s.network().reset_one_way(h, to); });
       }},
  };
}

}  // namespace fluxpg::simulation
