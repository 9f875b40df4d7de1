// The codec against golden frames, random messages, and bytes that are no message.
#include "gossip/wire/codec.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <set>

#include "gossip/wire/limits.hpp"
#include "tests/gossip-wire/samples.hpp"

namespace fluxpg::wire::test {
namespace {

using namespace gossip;

std::string golden_path(const std::string& name) { return std::string(FLUXPG_GOLDEN) + "/" + name + ".hex"; }

std::string as_hex(const std::string& frame) { return hex(reinterpret_cast<const std::uint8_t*>(frame.data()), frame.size()); }

DecodeError refusal(std::string_view frame) {
  const auto result = decode(frame);
  EXPECT_FALSE(result.has_value()) << as_hex(std::string(frame.substr(0, 64)));
  return result ? DecodeError{255} : result.error();
}

// The fixed ping, changed in one way.
std::string changed(const std::function<void(Ping&)>& change) {
  Ping ping = std::get<Ping>(fixed_messages()[1].second);
  change(ping);
  return encode(ping);
}

TEST(Golden, EveryKindOfMessageIsTheseVeryBytes) {
  std::set<std::size_t> kinds;
  for (const auto& [name, message] : fixed_messages()) {
    const std::string bytes = as_hex(encode(message));
    if (std::getenv("FLUXPG_WRITE_GOLDEN") != nullptr) std::ofstream(golden_path(name)) << bytes << "\n";
    std::ifstream file(golden_path(name));
    std::string expected;
    ASSERT_TRUE(file >> expected) << golden_path(name);
    EXPECT_EQ(bytes, expected) << name << ": the bytes changed. A new grammar needs a new version";
    kinds.insert(message.index());
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<Message>);
}

TEST(Codec, ReadsWhatItWrote) {
  for (const auto& [name, message] : fixed_messages()) {
    const auto result = decode(encode(message));
    ASSERT_TRUE(result) << name << ": " << to_text(result.error());
    EXPECT_EQ(*result, message) << name;
  }
  Random random(1);
  for (int i = 0; i < 3000; ++i) {
    const Message message = random_message(random);
    const std::string frame = encode(message);
    const auto result = decode(frame);
    ASSERT_TRUE(result) << i << ": " << to_text(result.error()) << " " << as_hex(frame);
    ASSERT_EQ(*result, message) << i;
  }
}

TEST(Codec, SpendsFewBytesWhenThereIsNoNews) {
  EXPECT_LT(encode(fixed_messages()[0].second).size(), 120u);
  EXPECT_LT(encode(fixed_messages()[2].second).size(), 120u);
}

TEST(Codec, HoldsTheFullStateOfTheLargestCluster) {
  Sync sync{fixed_messages()[0].second.index() == 0 ? std::get<Ping>(fixed_messages()[0].second).from : NodeId{}, true, {}, {}};
  Random random(1);
  for (std::size_t i = 0; i < 512; ++i) {
    NodeId id;
    for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(random.next());
    sync.members.push_back(Rumor{id, Incarnation{1000000}, State::kSuspect, i % 4 == 0 ? id : NodeId{}, {}});
    sync.links.push_back(LinkRow{id, std::uint64_t{1} << 40, {}});
  }
  const std::string frame = encode(sync);
  EXPECT_LE(frame.size(), kMaxFrame);
  EXPECT_TRUE(decode(frame));
}

TEST(Codec, RefusesAFrameCutAtAnyByte) {
  for (const auto& [name, message] : fixed_messages()) {
    const std::string frame = encode(message);
    for (std::size_t size = 0; size < frame.size(); ++size) {
      const auto result = decode(std::string_view(frame).substr(0, size));
      ASSERT_FALSE(result) << name << " cut at " << size;
      EXPECT_EQ(result.error(), DecodeError::kGrammar) << name << " cut at " << size;
    }
  }
}

TEST(Codec, RefusesTrailingBytes) { EXPECT_EQ(refusal(encode(fixed_messages()[0].second) + '\0'), DecodeError::kTrailing); }

TEST(Codec, RefusesOtherVersionsAndKinds) {
  std::string frame = encode(fixed_messages()[0].second);
  frame[1] = 1;
  EXPECT_EQ(refusal(frame), DecodeError::kVersion);
  EXPECT_EQ(refusal(std::string("\x94\x03\xc0\xc0\xc0")), DecodeError::kVersion) << "whatever it looks like otherwise";
  frame[1] = 2;
  for (const char kind : {'\0', '\x0b', '\x7f'}) {
    frame[2] = kind;
    EXPECT_EQ(refusal(frame), DecodeError::kKind);
  }
  frame[2] = 2;
  EXPECT_EQ(refusal(frame), DecodeError::kGrammar) << "the fields of another kind";
}

TEST(Codec, RefusesAnOversizedFrameUnread) { EXPECT_EQ(refusal(std::string(kMaxFrame + 1, '\xc0')), DecodeError::kOversized); }

TEST(Codec, RefusesDeepNestingAndHugeAnnouncedLengths) {
  EXPECT_EQ(refusal(std::string(60000, '\x91')), DecodeError::kLimits);
  EXPECT_EQ(refusal(std::string("\xdd\xff\xff\xff\xff", 5)), DecodeError::kLimits) << "an array of four billion";
  EXPECT_EQ(refusal(std::string("\xc6\xff\xff\xff\xff", 5)), DecodeError::kGrammar) << "a binary of four gigabytes, cut short";
  EXPECT_EQ(refusal(std::string("\xdb\xff\xff\xff\xff", 5)), DecodeError::kGrammar) << "a text of four gigabytes, cut short";
  EXPECT_EQ(refusal(std::string("\x93\x02\x01\x81\xc0\xc0", 6)), DecodeError::kLimits) << "we have no maps";
}

TEST(Codec, RefusesTextsAndListsBeyondTheirLimits) {
  EXPECT_TRUE(decode(changed([](Ping& p) { p.rumors[0].info->name = std::string(kMaxName, 'x'); })));
  EXPECT_EQ(refusal(changed([](Ping& p) { p.rumors[0].info->name = std::string(kMaxName + 1, 'x'); })), DecodeError::kLimits);
  EXPECT_EQ(refusal(changed([](Ping& p) { p.reply_to.address = std::string(kMaxAddress + 1, 'x'); })), DecodeError::kLimits);
  EXPECT_EQ(refusal(changed([](Ping& p) { p.rumors.resize(kMaxRumors + 1); })), DecodeError::kLimits);
  verdict::Vote vote;
  vote.evidence.resize(kMaxEvidence + 1);
  EXPECT_EQ(refusal(encode(vote)), DecodeError::kLimits);
  vote.evidence.resize(1);
  vote.reason = std::string(kMaxReason + 1, 'x');
  EXPECT_EQ(refusal(encode(vote)), DecodeError::kLimits);
}

TEST(Codec, RefusesImpossibleValues) {
  EXPECT_EQ(refusal(changed([](Ping& p) { p.rumors[0].info->address = "example.org"; })), DecodeError::kValue);
  EXPECT_EQ(refusal(changed([](Ping& p) { p.rumors[0].info->address = "1.2.3.4\n5.6.7.8 evil"; })), DecodeError::kValue);
  EXPECT_EQ(refusal(changed([](Ping& p) { p.rumors[0].info->name = "a\x1b[2J"; })), DecodeError::kValue) << "it would reach a terminal";
  EXPECT_EQ(refusal(changed([](Ping& p) { p.rumors[0].state = State{4}; })), DecodeError::kValue);
  EXPECT_EQ(refusal(changed([](Ping& p) { p.incarnation.value = kMaxIncarnation + 1; })), DecodeError::kValue);
  Ack ack = std::get<Ack>(fixed_messages()[3].second);
  ack.statement->age = -seconds(1);
  EXPECT_EQ(refusal(encode(ack)), DecodeError::kValue) << "a statement from the future would stay fresh for ever";
  std::string frame = encode(std::get<IndirectPing>(fixed_messages()[4].second));
  ASSERT_EQ(as_hex(frame.substr(frame.size() - 3)), "cd1f0a");  // port 7946
  frame.replace(frame.size() - 3, 3, "\xce\x00\x01\x11\x70", 5);
  EXPECT_EQ(refusal(frame), DecodeError::kValue) << "port 70000";
}

TEST(Codec, RefusesTwoLinksToOneNode) {
  std::string frame = encode(fixed_messages()[1].second);
  const auto link = [](std::uint8_t first) {
    std::string id;
    for (std::uint8_t i = 0; i < 32; ++i) id.push_back(static_cast<char>(first + i));
    return id;
  };
  const std::size_t second = frame.rfind(link(0xa0));
  ASSERT_NE(second, std::string::npos);
  EXPECT_EQ(refusal(frame.replace(second, 32, link(0x60))), DecodeError::kValue);
}

TEST(Codec, SurvivesRandomBytesAndDamagedFrames) {
  Random random(7);
  std::size_t refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string frame;
    if (i % 2 == 0) {
      for (std::uint64_t n = random.below(std::uint64_t{200}); n > 0; --n) frame.push_back(static_cast<char>(random.next()));
    } else {
      frame = encode(random_message(random));
      for (std::uint64_t n = 1 + random.below(std::uint64_t{3}); n > 0; --n) {
        frame[static_cast<std::size_t>(random.below(std::uint64_t{frame.size()}))] = static_cast<char>(random.next());
      }
    }
    const auto result = decode(frame);
    if (!result) {
      ++refused;
    } else {
      // What was believed is a message like any other: it can be sent on and is understood.
      const auto again = decode(encode(*result));
      ASSERT_TRUE(again);
      EXPECT_EQ(*again, *result);
    }
  }
  EXPECT_GT(refused, 10000u);
}

TEST(Codec, NamesItsErrorsApart) {
  std::set<std::string> names;
  for (std::uint8_t e = 0; e <= static_cast<std::uint8_t>(DecodeError::kValue); ++e) names.insert(to_text(DecodeError{e}));
  EXPECT_EQ(names.size(), 7u);
}

}  // namespace
}  // namespace fluxpg::wire::test
