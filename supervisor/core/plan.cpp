#include "supervisor/core/plan.hpp"

#include <algorithm>

#include "base/guard.hpp"

namespace fluxpg::supervisor {

using discovery::Presence;
using record::Change;
using record::Kind;

namespace {

constexpr const char* kInstancesUnknown = "the number of instances to be known: the Flux API has not told it since this daemon started";

std::string in_seconds(Duration d) { return std::to_string(to_ms(d) / 1000) + " s"; }

bool replacement_waits(const PlanInput& input, const Rules& rules) {
  return std::any_of(input.newcomers.begin(), input.newcomers.end(), [&rules](const NewcomerFacts& n) {
    const Duration wait = holds(Guard::kReplacementWaitsLong) ? rules.replacement_wait : Duration::zero();
    return n.fresh && n.alive_for >= wait && n.listed_for >= wait && n.listed_for > Duration::zero();
  });
}

struct Ruling {
  std::string rule;    // empty: not yet
  std::string reason;  // why, or what it waits for
};

// The eviction rule for one dead voter, to be read aloud. Death itself is agreed by ballot afterwards.
Ruling ruling(const SeatFacts& voter, const PlanInput& input, const Rules& rules, std::size_t corpses) {
  const std::string dead = "dead for " + in_seconds(voter.silent_for);
  if (holds(Guard::kPlannedStop) && voter.stopping && !voter.leaving && voter.silent_for < rules.listed_grace) {
    return {"", dead + ", announced a planned stop: waited for " + in_seconds(rules.listed_grace)};
  }
  if (voter.presence == Presence::kUnlisted) {
    if (voter.silent_for >= rules.dead_for_unlisted || !holds(Guard::kDwellUnlisted))
      return {"unlisted", dead + " and " + voter.presence_text};
    return {"", dead + " and unlisted: evicted after " + in_seconds(rules.dead_for_unlisted)};
  }
  if (voter.silent_for < rules.dead_for_listed && holds(Guard::kDwellListed)) {
    return {"", dead + ", " + voter.presence_text + ": not before " + in_seconds(rules.dead_for_listed)};
  }
  if (voter.leaving) return {"consent", dead + ", and it had announced that it leaves for good"};
  if (replacement_waits(input, rules)) return {"listed-replacement", dead + ", and a replacement waits that etcd refuses because of it"};
  if (eviction_raises_tolerance(input.voters.size(), corpses)) {
    return {"tolerance", dead + ", and without the dead the cluster survives more failures"};
  }
  if (input.voters.size() > 3) {
    if (voter.silent_for >= rules.listed_grace) return {"listed-grace", dead + ", " + voter.presence_text};
    return {"", dead + ", " + voter.presence_text + ": evicted after " + in_seconds(rules.listed_grace)};
  }
  return {"", dead + ", " + voter.presence_text + ": its eviction would help nobody until it is unlisted or a replacement waits"};
}

Change removal(const SeatFacts& seat, std::string rule, std::string reason) {
  return {Kind::kRemove, seat.member, seat.node, seat.name, seat.peer_url, std::move(rule), std::move(reason)};
}

// Whoever only gossip misses lives: a ballot about it would be vetoed, and etcd does not count it among the dead.
bool is_dead(const SeatFacts& voter) { return !voter.alive && !voter.etcd_answers; }

// A voter counts as gone if gossip holds it dead, or its daemon has been unable to vouch for its etcd for too long.
bool gone(const SeatFacts& voter, const Rules& rules) {
  if (!voter.alive) return is_dead(voter);
  return voter.etcd_silent_for >= (holds(Guard::kSilentEtcdPatience) ? rules.silent_etcd_consent : seconds(5));
}

std::optional<Change> plan_eviction(const PlanInput& input, const Rules& rules, Plan& out) {
  std::vector<const SeatFacts*> corpses;
  std::size_t dead = 0;  // a live daemon over a silent etcd may be only our own bad link: it makes no removal of another one useful
  for (const SeatFacts& voter : input.voters) {
    if (gone(voter, rules)) corpses.push_back(&voter);
    if (is_dead(voter)) ++dead;
  }
  std::stable_sort(corpses.begin(), corpses.end(), [](const SeatFacts* a, const SeatFacts* b) { return a->silent_for > b->silent_for; });
  for (const SeatFacts* voter : corpses) {
    const std::string what = "eviction of " + voter->name;
    Ruling verdict = voter->alive
                         ? Ruling{"consent", "its daemon has not been able to vouch for its etcd for " + in_seconds(voter->etcd_silent_for)}
                         : ruling(*voter, input, rules, dead);
    if (verdict.rule.empty()) {
      out.waiting.push_back({what, verdict.reason});
    } else if (voter->contested) {  // meanwhile other changes get their turn
      out.waiting.push_back({what, "another ballot: the last one did not agree (" + verdict.reason + ")"});
    } else if (holds(Guard::kPause) && input.paused) {
      out.waiting.push_back({what, "evictions are paused (" + verdict.reason + ")"});
    } else if (holds(Guard::kBudget) && input.evictions_open >= rules.budget && !replacement_waits(input, rules)) {
      out.waiting.push_back({what, std::to_string(input.evictions_open) +
                                       " evictions are not yet made good by a new voter, the budget is " + std::to_string(rules.budget)});
    } else {
      return removal(*voter, verdict.rule, verdict.reason);
    }
  }
  return std::nullopt;
}

// Whoever lives and wishes to go. It signs that itself; the others must be enough to sign, and are enough to go on then.
std::optional<Change> plan_leave(const PlanInput& input, Plan& out) {
  const std::size_t needed = input.voters.size() / 2 + 1;
  for (const SeatFacts& voter : input.voters) {
    if (!voter.alive || !voter.leaving) continue;
    const auto living = static_cast<std::size_t>(std::count_if(input.voters.begin(), input.voters.end(), [&voter](const SeatFacts& other) {
      return other.alive && other.member != voter.member;
    }));
    const std::string what = "leave of " + voter.name;
    if (living < needed && holds(Guard::kConsentIsNoVote)) {
      out.waiting.push_back({what, std::to_string(needed) + " of the other voters have to sign, and " + std::to_string(living) + " live"});
    } else if (voter.contested) {
      out.waiting.push_back({what, "another ballot: the last one did not agree"});
    } else if (holds(Guard::kPause) && input.paused) {
      out.waiting.push_back({what, "evictions are paused"});
    } else {
      return removal(voter, verdict::kLeaveRule, "it leaves on its own wish");
    }
  }
  return std::nullopt;
}

// How long a dead learner keeps its slot, the only one of the cluster. A spare that nobody waits behind is given time to come back.
Duration ghost_patience(const SeatFacts& learner, const PlanInput& input, const Rules& rules, bool table_full) {
  const auto joins = [](const NewcomerFacts& n) { return n.fresh && n.listed_for > Duration::zero(); };
  const bool needed = !table_full || std::any_of(input.newcomers.begin(), input.newcomers.end(), joins);
  return needed || learner.presence != Presence::kListed ? rules.ghost_after : rules.listed_grace;
}

std::optional<Change> plan_learner(const PlanInput& input, const Rules& rules, std::size_t wanted, Plan& out) {
  const bool table_full = input.voters.size() >= wanted;
  for (const SeatFacts& learner : input.learners) {
    if (learner.alive && learner.leaving) return removal(learner, "ghost-learner", "this learner leaves on its own wish");
    if (!learner.alive && (holds(Guard::kLearnerInSync) || !learner.node)) {
      const Duration patience = ghost_patience(learner, input, rules, table_full);
      if (learner.silent_for >= patience && holds(Guard::kGhostLearner)) {
        return removal(learner, "ghost-learner", "this learner has been silent for " + in_seconds(learner.silent_for));
      }
      out.waiting.push_back(
          {"learner " + learner.name, "silent for " + in_seconds(learner.silent_for) + ", removed after " + in_seconds(patience)});
    } else if (learner.stuck_for >= rules.learner_patience && holds(Guard::kStuckLearner)) {
      return removal(learner, "ghost-learner",
                     "this learner has made no progress for " + in_seconds(learner.stuck_for) + ", and there is one slot for learners");
    } else if (table_full) {
      out.waiting.push_back({"learner " + learner.name,
                             input.instances == 0 ? std::string(kInstancesUnknown) : "all " + std::to_string(wanted) + " seats are taken"});
    } else if (!learner.in_sync && holds(Guard::kLearnerInSync)) {
      out.waiting.push_back({"promotion of " + learner.name, learner.stuck_for < seconds(5)
                                                                 ? "it has not caught up, or has not answered within 2 s"
                                                                 : "it has made no progress for " + in_seconds(learner.stuck_for)});
    } else {
      return Change{Kind::kPromote,
                    learner.member,
                    learner.node,
                    learner.name,
                    learner.peer_url,
                    "seat-empty",
                    std::to_string(input.voters.size()) + " of " + std::to_string(wanted) + " voters, and it has caught up"};
    }
  }
  return std::nullopt;
}

std::optional<Change> plan_join(const PlanInput& input, std::size_t wanted, Plan& out) {
  const bool table_full = input.voters.size() >= wanted;
  if (input.instances == 0) {
    for (const NewcomerFacts& newcomer : input.newcomers) out.waiting.push_back({"joining of " + newcomer.name, kInstancesUnknown});
  }
  if (!input.learners.empty() || (table_full && !wants_spare(wanted, input.instances))) return std::nullopt;
  const SeatFacts* corpse = nullptr;
  for (const SeatFacts& voter : input.voters) {
    if (is_dead(voter)) corpse = &voter;
  }
  for (const NewcomerFacts& newcomer : input.newcomers) {
    const std::string what = "joining of " + newcomer.name;
    if (!newcomer.fresh && holds(Guard::kFreshJoins)) {
      out.waiting.push_back({what, "it holds data of its own; nothing is ever wiped on anybody's word"});
    } else if (newcomer.listed_for == Duration::zero() && holds(Guard::kListedJoins)) {
      out.waiting.push_back({what, "it is not listed by the Flux API"});
    } else if (corpse != nullptr) {
      out.waiting.push_back({what, "etcd refuses every addition while voter " + corpse->name + " is down"});
    } else {
      Change join{Kind::kAddLearner, MemberId{}, newcomer.node, newcomer.name, newcomer.peer_url, "join", ""};
      if (table_full) join.rule = "spare";
      join.reason = "it is listed, alive and fresh, and " +
                    (table_full ? "a single voter would hold the only copy of etcd's data"
                                : std::to_string(input.voters.size()) + " of " + std::to_string(wanted) + " seats are taken");
      return join;
    }
  }
  return std::nullopt;
}

}  // namespace

std::size_t wanted_voters(std::uint32_t target_voters, std::uint32_t instances) {
  std::uint32_t wanted = instances == 0 ? target_voters : std::min(target_voters, instances);
  if (wanted % 2 == 0 && wanted > 0 && holds(Guard::kOddVoters)) --wanted;
  return std::max(wanted, 1U);
}

bool wants_spare(std::size_t wanted, std::uint32_t instances) { return wanted == 1 && instances > 1 && holds(Guard::kSpare); }

int failures_survivable(std::size_t voters, std::size_t live) { return static_cast<int>(live) - static_cast<int>(voters / 2 + 1); }

bool eviction_raises_tolerance(std::size_t voters, std::size_t dead) {
  if (dead == 0 || dead >= voters) return false;
  const std::size_t live = voters - dead;
  const int before = failures_survivable(voters, live);
  int last = before;
  for (std::size_t left = voters; left-- > live;) {
    const int now = failures_survivable(left, live);
    if (now < last) return false;
    last = now;
  }
  return last > before;
}

Plan plan(const PlanInput& input, const Rules& rules) {
  Plan out;
  // Of unknown many instances no seat is filled: one voter too many would stay, and an even number survives no more than one less.
  const std::size_t wanted = input.instances == 0 ? input.voters.size() : wanted_voters(rules.target_voters, input.instances);
  if (holds(Guard::kEvicts)) out.change = plan_eviction(input, rules, out);
  if (!out.change) out.change = plan_leave(input, out);
  if (!out.change && holds(Guard::kPromotes)) out.change = plan_learner(input, rules, wanted, out);
  if (!out.change) out.change = plan_join(input, wanted, out);
  return out;
}

}  // namespace fluxpg::supervisor
