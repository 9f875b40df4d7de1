#include "supervisor/runtime/status_answers.hpp"

#include <gtest/gtest.h>

namespace fluxpg::runtime {
namespace {

using supervisor::OperatorSays;

class NoSigning final : public Signing {
 public:
  NodeId id() const override { return {}; }
  Signature sign(std::string_view) const override { return {}; }
  bool verify(const NodeId&, std::string_view, const Signature&) const override { return false; }
};

struct Told {
  StatusReply reply;
  std::vector<OperatorSays> said;
};

Told ask(const std::string& verb, std::vector<std::string> args = {}) {
  Told told;
  supervisor::Snapshot snapshot;
  snapshot.app = "orders";
  snapshot.health = supervisor::Health::kMajorityLost;
  told.reply = answer({verb, std::move(args)}, snapshot, NoSigning(), [&](OperatorSays says) { told.said.push_back(std::move(says)); });
  return told;
}

TEST(StatusAnswers, HealthIsTheExitCodeOfStatusAndMembersOnly) {
  EXPECT_EQ(ask("status").reply.exit, 2);
  EXPECT_EQ(ask("members").reply.exit, 2);
  EXPECT_EQ(ask("matrix").reply.exit, 0);
  EXPECT_EQ(ask("decisions").reply.exit, 0);
  EXPECT_EQ(ask("metrics").reply.exit, 0);
}

TEST(StatusAnswers, AnUnknownMemberIsSaid) {
  const auto told = ask("explain", {"nobody"});
  EXPECT_EQ(told.reply.exit, kExitUnknownMember);
  EXPECT_NE(told.reply.body.find("\"nobody\""), std::string::npos);
  EXPECT_EQ(ask("explain").reply.exit, kExitUsage);
}

TEST(StatusAnswers, TheOperatorsWordReachesTheAgentOnlyIfItIsOne) {
  const auto paused = ask("evictions", {"pause"});
  ASSERT_EQ(paused.said.size(), 1u);
  EXPECT_EQ(paused.said[0].what, OperatorSays::What::kPauseEvictions);
  const auto found = ask("found", {"198.18.0.13"});
  ASSERT_EQ(found.said.size(), 1u);
  EXPECT_EQ(found.said[0].address, "198.18.0.13");
  for (const auto& told :
       {ask("evictions"), ask("evictions", {"stop"}), ask("found"), ask("found", {"all"}), ask("leave", {"x"}), ask("recover", {"--now"}),
        ask("x")}) {
    EXPECT_EQ(told.reply.exit, kExitUsage);
    EXPECT_TRUE(told.said.empty());
  }
}

TEST(StatusAnswers, RecoverShowsFirstAndIsPassedOnOnlyWithTheNameOfTheApp) {
  supervisor::Snapshot snapshot;
  snapshot.app = "orders";
  const auto recover = [&snapshot](std::vector<std::string> args) {
    Told told;
    told.reply = answer({"recover", std::move(args)}, snapshot, NoSigning(), [&](OperatorSays says) { told.said.push_back(std::move(says)); });
    return told;
  };
  EXPECT_EQ(recover({}).reply.exit, kExitDegraded);  // nothing is lost
  EXPECT_EQ(recover({"--app", "orders"}).reply.exit, kExitDegraded);
  supervisor::Survivor self;
  self.name = "node-1";
  self.self = self.voter = true;
  snapshot.loss = supervisor::MajorityLoss{{7}, 3, 2, 1, 2, 2, false, {}, {self}, "node-2 coming back is enough", ""};
  snapshot.loss->lost.push_back({{2}, {}, "node-2", "198.18.0.12", "silent for 9 s", "listed", "it is listed"});
  snapshot.loss->lost.push_back({{3}, {}, "node-3", "198.18.0.13", "silent for 9 s", "listed", "it is listed"});
  const Told shown = recover({});
  EXPECT_EQ(shown.reply.exit, kExitDegraded);
  for (const char* part : {"node-2 (198.18.0.12)", "silent for 9 s", "the most advanced", "node-2 coming back is enough", "Refused: "}) {
    EXPECT_NE(shown.reply.body.find(part), std::string::npos) << part << " in\n" << shown.reply.body;
  }
  EXPECT_EQ(recover({"--although-they-may-live", "198.18.0.12"}).reply.exit, 0);
  EXPECT_EQ(recover({"--app", "order", "--although-they-may-live", "198.18.0.12"}).reply.exit, kExitDegraded);
  for (const Told& told : {shown, recover({"--app", "orders"}), recover({"--app", "order", "--although-they-may-live", "198.18.0.12"})}) {
    EXPECT_TRUE(told.said.empty());
  }
  const Told done = recover({"--app", "orders", "--although-they-may-live", "198.18.0.12"});
  EXPECT_EQ(done.reply.exit, 0);
  ASSERT_EQ(done.said.size(), 1u);
  EXPECT_EQ(done.said[0].what, OperatorSays::What::kRecover);
  EXPECT_EQ(done.said[0].recover, (supervisor::RecoverOrder{"orders", {"198.18.0.12"}}));
  EXPECT_EQ(recover({"--rejoin"}).said.size(), 1u);
  EXPECT_EQ(recover({"--app"}).reply.exit, kExitUsage);
}

StatusReply leave(std::optional<supervisor::LeaveView> view, std::vector<std::string> args, bool json = false) {
  supervisor::Snapshot snapshot;
  snapshot.leave = std::move(view);
  return answer({"leave", std::move(args), json}, snapshot, NoSigning(), [](const OperatorSays&) {});
}

TEST(StatusAnswers, ALeaveIsBegunOnceAndAskedAboutUntilItIsOver) {
  const auto begun = ask("leave");
  ASSERT_EQ(begun.said.size(), 1u);
  EXPECT_EQ(begun.said[0].what, OperatorSays::What::kLeave);
  EXPECT_EQ(begun.reply.exit, kUnderWay);
  EXPECT_TRUE(ask("leave", {"progress"}).said.empty());
  const auto waiting = leave({{"handing over", "another voter to lead etcd", 1}}, {"progress"});
  EXPECT_EQ(waiting.exit, kUnderWay);
  EXPECT_EQ(waiting.body, "handing over, waits for another voter to lead etcd");
  const auto left = leave({{"left", "", 1'795'430'560'000}}, {"progress"});
  EXPECT_EQ(left.exit, 0);
  EXPECT_NE(left.body.find("left on 2026-11-23"), std::string::npos) << left.body;
  EXPECT_EQ(leave({{"refused", "only 2 voters", 0}}, {"progress"}).exit, 1);
  EXPECT_EQ(leave({{"refused", "only 2 voters", 0}}, {"progress"}).body, "refused: only 2 voters");
  EXPECT_EQ(leave({}, {"progress"}).exit, 1) << "taken back by somebody else meanwhile";
  EXPECT_NE(leave({{"consented", "votes", 1}}, {"progress"}, true).body.find("\"waits_for\": \"votes\""), std::string::npos);
}

TEST(StatusAnswers, ALeaveIsTakenBackAndSaysWhatFollows) {
  const auto told = ask("leave", {"cancel"});
  ASSERT_EQ(told.said.size(), 1u);
  EXPECT_EQ(told.said[0].what, OperatorSays::What::kCancelLeave);
  EXPECT_NE(told.reply.body.find("nothing to cancel"), std::string::npos);
  EXPECT_NE(leave({{"left", "", 1}}, {"cancel"}).body.find("joins the cluster again"), std::string::npos);
}

TEST(StatusAnswers, WhileStartingItSaysWhatItWaitsFor) {
  const auto reply = answer_while_starting({"status", {}, true}, "orders", "the own address is unknown.");
  EXPECT_EQ(reply.exit, kExitDegraded);
  EXPECT_NE(reply.body.find("fluxpgd is starting: the own address is unknown."), std::string::npos);
  EXPECT_NE(reply.body.find("\"app\": \"orders\""), std::string::npos);
}

}  // namespace
}  // namespace fluxpg::runtime
