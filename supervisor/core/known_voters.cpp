#include "supervisor/core/known_voters.hpp"

#include "base/guard.hpp"

namespace fluxpg::supervisor {

namespace {

// Which seat is ours our own data tells, also where no key was read yet that binds it to us.
std::vector<KnownVoter> with_our_own(std::vector<KnownVoter> voters, const World& world) {
  for (KnownVoter& voter : voters) {
    if (voter.node || !world.persistent.member || voter.member != world.persistent.member) continue;
    voter.node = world.self();
    voter.address = world.config.address;
  }
  return voters;
}

// A founder's seat is told by its plan, also where etcd was lost before any key that binds it was read.
const verdict::Founder* founder_at(const World& world, const etcd::Member& member) {
  const Persistent& own = world.persistent;
  if (!own.promised || own.promised->token != own.started_token) return nullptr;
  for (const verdict::Founder& founder : own.promised->founders) {
    if (std::find(member.peer_urls.begin(), member.peer_urls.end(), founder.peer_url) != member.peer_urls.end()) return &founder;
  }
  return nullptr;
}

bool of_our_cluster(const World& world) { return world.view.has_list() && world.view.list().header.cluster == world.persistent.cluster; }

// The decided change that the list does not tell the end of. nullptr: there is none.
const record::Change* unseen_change(const World& world) {
  const auto& record = world.view.record();
  if (!record || !of_our_cluster(world) || !holds(Guard::kChangeRemembered)) return nullptr;
  const bool unseen = record->open() || (record->outcome == "done" && !world.view.list_follows_record());
  return unseen ? &record->change : nullptr;
}

// A learner that is removed, or added, changes nothing for the voters; nor does what they show already.
void mark(const World& world, std::vector<KnownVoter>& voters) {
  const record::Change* const change = unseen_change(world);
  if (change == nullptr) return;
  const auto seat = std::find_if(voters.begin(), voters.end(), [change](const KnownVoter& v) { return v.member == change->member; });
  if (change->kind == record::Kind::kRemove && seat != voters.end()) seat->uncertain = true;
  if (change->kind != record::Kind::kPromote || seat != voters.end()) return;
  voters.push_back({change->member, change->node, change->name, world.address_of(change->node), 0, true});
}

}  // namespace

const KnownVoter* find(const std::vector<KnownVoter>& voters, MemberId member) {
  const auto found = std::find_if(voters.begin(), voters.end(), [member](const KnownVoter& v) { return v.member == member; });
  return found == voters.end() ? nullptr : &*found;
}

bool remembers(const std::vector<KnownVoter>& voters, const record::Change& change) {
  if (change.kind == record::Kind::kAddLearner || change.rule == "ghost-learner") return true;
  const KnownVoter* const seat = find(voters, change.member);
  return seat != nullptr && (seat->uncertain || change.kind == record::Kind::kPromote);
}

std::vector<KnownVoter> known_voters(const World& world) {
  if (!world.view.has_list()) return with_our_own(world.persistent.voters, world);
  std::vector<KnownVoter> voters;
  for (const etcd::Member& member : world.view.list().members) {
    if (member.learner) continue;
    KnownVoter voter{member.id, world.node_of(member.id), world.name_of(member.id), "", 0};
    // Without a majority the keys cannot be read; a member id is bound to one key for ever, so the memory is as good.
    const KnownVoter* before = find(world.persistent.voters, member.id);
    if (!voter.node && before != nullptr && before->node) voter = *before;
    voter.uncertain = false;
    const verdict::Founder* const founder = voter.node ? nullptr : founder_at(world, member);
    if (founder != nullptr) voter = {member.id, founder->node, founder->name, "", 0};
    if (before != nullptr) voter.silent_since_ms = before->silent_since_ms;
    if (const std::string address = world.address_of(voter.node); !address.empty()) voter.address = address;
    voters.push_back(std::move(voter));
  }
  mark(world, voters);
  return with_our_own(std::move(voters), world);
}

std::optional<std::vector<KnownVoter>> voters_to_remember(const Now& now, const World& world) {
  const bool current = world.view.list_is_current(now) && of_our_cluster(world);
  if (!current && world.persistent.voters.empty()) return std::nullopt;
  std::vector<KnownVoter> voters = current ? known_voters(world) : world.persistent.voters;
  if (!current) mark(world, voters);
  for (KnownVoter& voter : voters) {
    const gossip::MemberView* heard = world.heard(voter.node);
    const bool gone = heard != nullptr && !world.alive(voter.node);
    if (voter.node == world.self() || (heard != nullptr && !gone)) voter.silent_since_ms = 0;
    if (gone && voter.silent_since_ms == 0) voter.silent_since_ms = unix_ms(now.wall) - to_ms(now.boot - heard->since);
  }
  return voters;
}

std::vector<KnownLearner> learners_to_remember(const Now& now, const World& world) {
  if (!world.view.list_is_current(now) || !of_our_cluster(world)) return world.persistent.learners;
  std::vector<KnownLearner> learners;
  for (const etcd::Member& member : world.view.list().members) {
    if (member.learner) learners.push_back({member.id, world.node_of(member.id), world.name_of(member.id)});
  }
  return learners;
}

}  // namespace fluxpg::supervisor
