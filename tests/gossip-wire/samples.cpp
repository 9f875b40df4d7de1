#include "tests/gossip-wire/samples.hpp"

namespace fluxpg::wire::test {
namespace {

using namespace gossip;

template <class Id>
Id filled(std::uint8_t first) {
  Id id;
  for (std::size_t i = 0; i < Id::kSize; ++i) id.bytes[i] = static_cast<std::uint8_t>(first + i);
  return id;
}

NodeInfo fixed_info() {
  NodeInfo info;
  info.id = filled<NodeId>(0x20);
  info.incarnation = Incarnation{1025};
  info.name = "node-198-18-0-11";
  info.address = "198.18.0.11";
  info.ports = Ports{5432, 8008, 2379, 2380, 30946};
  info.version = "0.1.0";
  info.data = DataState::kHasEtcd;
  info.cluster = ClusterId{0x7384a1c09b5e2f4f};
  info.member = MemberId{0x8e9e05c52164694d};
  info.system_id = "7412345678901234567";
  info.timeline = 3;
  info.lsn = 0x1a2b3c4d58;
  info.postgres_role = "primary";
  info.stopping = true;
  info.founding_round = 2;
  info.founding_token = "f00d";
  return info;
}

// Random values of every field type; zero and extreme ones are frequent.
struct Maker {
  Random& random;

  bool coin() { return random.below(std::uint64_t{2}) == 1; }
  std::size_t upto(std::size_t max) { return static_cast<std::size_t>(random.below(std::uint64_t{max + 1})); }
  std::uint64_t number() {
    const std::uint64_t value = random.next();
    return coin() ? value : value >> random.below(std::uint64_t{64});
  }
  template <class T>
  T small() {
    return static_cast<T>(number());
  }
  Incarnation incarnation() { return Incarnation{number() >> 24}; }
  template <class Id>
  Id id() {
    Id result;
    if (upto(9) == 0) return result;
    for (auto& byte : result.bytes) byte = small<std::uint8_t>();
    return result;
  }
  std::string text(std::size_t max) {
    std::string result;
    for (std::size_t n = coin() ? upto(12) : upto(max); n > 0; --n) result.push_back(static_cast<char>(' ' + upto(94)));
    return result;
  }
  std::string ipv4() {
    return std::to_string(upto(255)) + "." + std::to_string(upto(255)) + "." + std::to_string(upto(255)) + "." + std::to_string(upto(255));
  }
  Endpoint endpoint() { return {text(253), small<std::uint16_t>()}; }
  template <class F>
  auto list(std::size_t max, F make) {
    std::vector<decltype(make())> result;
    for (std::size_t n = upto(max); n > 0; --n) result.push_back(make());
    return result;
  }

  NodeInfo info() {
    NodeInfo v;
    v.id = id<NodeId>();
    v.incarnation = incarnation();
    v.name = text(64);
    v.address = ipv4();
    v.ports = Ports{small<std::uint16_t>(), small<std::uint16_t>(), 1, 65535, small<std::uint16_t>()};
    v.version = text(64);
    v.data = static_cast<DataState>(upto(3));
    v.cluster.value = number();
    v.member.value = number();
    v.system_id = text(64);
    v.timeline = small<std::uint32_t>();
    v.lsn = number();
    v.postgres_role = text(64);
    v.shadow = coin();
    v.stopping = coin();
    v.leaving = coin();
    v.founding_round = number();
    v.founding_token = text(128);
    return v;
  }
  Rumor rumor() {
    Rumor v{id<NodeId>(), incarnation(), static_cast<State>(upto(3)), id<NodeId>(), {}};
    if (coin()) v.info = info();
    return v;
  }
  LinkRow row() {
    LinkRow v{id<NodeId>(), number(), {}};
    for (std::size_t n = upto(9); n > 0; --n) v.to[id<NodeId>()] = Link{static_cast<LinkState>(upto(4)), small<std::uint32_t>()};
    return v;
  }
  std::vector<Rumor> rumors() {
    return list(8, [&] { return rumor(); });
  }
  std::vector<LinkRow> rows() {
    return list(4, [&] { return row(); });
  }
  verdict::FoundingPlan plan() {
    verdict::FoundingPlan v{number(), id<NodeId>(), text(128), small<std::uint32_t>(), {}};
    v.founders = list(7, [&] { return verdict::Founder{id<NodeId>(), text(64), text(512)}; });
    if (coin()) v.database = verdict::DatabaseCopy{text(64), id<NodeId>(), small<std::uint32_t>(), number()};
    return v;
  }

  void fill(Ping& v) { v = {id<Nonce>(), id<NodeId>(), incarnation(), endpoint(), coin(), rumors(), rows()}; }
  void fill(Ack& v) {
    v = {id<Nonce>(), id<NodeId>(), incarnation(), rumors(), rows(), {}};
    if (coin()) {
      v.statement = Statement{id<NodeId>(),   id<Nonce>(), MemberId{number()}, ClusterId{number()}, Duration(small<std::int64_t>() >> 1),
                              id<Signature>()};
      if (v.statement->age < Duration{}) v.statement->age = -v.statement->age;
    }
  }
  void fill(IndirectPing& v) { v = {id<Nonce>(), id<NodeId>(), id<NodeId>(), endpoint()}; }
  void fill(IndirectAck& v) { v = {id<Nonce>(), id<NodeId>(), id<NodeId>(), incarnation()}; }
  void fill(Sync& v) {
    v = {id<NodeId>(), coin(), list(40, [&] { return rumor(); }), rows()};
  }
  void fill(verdict::Ballot& v) {
    v.id = id<Nonce>();
    v.opener = id<NodeId>();
    v.victim = {MemberId{number()}, text(512), id<NodeId>(), incarnation()};
    v.electorate = {ClusterId{number()}, list(9, [&] { return MemberId{number()}; })};
    v.revision.value = number();
    v.why = text(512);
    v.opened_at = WallPoint(Duration(small<std::int64_t>()));
  }
  void fill(verdict::Vote& v) {
    v = {id<Nonce>(),
         MemberId{number()},
         id<NodeId>(),
         static_cast<verdict::Choice>(upto(2)),
         static_cast<verdict::Listing>(upto(2)),
         text(512),
         list(16,
              [&] {
                return verdict::Evidence{text(64), text(512), small<std::int64_t>()};
              }),
         id<Signature>()};
  }
  void fill(verdict::FoundingPlan& v) { v = plan(); }
  void fill(verdict::FoundingPromise& v) { v = {number(), text(128), id<NodeId>(), coin(), text(512)}; }
  void fill(verdict::FoundingStart& v) { v = {plan()}; }
};

template <std::size_t Index = 0>
Message of_kind(std::size_t kind) {
  if constexpr (Index < std::variant_size_v<Message>) {
    return kind == Index ? Message{std::in_place_index<Index>} : of_kind<Index + 1>(kind);
  } else {
    return {};
  }
}

}  // namespace

std::vector<std::pair<std::string, Message>> fixed_messages() {
  const Nonce nonce = filled<Nonce>(0x10);
  const NodeId a = filled<NodeId>(0x20), b = filled<NodeId>(0x60), c = filled<NodeId>(0xa0);
  const Endpoint at{"198.18.0.11", 7946};
  const Rumor news{a, Incarnation{1025}, State::kAlive, {}, fixed_info()};
  const Rumor accusation{b, Incarnation{7}, State::kSuspect, a, {}};
  const LinkRow row{a, 1025u << 20, {{b, Link{LinkState::kCut, 0}}, {c, Link{LinkState::kOk, 150}}}};
  const Statement statement{
      a, nonce, MemberId{0x8e9e05c52164694d}, ClusterId{0x7384a1c09b5e2f4f}, milliseconds(1500), filled<Signature>(1)};
  const verdict::FoundingPlan plan{3, a, "f00d", 3, {{a, "node-a", "https://n-a:2380"}, {b, "node-b", "https://n-b:2380"}}};
  verdict::FoundingPlan over_data = plan;
  over_data.database = verdict::DatabaseCopy{"7412345678901234567", b, 3, 0x1a2b3c4d58};
  return {
      {"ping-without-news", Ping{nonce, a, Incarnation{1025}, at, false, {}, {}}},
      {"ping", Ping{nonce, a, Incarnation{1025}, at, true, {news, accusation}, {row}}},
      {"ack-without-news", Ack{nonce, a, Incarnation{1025}, {}, {}, {}}},
      {"ack", Ack{nonce, a, Incarnation{1025}, {accusation}, {row}, statement}},
      {"indirect-ping", IndirectPing{nonce, a, b, at}},
      {"indirect-ack", IndirectAck{nonce, c, b, Incarnation{7}}},
      {"sync", Sync{a, true, {news, accusation}, {LinkRow{a, 9, {}}}}},
      {"ballot", verdict::Ballot{nonce,
                                 a,
                                 {MemberId{5}, "https://n-b:2380", b, Incarnation{7}},
                                 {ClusterId{6}, {MemberId{4}, MemberId{5}}},
                                 Epoch{16},
                                 "unlisted and dead",
                                 wall_from_unix_ms(1793443200123)}},
      {"vote", verdict::Vote{nonce,
                             MemberId{4},
                             a,
                             verdict::Choice::kDead,
                             verdict::Listing::kUnlisted,
                             "",
                             {{"gossip-probe", "no answer", 900}},
                             filled<Signature>(1)}},
      {"founding-plan", plan},
      {"founding-plan-over-data", over_data},
      {"founding-promise", verdict::FoundingPromise{3, "f00d", b, false, "counts 5 nodes"}},
      {"founding-start", verdict::FoundingStart{plan}},
  };
}

Message random_message(Random& random) {
  Message message = of_kind(static_cast<std::size_t>(random.below(std::uint64_t{std::variant_size_v<Message>})));
  std::visit([&](auto& m) { Maker{random}.fill(m); }, message);
  return message;
}

}  // namespace fluxpg::wire::test
