// What etcd does to a daemon that is well, and an operator who holds evictions.
#include "simulation/sim/fault_effects.hpp"

namespace fluxpg::simulation {

// Not drawn by random runs: a member that may go on its own wish is missing by right, and hides what others do wrong. `--faults` names it.
std::vector<FaultKind> faults_of_etcd() {
  return {
      {"slow-etcd", "requests to the own etcd take 100 to 1500 ms",
       [](Sim& s, std::size_t h, Duration d) {
         s.host(h).etcd_delay = milliseconds(100) + s.fault_random().below(milliseconds(1400));
         s.at(d, [&s, h] { s.host(h).etcd_delay = Duration{}; });
       }},
      {"very-slow-etcd", "requests to the own etcd arrive up to 40 s late",
       [](Sim& s, std::size_t h, Duration d) {
         s.host(h).etcd_delay = seconds(2) + s.fault_random().below(seconds(38));
         s.at(at_most(d, seconds(60)), [&s, h] { s.host(h).etcd_delay = Duration{}; });
       }},
      {"lost-answers", "a third of etcd's answers is lost",
       [](Sim& s, std::size_t h, Duration d) {
         s.host(h).lost_answers_per_mille = 333;
         s.at(d, [&s, h] { s.host(h).lost_answers_per_mille = 0; });
       }},
      {"etcd-applies-late", "its etcd shows everything seconds later",
       [](Sim& s, std::size_t h, Duration d) {
         s.etcd().set_apply_delay(h, seconds(1) + s.fault_random().below(seconds(20)));
         s.at(d, [&s, h] { s.etcd().set_apply_delay(h, Duration{}); });
       }},
      {"leader-churn", "etcd elects a leader every few seconds",
       [](Sim& s, std::size_t, Duration d) {
         for (Duration t{}; t < d; t += seconds(2) + s.fault_random().below(seconds(8))) {
           s.at(t, [&s] { s.etcd().depose_leaders(s.now()); });
         }
       }},
      {"evictions-paused", "by an operator, for a while",
       [](Sim& s, std::size_t h, Duration d) {
         using What = supervisor::OperatorSays::What;
         s.input(h, supervisor::OperatorSays{What::kPauseEvictions, ""});
         s.at(d, [&s] {
           for (std::size_t i = 0; i < s.hosts(); ++i) s.input(i, supervisor::OperatorSays{What::kResumeEvictions, ""});
         });
       }},
  };
}

}  // namespace fluxpg::simulation
