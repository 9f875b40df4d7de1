// One node, what it is told, and what it says to it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "tests/gossip-core/network.hpp"

namespace fluxpg::gossip::test {

constexpr Route kRoute{77};

class OneNode : public testing::Test {
 protected:
  const Effects& handle(const Event& event) { return effects_ = node_.handle(at(now_), event); }
  template <class M>
  const Effects& receive(M message) {
    return handle(Received{kRoute, Message{std::move(message)}});
  }
  template <class E>
  std::vector<E> all() const {
    std::vector<E> result;
    for (const Effect& effect : effects_) {
      if (const auto* e = std::get_if<E>(&effect)) result.push_back(*e);
    }
    return result;
  }
  template <class M>
  std::vector<M> sent(std::optional<Destination> to = {}) const {
    std::vector<M> result;
    for (const SendTo& send : all<SendTo>()) {
      if (const auto* m = std::get_if<M>(&send.message); m != nullptr && (!to || *to == send.to)) result.push_back(*m);
    }
    return result;
  }
  static Endpoint where(std::size_t index) { return info_of(index).gossip_endpoint(); }
  static NodeInfo info(std::size_t index, std::uint64_t incarnation) {
    NodeInfo result = info_of(index);
    result.incarnation = Incarnation{incarnation};
    return result;
  }
  static Rumor alive(std::size_t index, std::uint64_t incarnation) {
    return Rumor{id_of(index), Incarnation{incarnation}, State::kAlive, {}, info(index, incarnation)};
  }
  static Rumor bad(State state, std::size_t index, std::uint64_t incarnation, std::size_t accuser) {
    return Rumor{id_of(index), Incarnation{incarnation}, state, id_of(accuser), {}};
  }
  void rumor(const Rumor& news, std::size_t from = 9) { receive(Sync{id_of(from), false, {news}, {}}); }
  // Answers every ping among the last effects that went to one of `answering`.
  void answer(const std::set<std::size_t>& answering) {
    for (const SendTo& send : all<SendTo>()) {
      const auto* ping = std::get_if<Ping>(&send.message);
      for (const std::size_t i : answering) {
        if (ping == nullptr || send.to != Destination{where(i)}) continue;
        const Effects kept = effects_;
        const auto it = node_.members().find(id_of(i));
        receive(Ack{ping->nonce, id_of(i), it == node_.members().end() ? Incarnation{1} : it->second.info.incarnation, {}, {}, {}});
        answered_.insert(answered_.end(), effects_.begin(), effects_.end());
        effects_ = kept;
      }
    }
  }
  void meet(std::size_t index) {
    rumor(alive(index, 1), index);
    answer({index});
    ASSERT_EQ(node_.members().at(id_of(index)).state, State::kAlive);
    ASSERT_GT(node_.members().at(id_of(index)).last_answer, TimePoint{});
  }
  // A moment later, so that it counts as heard since whatever was just held against it.
  void hear(std::size_t index) {
    now_ += milliseconds(1);
    handle(ProbeNow{id_of(index), false});
    answer({index});
  }
  // Lets time pass punctually; `answering` members answer at once.
  void pass(Duration time, const std::set<std::size_t>& answering = {}) {
    const Duration end = now_ + time;
    while (node_.next_deadline() <= at(end).boot) {
      now_ = std::max(now_, node_.next_deadline() - at(Duration{}).boot);
      handle(Tick{});
      answer(answering);
    }
    now_ = end;
  }
  State state(std::size_t index) const { return node_.members().at(id_of(index)).state; }
  Incarnation own() const { return node_.self().incarnation; }

  Duration now_{};
  Node node_{Config{}, info_of(0), Incarnation{1024}, 5, at(Duration{})};
  Effects effects_, answered_;
};

}  // namespace fluxpg::gossip::test
