// Errors of the outside world are values: Expected<T, E> (std::expected is not in C++20).
#pragma once

#include <tl/expected.hpp>

namespace fluxpg {

template <class T, class E>
using Expected = tl::expected<T, E>;
using tl::unexpected;

}  // namespace fluxpg
