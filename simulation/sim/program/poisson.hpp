// How sure a rate is that was counted: exact 95 % bounds for the mean of a Poisson count.
#pragma once

#include <cstdint>
#include <utility>

namespace fluxpg::simulation {

// The two-sided interval of Garwood (1936). Of a count of zero the one-sided upper bound, 3.0: the rule of three.
std::pair<double, double> poisson_bounds(std::uint64_t count);

}  // namespace fluxpg::simulation
