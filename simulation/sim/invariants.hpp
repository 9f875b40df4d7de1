// All invariants, checked after every event, each with the sentence that says why it matters.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "simulation/sim/simulation.hpp"

namespace fluxpg::simulation {

struct InvariantText {
  const char* name;
  const char* why;
};

inline constexpr InvariantText kInvariants[] = {
    {"one-open-decision",
     "Two changes under way at once can each be safe and together cost the quorum: an open decision is closed, never overwritten."},
    {"certified-removal",
     "A voter is removed only under an open record whose certificate is a majority of exactly the electorate it lands in."},
    {"recorded-change",
     "Every change of membership has an open decision that asked for it; a call without one is somebody's late or wild call."},
    {"one-effect-per-decision", "Two calls for one decision may not both take effect, or the second lands where nobody agreed to it."},
    {"nobody-alive-is-decided",
     "A member that works and is connected to a majority for the whole ballot answers it: deciding it dead would evict a healthy node."},
    {"quorum-survives",
     "If enough voters lived before a removal, enough live after it: eviction must never cost what it is meant to protect."},
    {"epochs-grow", "The epoch orders decisions: one that is not larger than all before lets an old decision be taken for a new one."},
    {"one-cluster", "A second cluster of one app is a second, empty database that accepts writes."},
    {"no-recovery-beside-a-majority",
     "A copy that is restored while the majority lives elsewhere is a second database that accepts writes."},
    {"no-data-touched-under-etcd", "Setting data aside under a running etcd corrupts the only copy."},
    {"no-spinning", "An agent that asks to be called all the time burns the CPU that its PostgreSQL needs."},
    {"honest-vote",
     "A 'dead' from a node that has just heard the victim's etcd, or that has just been stopped itself, is testimony about nothing."},
    {"applied-before-next",
     "A removal before the last change is applied by a quorum of those who remain can strand them on an old list without a quorum."},
    {"patience",
     "A reboot is no death: nobody is evicted before it was away for 15 s, a listed one not before 60 s, a silent etcd under a living "
     "daemon "
     "not before ten minutes."},
    {"nobody-alive-is-called",
     "Between decision and call the victim may return: whoever works and is well connected to the remover is not removed any more."},
    {"paused-evicts-nobody", "An operator who pauses evictions must be able to rely on it."},
    {"shadow-touches-nothing", "EVICTIONS=shadow is how people come to trust the rules: it may decide and explain, and nothing else."},
    {"promoted-alive", "A learner that is promoted after it died is a dead voter: the next failure stops writes."},
    {"no-surplus-voter", "An even number of voters survives no more failures than one less, and loses its quorum more easily."},
    {"patroni-after-founding",
     "Before the founding is committed the plan may be replaced: a database made meanwhile would be a second one."},
    {"one-database", "A database that is made beside an existing one takes its place, empty, and is written to."},
    {"furthest-copy-leads", "A PostgreSQL that leads with less than another copy holds throws away what was acknowledged."},
    {"set-aside-only-if-removed", "Data set aside while the cluster still counts on it is a copy lost."},
    {"leaves-on-its-own-wish", "Whoever lives is removed only if its operator said so and has not taken it back: an old consent is none."},
    {"no-amnesia", "An etcd that ends with exit code 2 was started with an empty disk under an id that had voted."},
};

// The vote that a node leaves in etcd by this request; nullopt: it is another one.
std::optional<verdict::Vote> vote_left(const supervisor::AskEtcd& ask, const std::string& app);

class Invariants {
 public:
  Invariants(Simulation& simulation, std::string app) : sim_(simulation), seen_(simulation), app_(std::move(app)) {}
  void check();
  // The rules allow what happened, and nothing after it can be judged.
  bool over() const { return over_; }
  // Just before an input is handled, just before an action is carried out, and when a stopped machine goes on.
  void saw(std::size_t host, const supervisor::Input& input);
  void saw(std::size_t host, const supervisor::Action& action);
  void disturbed(std::size_t host);
  // etcd's data is lost everywhere: whatever is founded now has a history of its own.
  void begin_anew();

 private:
  // What a just observer knows about one machine.
  struct Observed {
    std::uint64_t life = 0;                                   // of the daemon that all of this is about:
    std::map<Nonce, std::pair<TimePoint, MemberId>> ballots;  // that reached it, with the victim
    std::set<Nonce> voted;
    std::map<MemberId, TimePoint> etcd_answered;  // whose etcd answered it, and when
    TimePoint disturbed_at{};
    struct Cut {
      TimePoint since{};
      TimePoint until = kNever;  // linked again, and a decision may still be about the time before
    };
    std::map<std::size_t, Cut> cuts;  // from which other voters it is cut off
    TimePoint last_well{};
    TimePoint well_before{};                // the last time it was well before it became so
    TimePoint daemon_heard_since = kNever;  // it runs, and is well connected to a majority of voters
    TimePoint etcd_up{};
    bool leaves = false;             // as its operator told this machine; a lost disk does not remember it
    TimePoint stays_since = kNever;  // since when it was taken back
    bool is_well = false;            // when something last changed
    bool etcd_is_up = false;
    struct Row {           // in one backend
      TimePoint since{};   // it has been there …
      TimePoint last{};    // … until then,
      TimePoint before{};  // and the time before that, until then
    };
    std::vector<Row> rows;
  };
  void check_clusters();
  bool every_survivor_is_unlisted() const;
  bool another_just_fell_silent(const etcd_model::MembershipChange& change);
  void check_record();
  void check_change(const etcd_model::MembershipChange& change);
  void check_certificate(const etcd_model::MembershipChange& change, const record::Record& record);
  void check_processes();
  bool has_vote(std::size_t host) const;  // by its name in the list, whatever is on its disk
  void check_decision(const record::Record& record);
  Duration away_for(std::size_t host, const NodeId& remover);
  void check_promotion(const etcd_model::MembershipChange& change);
  void check_applied(const etcd_model::MembershipChange& change);
  void saw_ballot(std::size_t host, const verdict::Ballot& ballot);
  void saw_keys(std::size_t host, const etcd::RangeResult& range);
  void check_vote(std::size_t host, const verdict::Vote& vote);
  void check_call(std::size_t host, MemberId victim);
  bool wishes_to_leave(std::size_t host, Duration lag);
  void note_health();
  void see_who_works();
  void look_at_all();
  void note_listed();
  void note_unlinked(std::size_t host);
  bool daemon_is_heard(std::size_t host) const;
  Observed& observed(std::size_t host);
  bool well(std::size_t host) const;
  bool well_now(std::size_t host) { return see_who_works(), well(host); }

  Simulation& sim_;
  const Simulation& seen_;  // looking changes nothing
  std::string app_;
  std::uint64_t commits_seen_ = 0;
  std::int64_t record_revision_ = 0;
  std::optional<record::Record> record_;
  bool over_ = false;
  TimePoint called_at_{};  // the last removal of a voter
  std::int64_t last_open_ = 0;
  bool founded_seen_ = false;
  TimePoint founded_at_{};
  std::map<std::int64_t, int> effects_;
  TimePoint health_noted_{};
  std::optional<std::uint64_t> health_as_of_;  // Simulation::version() then
  std::vector<bool> works_;
  std::vector<std::size_t> voters_;  // where they run; those that run nowhere are hosts()
  std::vector<int> exit_codes_;
  TimePoint listed_noted_{};
  TimePoint misled_at_{};
  TimePoint paused_since_ = kNever;
  std::vector<Observed> observed_;
};

}  // namespace fluxpg::simulation
