// The only place that reads the clocks.
#pragma once

#include "base/time.hpp"

namespace fluxpg::runtime {

Now read_clocks();

}  // namespace fluxpg::runtime
