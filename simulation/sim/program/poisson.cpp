#include "simulation/sim/program/poisson.hpp"

#include <cmath>

namespace fluxpg::simulation {

namespace {

// P(X <= count) for a Poisson variable with that mean.
double at_most(std::uint64_t count, double mean) {
  double sum = 0;
  for (std::uint64_t k = 0; k <= count; ++k) {
    const auto x = static_cast<double>(k);
    sum += std::exp(x * std::log(mean) - mean - std::lgamma(x + 1));
  }
  return sum;
}

// The mean at which that probability is `wanted`; it falls as the mean grows.
double mean_where(std::uint64_t count, double wanted) {
  double low = 1e-9;
  double high = 2 * static_cast<double>(count) + 20;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (at_most(count, middle) > wanted ? low : high) = middle;
  }
  return low;
}

}  // namespace

std::pair<double, double> poisson_bounds(std::uint64_t count) {
  if (count == 0) return {0, -std::log(0.05)};
  return {mean_where(count - 1, 0.975), mean_where(count, 0.025)};
}

}  // namespace fluxpg::simulation
