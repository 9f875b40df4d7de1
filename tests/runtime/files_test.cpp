#include "supervisor/runtime/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "supervisor/runtime/log.hpp"
#include "supervisor/runtime/state_file.hpp"
#include "tests/runtime/scratch.hpp"

namespace fluxpg::runtime {
namespace {

using supervisor::Persistent;

Persistent example() {
  Persistent state;
  state.app = "orders";
  state.incarnation_limit = {1'000'000};
  NodeId node;
  node.bytes.fill(7);
  state.promised = verdict::FoundingPlan{
      3, node, "token", 3, {{node, "node-1", "https://n-07:2380"}}, verdict::DatabaseCopy{"7412345678901234567", node, 3, 0x1a2b3c4d58}};
  state.started_token = "token";
  state.given_up_token = "an earlier token";
  state.chosen = true;
  state.cluster = {0xfffffffffffffff1};
  state.member = {42};
  state.voters = {{{42}, node, "node-1", "198.18.0.11", 0}, {{43}, {}, "node-2", "", 1'800'000'000'000, true}};
  state.learners = {{{44}, node, "node-3"}, {{45}, {}, ""}};
  state.recovery =
      supervisor::Recovery{{{1}, {2}, "t", {42}, node, {{{42}, node, "node-1"}}, {"198.18.0.12"}, 7, {}}, "token", true, false};
  state.outlived = {0xabc};
  state.leave = supervisor::Departure{supervisor::Departure::Stage::kConsents, 1'795'430'560'000};
  return state;
}

std::string refusal(const std::string& text) {
  const auto state = state_from_json(text, "/d/state.json", "orders");
  return state ? "accepted" : state.error();
}

TEST(StateFile, ComesBackAsItWasWritten) {
  const test::Scratch scratch;
  ASSERT_TRUE(save_state(scratch / "state.json", example()));
  const auto back = load_state(scratch / "state.json", "orders");
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(*back, example());
  struct stat seen {};
  ASSERT_EQ(::stat((scratch / "state.json").c_str(), &seen), 0);
  EXPECT_EQ(seen.st_mode & 0777, 0600u);
}

TEST(StateFile, ThatDoesNotExistIsAFreshNode) {
  const test::Scratch scratch;
  const auto state = load_state(scratch / "state.json", "orders");
  ASSERT_TRUE(state) << state.error();
  Persistent fresh;
  fresh.app = "orders";
  EXPECT_EQ(*state, fresh);
}

TEST(StateFile, DamagedIsRefusedAndLeftAsItIs) {
  const std::string whole = state_to_json(example());
  const std::string start = "/d/state.json holds this node's promises and ";
  const std::string end = "; it is left as it is, and fluxpgd does not start.";
  EXPECT_EQ(refusal(whole.substr(0, whole.size() / 2)), start + "is not complete JSON" + end);
  EXPECT_EQ(refusal(""), start + "is not complete JSON" + end);
  EXPECT_NE(refusal("{}").find("cannot be understood"), std::string::npos);
  EXPECT_NE(refusal("[1]").find("cannot be understood"), std::string::npos);
  std::string newer = whole;
  newer.replace(newer.find("\"format\": 1"), 11, "\"format\": 2");
  EXPECT_EQ(refusal(newer), start + "was written by a newer fluxpg (format 2, known: 1)" + end);
  std::string bad_id = whole;
  bad_id.replace(bad_id.find("\"2a\""), 4, "\"zz\"");
  EXPECT_EQ(refusal(bad_id), start + "cannot be understood (an etcd id is not hex)" + end);

  std::string bad_stage = whole;
  bad_stage.replace(bad_stage.find("\"consents\""), 10, "\"maybe\"");
  EXPECT_EQ(refusal(bad_stage), start + "cannot be understood (the stage of a leave is none)" + end);

  const test::Scratch scratch;
  scratch.write("state.json", "{\"format\"");
  ASSERT_FALSE(load_state(scratch / "state.json", "orders"));
  EXPECT_EQ(scratch.read("state.json"), "{\"format\"");
}

TEST(StateFile, OfAnotherAppIsRefused) {
  const auto state = state_from_json(state_to_json(example()), "/d/state.json", "bills");
  ASSERT_FALSE(state);
  EXPECT_NE(state.error().find("belongs to the app \"orders\", not to \"bills\""), std::string::npos) << state.error();
}

TEST(StateFile, ThatCannotBeWrittenIsSaid) {
  const auto saved = save_state("/nonexistent/state.json", example());
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error(), "/nonexistent/state.json.new cannot be written: No such file or directory.");
}

TEST(Files, AnAtomicWriteReplacesALeftoverOfACrash) {
  const test::Scratch scratch;
  scratch.write("a.new", "half");
  scratch.write("a", "old");
  ASSERT_TRUE(write_atomically(scratch / "a", "new", 0640));
  EXPECT_EQ(scratch.read("a"), "new");
  EXPECT_FALSE(std::filesystem::exists(scratch / "a.new"));
}

TEST(Files, InPlaceKeepsTheInodeAndCutsTheRest) {
  const test::Scratch scratch;
  const auto path = scratch.write("hosts", "a much longer content than the new one\n");
  struct stat before {
  }, after{};
  ASSERT_EQ(::stat(path.c_str(), &before), 0);
  ASSERT_TRUE(write_in_place(path, "127.0.0.1 localhost\n"));
  ASSERT_EQ(::stat(path.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(scratch.read("hosts"), "127.0.0.1 localhost\n");
}

TEST(Files, ARenameNeverReplacesAnything) {
  const test::Scratch scratch;
  scratch.write("data", "1");
  scratch.write("aside", "2");
  EXPECT_FALSE(rename_durably(scratch / "data", scratch / "aside"));
  EXPECT_EQ(scratch.read("aside"), "2");
  EXPECT_TRUE(rename_durably(scratch / "data", scratch / "elsewhere"));
  EXPECT_EQ(scratch.read("elsewhere"), "1");
}

TEST(Files, TooLargeIsAnError) {
  const test::Scratch scratch;
  scratch.write("a", std::string(2000, 'x'));
  EXPECT_FALSE(read_file(scratch / "a", 1000));
  EXPECT_TRUE(read_file(scratch / "a", 2000));
}

TEST(Log, StrikesSecretsOut) {
  EXPECT_EQ(without_secrets("user=a password=hunter22 hunter22", {"hunter22", "a"}), "user=a password=*** ***");
}

}  // namespace
}  // namespace fluxpg::runtime
