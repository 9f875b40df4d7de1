#include "supervisor/core/janitor.hpp"

#include <algorithm>

namespace fluxpg::supervisor {

namespace {

constexpr Duration kEvery = seconds(10);
constexpr Duration kDefragmentTakes = minutes(2);
constexpr Duration kNotAgainBefore = minutes(1);

std::int64_t sweep_at(const World& world) { return world.config.etcd_quota / 10 * 8; }
bool is_full(const World& world, std::int64_t size) { return size >= sweep_at(world); }

std::string in_megabytes(std::int64_t bytes) { return std::to_string(bytes >> 20) + " MB"; }

bool alarmed(const World& world) {
  const auto& errors = world.view.own()->errors;
  return std::any_of(errors.begin(), errors.end(), [](const std::string& error) { return error.find("NOSPACE") != std::string::npos; });
}

}  // namespace

bool Janitor::is_sweeper(const World& world, bool holds_remover_key) {
  if (holds_remover_key) return true;
  if (!world.view.own() || !world.view.own_is_voter() || !world.view.has_list() || !alarmed(world) || world.view.remover()) return false;
  for (const MemberId voter : world.view.electorate().voters) {
    if (world.alive(world.node_of(voter))) return voter == world.own_member();
  }
  return false;
}

std::string Janitor::doing(const World& world) {
  if (!world.view.own() || !is_full(world, world.view.own()->db_size)) return "";
  return in_megabytes(world.view.own()->db_size) + " of " + in_megabytes(world.config.etcd_quota);
}

std::string Janitor::problem(const World& world) {
  if (!world.view.own()) return "";
  const std::string remedy = "raise etcd.quota_mb on every node, or delete keys that are not fluxpg's or Patroni's";
  if (alarmed(world)) {
    return "etcd is full (NOSPACE): nothing can be written until it has been compacted and defragmented, which is under way; if this "
           "lasts, " +
           remedy;
  }
  if (!is_full(world, world.view.own()->db_size_in_use)) return "";
  return "etcd holds " + in_megabytes(world.view.own()->db_size_in_use) + " of live data, its quota is " +
         in_megabytes(world.config.etcd_quota) + ": " + remedy;
}

void Janitor::tick(const Now& now, const World& world, bool acts, Outbox& out) {
  if (now.boot < next_ || busy_) return;
  next_ = now.boot + kEvery;
  if (!acts || !world.view.own_answers(now) || !world.view.has_list()) return;
  const std::vector<MemberId> voters = world.view.electorate().voters;  // a learner serves none of this
  if (voters.empty()) return;
  member_ = voters[turn_++ % voters.size()];
  ask(now, world, Step::kStatus, etcd::GetStatus{}, seconds(2), out);
}

void Janitor::ask(const Now& now, const World& world, Step step, etcd::Call call, Duration deadline, Outbox& out) {
  EtcdTarget target;
  if (member_ != world.own_member()) {
    const gossip::NodeInfo* info = world.info(world.node_of(member_));
    if (info == nullptr) return;
    target = World::etcd_of(*info);
  }
  busy_ = true;
  next_ = now.boot + kEvery;
  out.ask({Purpose::Part::kJanitor, static_cast<std::uint32_t>(step), {}}, target, std::move(call), deadline);
}

void Janitor::handle(const Now& now, const World& world, const Purpose& purpose, const etcd::Result& result, Outbox& out) {
  busy_ = false;
  switch (static_cast<Step>(purpose.step)) {
    case Step::kStatus:
      if (const auto* status = result ? std::get_if<etcd::Status>(&*result) : nullptr) took_status(now, world, *status, out);
      return;
    case Step::kCompact:  // refused: it was compacted up to there already
      swept_[member_] = now.boot;
      return ask(now, world, Step::kDefragment, etcd::Defragment{}, kDefragmentTakes, out);
    case Step::kDefragment:
      out.info("etcd's database of " + world.name_of(member_) +
               (result ? " was compacted and defragmented" : " could not be defragmented: " + result.error().message));
      if (result) ask(now, world, Step::kStatus, etcd::GetStatus{}, seconds(2), out);
      return;
    case Step::kAlarms:
      if (const auto* alarms = result ? std::get_if<etcd::Alarms>(&*result) : nullptr) took_alarms(now, world, *alarms, out);
      return;
    case Step::kDisarm:
      if (result) out.warn("etcd has space again: the NOSPACE alarm is disarmed");
      next_ = now.boot;
      return;
  }
}

void Janitor::took_status(const Now& now, const World& world, const etcd::Status& status, Outbox& out) {
  const std::int64_t before = std::exchange(revision_, status.header.revision);
  if (status.header.member != member_) return;
  sizes_[member_] = status.db_size;
  const auto swept = swept_.find(member_);
  if (is_full(world, status.db_size) && (swept == swept_.end() || now.boot - swept->second >= kNotAgainBefore)) {
    // Full, all that was written since the last round may be what filled it, and nobody writes: whoever watches is told to read anew.
    const bool up_to_now = before == 0 || alarmed(world);
    return ask(now, world, Step::kCompact, etcd::Compact{up_to_now ? status.header.revision : before}, seconds(30), out);
  }
  if (alarmed(world)) ask(now, world, Step::kAlarms, etcd::ListAlarms{}, seconds(2), out);
}

// Of a member that has space again: etcd itself never takes an alarm back.
void Janitor::took_alarms(const Now& now, const World& world, const etcd::Alarms& alarms, Outbox& out) {
  for (const etcd::Alarm& alarm : alarms.raised) {
    const auto size = sizes_.find(alarm.member);
    if (alarm.name != "NOSPACE" || (size != sizes_.end() && is_full(world, size->second))) continue;
    if (size == sizes_.end() && world.view.find(alarm.member) != nullptr) continue;  // not looked at yet
    return ask(now, world, Step::kDisarm, etcd::DisarmAlarm{alarm.member}, seconds(3), out);
  }
}

}  // namespace fluxpg::supervisor
