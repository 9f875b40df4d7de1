// Which fields travel, in which order and within which limits: written once, used in both directions (Writer and Reader of codec.cpp).
#pragma once

#include <concepts>
#include <type_traits>

#include "gossip/core/message.hpp"
#include "gossip/wire/limits.hpp"

namespace fluxpg::wire {

template <class T, class U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

// A field together with what is allowed in it. T is const when writing.
template <class T>
struct Text {
  T& value;
  std::size_t max;
};
template <class T>
struct Ipv4 {
  T& value;
};
template <class T>
struct List {
  T& value;
  std::size_t max;
};
template <class T>
struct Choice {
  T& value;
  std::remove_const_t<T> last;
};
template <class T>
struct NotNegative {
  T& value;
};

// Said aloud for clang 14, which does not deduce aggregates.
template <class T>
Text(T&, std::size_t) -> Text<T>;
template <class T>
Ipv4(T&) -> Ipv4<T>;
template <class T>
List(T&, std::size_t) -> List<T>;
template <class T>
Choice(T&, std::remove_const_t<T>) -> Choice<T>;
template <class T>
NotNegative(T&) -> NotNegative<T>;

template <class A>
void layout(A& a, Is<Endpoint> auto& v) {
  a(Text{v.address, kMaxAddress}, v.port);
}

template <class A>
void layout(A& a, Is<gossip::Ports> auto& v) {
  a(v.postgres, v.patroni, v.etcd_client, v.etcd_peer, v.gossip);
}

template <class A>
void layout(A& a, Is<gossip::NodeInfo> auto& v) {
  a(v.id, v.incarnation, Text{v.name, kMaxName}, Ipv4{v.address}, v.ports, Text{v.version, kMaxName},
    Choice{v.data, gossip::DataState::kOnlyPostgres}, v.cluster, v.member, Text{v.system_id, kMaxName}, v.timeline, v.lsn,
    Text{v.postgres_role, kMaxName}, v.shadow, v.stopping, v.leaving, v.founding_round, Text{v.founding_token, kMaxToken});
}

template <class A>
void layout(A& a, Is<gossip::Rumor> auto& v) {
  a(v.id, v.incarnation, Choice{v.state, gossip::State::kLeft}, v.accuser, v.info);
}

template <class A>
void layout(A& a, Is<gossip::Link> auto& v) {
  a(Choice{v.state, gossip::LinkState::kRefused}, v.rtt_ms);
}

template <class A>
void layout(A& a, Is<gossip::LinkRow> auto& v) {
  a(v.from, v.version, List{v.to, kMaxLinks});
}

template <class A>
void layout(A& a, Is<gossip::Statement> auto& v) {
  a(v.node, v.nonce, v.member, v.cluster, NotNegative{v.age}, v.signature);
}

template <class A>
void layout(A& a, Is<gossip::Ping> auto& v) {
  a(v.nonce, v.from, v.incarnation, v.reply_to, v.wants_statement, List{v.rumors, kMaxRumors}, List{v.links, kMaxLinkRows});
}

template <class A>
void layout(A& a, Is<gossip::Ack> auto& v) {
  a(v.nonce, v.from, v.incarnation, List{v.rumors, kMaxRumors}, List{v.links, kMaxLinkRows}, v.statement);
}

template <class A>
void layout(A& a, Is<gossip::IndirectPing> auto& v) {
  a(v.nonce, v.from, v.target, v.target_endpoint);
}

template <class A>
void layout(A& a, Is<gossip::IndirectAck> auto& v) {
  a(v.nonce, v.from, v.target, v.target_incarnation);
}

template <class A>
void layout(A& a, Is<gossip::Sync> auto& v) {
  a(v.from, v.wants_reply, List{v.members, kMaxRumors}, List{v.links, kMaxLinkRows});
}

template <class A>
void layout(A& a, Is<verdict::Electorate> auto& v) {
  a(v.cluster, List{v.voters, kMaxVoters});
}

template <class A>
void layout(A& a, Is<verdict::Victim> auto& v) {
  a(v.member, Text{v.peer_url, kMaxUrl}, v.node, v.incarnation);
}

template <class A>
void layout(A& a, Is<verdict::Ballot> auto& v) {
  a(v.id, v.opener, v.victim, v.electorate, v.revision, Text{v.why, kMaxReason}, v.opened_at);
}

template <class A>
void layout(A& a, Is<verdict::Evidence> auto& v) {
  a(Text{v.kind, kMaxName}, Text{v.outcome, kMaxReason}, v.ms);
}

template <class A>
void layout(A& a, Is<verdict::Vote> auto& v) {
  a(v.ballot, v.voter, v.node, Choice{v.choice, verdict::Choice::kAbstain}, Choice{v.listing, verdict::Listing::kUnlisted},
    Text{v.reason, kMaxReason}, List{v.evidence, kMaxEvidence}, v.signature);
}

template <class A>
void layout(A& a, Is<verdict::Founder> auto& v) {
  a(v.node, Text{v.name, kMaxName}, Text{v.peer_url, kMaxUrl});
}

template <class A>
void layout(A& a, Is<verdict::DatabaseCopy> auto& v) {
  a(Text{v.system_id, kMaxName}, v.node, v.timeline, v.lsn);
}

template <class A>
void layout(A& a, Is<verdict::FoundingPlan> auto& v) {
  a(v.round, v.proposer, Text{v.token, kMaxToken}, v.counted, List{v.founders, kMaxFounders}, v.database);
}

template <class A>
void layout(A& a, Is<verdict::FoundingPromise> auto& v) {
  a(v.round, Text{v.token, kMaxToken}, v.node, v.promised, Text{v.reason, kMaxReason});
}

template <class A>
void layout(A& a, Is<verdict::FoundingStart> auto& v) {
  a(v.plan);
}

}  // namespace fluxpg::wire
