// What a careful operator does by hand when the disks of a majority of the voters are gone: one who knows that nobody lives elsewhere.
#pragma once

#include "simulation/sim/simulation.hpp"

namespace fluxpg::simulation {

// The voters whose data is on somebody's disk are no majority: nobody but an operator can help.
bool majority_of_disks_is_lost(const Simulation& simulation);
// There is such a disk, and whoever has it remembers the voters: a cluster younger than a second or two is remembered by nobody.
bool can_be_recovered(const Simulation& simulation);

// Looks every 10 s until then; types `fluxpgctl recover` where it is not refused, answers for whoever is missed, and stays with that node
// until it has done it.
void recover_by_hand(Simulation& simulation, TimePoint until);

// Kills a majority of the voters, and sees to it that they stay away until one of the others is recovered, or nobody can be; each then
// starts within `spread`. Whoever returns and asks for it is told to join what was recovered.
void recover_without_the_absent(Simulation& simulation, std::size_t survivor, Duration spread);

}  // namespace fluxpg::simulation
