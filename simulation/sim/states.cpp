#include "simulation/sim/states.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace fluxpg::simulation {

namespace {

struct Phrase {
  const char* begins;  // what an agent says, or the reason of a vote
  const char* state;
};

constexpr Phrase kReasons[] = {
    {"its etcd answered me", "veto: its etcd answered"},
    {"its daemon signed", "veto: its daemon vouched for its etcd"},
    {"just resumed", "abstention: just resumed"},
    {"my own timers", "abstention: late timers"},
    {"my clock jumped", "abstention: clock jumped"},
    {"my own etcd does not answer", "abstention: own etcd silent"},
    {"my own etcd shows another electorate", "abstention: another electorate"},
    {"its daemon answers, but cannot vouch", "abstention: its daemon answers"},
    {"it is me, and my own etcd", "abstention: the victim itself"},
    {"its daemon answers, but its etcd has been silent", "dead by consent of a silent etcd"},
    {"neither its etcd nor its daemon", "dead by evidence"},
    {"it leaves on its own wish", "agreed to a leave"},
    {"I leave: it leaves", "consented to its removal"},
    {"I do not leave", "veto: it stays"},
};

constexpr Phrase kSaid[] = {
    {"decided: ", "decided"},
    {"this node is the remover now", "remover elected"},
    {"no clear answer", "call without a clear answer"},
    {"etcd refused", "call refused by etcd"},
    {"the decision record or", "lost a compare-and-swap"},
    {"gave up the remover key", "remover key given up"},
    {"lost the remover key", "remover key lost"},
    {"proposing to found", "founding proposed"},
};

}  // namespace

const std::vector<StateText>& state_kinds() {
  static const std::vector<StateText> kStates = {
      {"founding proposed", "a plan went round"},
      {"founding", "a cluster was founded"},
      {"join", "a newcomer was added as a learner"},
      {"promotion", "a learner became a voter"},
      {"dead by evidence", "a voter heard nothing of the victim after the ballot, and signed it"},
      {"dead by consent of a silent etcd", "… or heard a daemon that has not vouched for its etcd for ten minutes", true},
      {"veto: its etcd answered", "the victim's etcd answered a voter, with its id"},
      {"veto: its daemon vouched for its etcd", "the victim's daemon signed that its etcd answers"},
      {"abstention: own etcd silent", "the voter's own etcd did not answer"},
      {"abstention: another electorate", "the voter's own etcd shows other voters than the ballot"},
      {"abstention: its daemon answers", "the victim's daemon answers and cannot vouch yet"},
      {"abstention: the victim itself", "the victim was asked, and its etcd does not answer"},
      {"abstention: just resumed", "the voter was suspended"},
      {"abstention: late timers", "the voter's timers were late"},
      {"abstention: clock jumped", "the voter's wall clock jumped"},
      {"verdict", "a majority signed, and the record holds it"},
      {"decided", "a change of membership was written as the open decision"},
      {"closed as done", "a decision had its effect"},
      {"refuted", "the victim was heard from before the call"},
      {"void", "a decision without effect, closed after the quiet time"},
      {"refused", "etcd refused an addition or promotion for good"},
      {"agreed to a leave", "a voter signed that another may go on its own wish", true},
      {"consented to its removal", "the one that leaves signed it, for this very ballot", true},
      {"veto: it stays", "the one that was to leave has taken it back", true},
      {"leave", "… and it was written as the open decision", true},
      {"resumed decision", "closed by another remover than the one that opened it"},
      {"remover elected", "a node got the remover key"},
      {"takeover", "another node than the last one became the remover"},
      {"eviction", "a voter was removed"},
      {"call without a clear answer", "the member list had to tell"},
      {"call refused by etcd", "by its own checks, before it was proposed"},
      {"lost a compare-and-swap", "the record or the key had changed: nothing was written", true},
      {"remover key given up", "by a remover that may not be one any more"},
      {"remover key lost", "its lease ran out, or somebody else has it", true},
  };
  return kStates;
}

void States::reach(const std::string& name) {
  CHECK(std::any_of(state_kinds().begin(), state_kinds().end(), [&name](const StateText& state) { return name == state.name; }));
  ++reached_[name];
}

void States::voted(const verdict::Vote& vote) {
  for (const Phrase& phrase : kReasons) {
    if (vote.reason.rfind(phrase.begins, 0) != 0) continue;
    if (votes_.insert({vote.ballot, vote.voter}).second) reach(phrase.state);
    return;
  }
}

void States::closed(const std::string& outcome) {
  if (outcome == "done") reach("closed as done");
  if (outcome == "refuted" || outcome == "void" || outcome == "refused") reach(outcome);
}

void States::said(std::size_t host, const std::string& text) {
  for (const Phrase& phrase : kSaid) {
    if (text.rfind(phrase.begins, 0) == 0) reach(phrase.state);
  }
  if (text.rfind("this node is the remover now", 0) != 0) return;
  if (remover_ && *remover_ != host) reach("takeover");
  remover_ = host;
}

}  // namespace fluxpg::simulation
