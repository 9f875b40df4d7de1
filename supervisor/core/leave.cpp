#include "supervisor/core/leave.hpp"

#include "base/guard.hpp"

namespace fluxpg::supervisor {

namespace {

using Stage = Departure::Stage;

constexpr Duration kSwitchoverEvery = seconds(10);  // Patroni needs some for one, and refuses a second one meanwhile
constexpr Duration kTransferEvery = seconds(3);
constexpr Duration kStopEvery = seconds(5);
constexpr Duration kEndsByItself = seconds(10);  // etcd, once it has learned that it was removed

// Our own place in etcd, also while our etcd is down or has not started yet.
const etcd::Member* seat_of(const World& world) {
  const etcd::Member* seat = world.persistent.member ? world.view.find(world.persistent.member) : nullptr;
  return seat != nullptr ? seat : world.view.find_by_peer_url(world.peer_url(world.gossip.self()));
}

std::vector<MemberId> living_others(const World& world, MemberId own) {
  std::vector<MemberId> living;
  for (const MemberId voter : world.view.electorate().voters) {
    if (voter != own && world.alive(world.node_of(voter))) living.push_back(voter);
  }
  return living;
}

// Whoever leaves itself would only hand the leadership on.
std::vector<MemberId> who_could_lead(const World& world, MemberId own) {
  std::vector<MemberId> able = living_others(world, own);
  std::erase_if(able, [&world](MemberId voter) { return world.info(world.node_of(voter))->leaving; });
  return able;
}

bool too_few(const World& world) { return world.view.has_list() && world.view.electorate().voters.size() <= 2; }

std::string too_few_text(const World& world) {
  return "the cluster has only " + std::to_string(world.view.electorate().voters.size()) +
         " voters, and a majority of the others must be left: add a node first";
}

// Why nobody could be removed now, whoever wishes it.
std::string obstacle(const Now& now, const World& world, const etcd::Member* seat) {
  const EtcdView& view = world.view;
  if (!view.list_is_current(now)) return "etcd to answer: without a quorum nobody can be removed";
  if (seat != nullptr && !seat->learner) {
    const std::size_t needed = view.electorate().majority();
    const std::size_t living = living_others(world, seat->id).size();
    if (living < needed) {
      return std::to_string(needed - living) + " more of the other voters to live: " + std::to_string(needed) + " have to sign, and " +
             std::to_string(living) + " live";
    }
  }
  if (view.paused() || view.patroni_paused()) return "evictions to be resumed: an operator has paused them";
  return "";
}

std::string waits_for_removal(const World& world, const etcd::Member* seat) {
  const auto& record = world.view.record();
  if (record && record->open()) {
    const bool own = seat != nullptr && record->change.member == seat->id;
    return (own ? "the remover to carry it out: " : "another decision to be carried out first: ") + record->command;
  }
  if (!world.view.remover()) return "a remover to be elected";
  return "the remover to collect the votes of the others";
}

}  // namespace

void Leave::begin(const Now& now, const World& world, Persistent& persistent, Outbox& out) {
  if (persistent.leave) return;
  refused_.clear();
  if (!persistent.chosen && !world.view.has_list()) return refuse("there is no cluster yet that it could leave", persistent, out);
  const etcd::Member* seat = seat_of(world);
  if (seat != nullptr && !seat->learner && too_few(world)) return refuse(too_few_text(world), persistent, out);
  out.warn("an operator says that this node leaves the cluster for good");
  enter(now, Stage::kHandsOver, persistent, out);
}

void Leave::cancel(Persistent& persistent, Outbox& out) {
  refused_.clear();
  if (!persistent.leave) return;
  out.warn(persistent.left() ? "an operator says that this node joins the cluster again" : "an operator has taken the leave back");
  persistent.leave.reset();
  waits_for_.clear();
  left_at_ = kNever;
  out.push(Persist{persistent});
}

void Leave::refuse(const std::string& why, Persistent& persistent, Outbox& out) {
  refused_ = why;
  out.warn("this node does not leave: " + why);
  if (!persistent.leave) return;
  persistent.leave.reset();
  out.push(Persist{persistent});
}

void Leave::enter(const Now& now, Stage stage, Persistent& persistent, Outbox& out) {
  persistent.leave = Departure{stage, unix_ms(now.wall)};
  out.push(Persist{persistent});
  if (stage == Stage::kConsents) out.info("everything is handed over: this node consents to its removal");
  if (stage == Stage::kLeft) out.warn("this node has left the cluster");
}

void Leave::answered(const SwitchoverAnswered& answer, Persistent& persistent, Outbox& out) {
  using Outcome = SwitchoverAnswered::Outcome;
  if (!persistent.leave || persistent.consents()) return;
  if (answer.outcome == Outcome::kNobody) return refuse(answer.text, persistent, out);
  answer.outcome == Outcome::kAgreed ? out.info(answer.text) : out.warn(answer.text);
}

std::string Leave::hand_over(const Now& now, const World& world, const std::string& postgres_role, Outbox& out) {
  if (!holds(Guard::kHandsOverFirst)) return "";
  if (postgres_role == "primary") {
    if (now.boot >= next_switchover_) {
      next_switchover_ = now.boot + kSwitchoverEvery;
      out.push(SwitchOver{});
    }
    return "another node to become PostgreSQL's primary";
  }
  const auto& own = world.view.own();
  const bool leads = world.view.own_answers(now) && own->leader == own->header.member;
  if (!leads) return "";
  if (now.boot >= next_transfer_) {
    next_transfer_ = now.boot + kTransferEvery;
    const std::vector<MemberId> able = who_could_lead(world, own->header.member);
    const etcd::TransferLeadership move{able.empty() ? MemberId{} : able[transfers_++ % able.size()]};
    if (move.to) out.ask_own({Purpose::Part::kOperator, 0, {}}, move, kTransferEvery);
  }
  return "another voter to lead etcd";
}

void Leave::stop_processes(const Now& now, const ProcessesSeen& seen, Outbox& out) {
  if (left_at_ == kNever) left_at_ = now.boot;
  const auto runs = [](const Process& process) {
    return process.state == Process::State::kRunning || process.state == Process::State::kStarting;
  };
  if (now.boot < next_stop_) return;
  next_stop_ = now.boot + kStopEvery;
  if (runs(seen.patroni)) out.push(StopPatroni{"this node has left the cluster"});
  if (runs(seen.etcd) && now.boot - left_at_ >= kEndsByItself) out.push(StopEtcd{"this node has left the cluster"});
}

void Leave::tick(const Now& now, const World& world, const std::string& postgres_role, const ProcessesSeen& seen, Persistent& persistent,
                 Outbox& out) {
  if (!persistent.leave) return;
  waits_for_.clear();
  if (persistent.left()) return stop_processes(now, seen, out);
  const etcd::Member* seat = seat_of(world);
  const bool current = world.view.list_is_current(now) && (!persistent.cluster || world.view.list().header.cluster == persistent.cluster);
  if (persistent.consents() && current && seat == nullptr) return enter(now, Stage::kLeft, persistent, out);
  if (current && seat != nullptr && !seat->learner && too_few(world)) return refuse(too_few_text(world), persistent, out);
  waits_for_ = obstacle(now, world, seat);
  if (persistent.consents()) {
    if (postgres_role == "primary" && holds(Guard::kHandsOverFirst)) return enter(now, Stage::kHandsOver, persistent, out);
    if (waits_for_.empty()) waits_for_ = hand_over(now, world, postgres_role, out);  // etcd may have elected us meanwhile
    if (waits_for_.empty()) waits_for_ = waits_for_removal(world, seat);
    return;
  }
  if (waits_for_.empty()) waits_for_ = hand_over(now, world, postgres_role, out);
  if (waits_for_.empty()) enter(now, Stage::kConsents, persistent, out);
}

std::optional<LeaveView> Leave::view(const Persistent& persistent) const {
  if (!persistent.leave && refused_.empty()) return std::nullopt;
  if (!persistent.leave) return LeaveView{"refused", refused_, 0};
  const std::int64_t since = persistent.leave->since_ms;
  if (persistent.left()) return LeaveView{"left", "", since};
  return LeaveView{persistent.consents() ? "consented" : "handing over", waits_for_, since};
}

}  // namespace fluxpg::supervisor
