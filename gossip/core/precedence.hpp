// Which news overrides which: the precedence rule of the whole protocol, in one function.
#pragma once

#include "gossip/core/member.hpp"

namespace fluxpg::gossip {

inline bool is_gone(State state) { return state == State::kDead || state == State::kLeft; }

enum class News : std::uint8_t {
  kOld,       // nothing in it: drop it
  kConfirms,  // the same accusation again: its accuser may be a new one
  kNewer,     // overrides what is known
};

// A higher incarnation wins, whatever it says: only the subject makes one. Within one incarnation things only get worse,
// alive < suspect < gone (dead or left), so the same news in any order ends in the same state.
News compare(Incarnation known, State known_state, Incarnation heard, State heard_state);

}  // namespace fluxpg::gossip
