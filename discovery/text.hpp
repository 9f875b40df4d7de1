// Text from strangers, made safe to compare and to show.
#pragma once

#include <string>
#include <string_view>

namespace fluxpg::discovery {

// Whether the bytes are UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF).
bool is_utf8(std::string_view bytes);
// ASCII letters only: Flux app names have no others.
bool equal_ignoring_case(std::string_view a, std::string_view b);
// At most `limit` bytes, anything but printable ASCII replaced by '?': terminals and logs show it.
std::string printable(std::string_view bytes, std::size_t limit);

}  // namespace fluxpg::discovery
