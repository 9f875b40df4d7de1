#include "gossip/core/precedence.hpp"

namespace fluxpg::gossip {
namespace {

int badness(State state) {
  switch (state) {
    case State::kAlive:
      return 0;
    case State::kSuspect:
      return 1;
    case State::kDead:
      return 2;
    case State::kLeft:
      return 2;
  }
  return 0;
}

}  // namespace

News compare(Incarnation known, State known_state, Incarnation heard, State heard_state) {
  if (heard != known) return heard > known ? News::kNewer : News::kOld;
  if (badness(heard_state) > badness(known_state)) return News::kNewer;
  return heard_state == State::kSuspect && known_state == State::kSuspect ? News::kConfirms : News::kOld;
}

}  // namespace fluxpg::gossip
