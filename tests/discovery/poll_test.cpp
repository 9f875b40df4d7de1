// The poll over a stand-in for the HTTP client, and how the transport's failures are named.
#include "discovery/poll.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace fluxpg::discovery {
namespace {

using testing::ElementsAre;

struct Asked {
  http::Request request;
  http::Callback callback;
};

struct Stage {
  std::vector<Asked> asked;
  std::vector<Answer> answers;
  std::vector<Expected<std::uint32_t, Bad>> instances;
  TimePoint now{minutes(1)};
  int rows = 1;
  int told = 3;  // instances
  std::optional<Poll> poll;

  explicit Stage(std::vector<std::string> base_urls) {
    PollConfig config;
    config.base_urls = std::move(base_urls);
    config.app = "orders-db";
    poll.emplace(
        config, 1,
        [this](http::Request request, http::Callback callback) {
          asked.push_back({std::move(request), std::move(callback)});
        },
        [this](const Answer& answer) { answers.push_back(answer); },
        [this](const Expected<std::uint32_t, Bad>& count) { instances.push_back(count); });
  }
  std::vector<std::string> urls() const {
    std::vector<std::string> result;
    for (const auto& question : asked) result.push_back(question.request.url);
    return result;
  }
  // Answers every question asked so far, then waits until the next poll is due.
  void answer_all() {
    const auto questions = std::exchange(asked, {});
    for (const auto& question : questions) {
      const bool location = question.request.url.find("/location/") != std::string::npos;
      std::string listed;
      for (int i = 0; i < rows; ++i)
        listed += std::string(i ? "," : "") + R"({"name":"orders-db","ip":"198.18.0.1)" + std::to_string(i) + "\"}";
      const std::string body = location ? R"({"status":"success","data":[)" + listed + "]}"
                                        : R"({"status":"success","data":{"name":"orders-db","instances":)" + std::to_string(told) + "}}";
      question.callback(http::Response{200, {{"fluxnode", "server7_1.2.3.4"}}, body, {}});
    }
    now = poll->next_deadline();
  }
};

TEST(Poll, AsksForLocationsAndSpecificationAndHandsOnBoth) {
  Stage s({"http://one/"});
  s.poll->tick(s.now);
  EXPECT_THAT(s.urls(), ElementsAre("http://one/apps/location/orders-db", "http://one/apps/appspecifications/orders-db"));
  EXPECT_EQ(s.asked[0].request.deadline, seconds(8));
  EXPECT_EQ(s.asked[0].request.max_body, ParseLimits{}.max_bytes);
  s.poll->tick(s.now + minutes(10));
  EXPECT_EQ(s.asked.size(), 2U) << "the first poll is still under way";
  s.answer_all();
  ASSERT_EQ(s.answers.size(), 1U);
  EXPECT_EQ(std::get<Good>(s.answers[0]).backend, "server7_1.2.3.4");
  ASSERT_EQ(s.instances.size(), 1U);
  EXPECT_EQ(*s.instances[0], 3U);
}

TEST(Poll, TakesTheBaseUrlsInTurnAndTheSpecificationEveryTenthTime) {
  Stage s({"http://one", "http://two"});
  std::size_t specifications = 0;
  for (int i = 0; i < 21; ++i) {
    s.poll->tick(s.now);
    ASSERT_FALSE(s.asked.empty());
    EXPECT_EQ(s.asked[0].request.url, i % 2 ? "http://two/apps/location/orders-db" : "http://one/apps/location/orders-db");
    specifications += s.asked.size() - 1;
    s.answer_all();
  }
  EXPECT_EQ(specifications, 3U);
}

TEST(Poll, AListWithMoreRowsThanInstancesMakesItAskForTheSpecificationAtOnce) {
  Stage s({"http://one"});
  const auto polled = [&s] {
    s.poll->tick(s.now);
    s.answer_all();
    return s.urls();
  };
  s.rows = 3;
  EXPECT_THAT(polled(), ElementsAre()) << "it was asked with the first poll";
  EXPECT_THAT(polled(), ElementsAre());
  s.rows = s.told = 7;  // it was scaled up
  EXPECT_THAT(polled(), ElementsAre("http://one/apps/appspecifications/orders-db"));
  s.answer_all();
  EXPECT_EQ(*s.instances.back(), 7U);
  EXPECT_THAT(polled(), ElementsAre());
  s.rows = 8;  // a replacement beside the dead
  EXPECT_THAT(polled(), ElementsAre("http://one/apps/appspecifications/orders-db"));
  s.answer_all();
  EXPECT_THAT(polled(), ElementsAre()) << "once is enough";
}

TEST(Poll, AsksForTheSpecificationAgainUntilItIsKnown) {
  Stage s({"http://one"});
  for (int i = 0; i < 3; ++i) {
    s.poll->tick(s.now);
    ASSERT_EQ(s.asked.size(), 2U);
    for (const auto& question : std::exchange(s.asked, {}))
      question.callback(unexpected(http::Error{http::ErrorKind::kTimeout, "no answer", {}, true}));
    s.now = s.poll->next_deadline();
  }
  EXPECT_EQ(std::get<Bad>(s.answers.back()).fault, Fault::kTimeout);
  EXPECT_EQ(s.instances.back().error().fault, Fault::kTimeout);
}

TEST(Poll, IgnoresAnswersThatComeAfterItsEnd) {
  Stage s({"http://one"});
  s.poll->tick(s.now);
  s.poll.reset();
  for (const auto& question : s.asked) question.callback(http::Response{200, {}, "{}", {}});
  EXPECT_TRUE(s.answers.empty());
  EXPECT_TRUE(s.instances.empty());
}

TEST(Poll, EncodesTheAppsName) {
  EXPECT_EQ(question_url("http://one", "location", "a/b ?\xC3\xA9.c"), "http://one/apps/location/a%2Fb%20%3F%C3%A9.c");
}

TEST(Poll, NamesTheTransportsFailures) {
  const std::vector<std::pair<http::ErrorKind, Fault>> table = {{http::ErrorKind::kUnreachable, Fault::kUnreachable},
                                                                {http::ErrorKind::kTls, Fault::kUnreachable},
                                                                {http::ErrorKind::kTimeout, Fault::kTimeout},
                                                                {http::ErrorKind::kTooLarge, Fault::kTooLarge},
                                                                {http::ErrorKind::kBroken, Fault::kCutOff}};
  for (const auto& [kind, fault] : table) {
    const auto answer = answer_of(unexpected(http::Error{kind, "why", {}, false}), "a", "http://one", {});
    EXPECT_EQ(std::get<Bad>(answer).fault, fault);
    EXPECT_EQ(std::get<Bad>(answer).detail, "http://one: why");
  }
}

TEST(Poll, TakesTheBaseUrlForTheBackendIfNoneIsNamed) {
  const auto answer =
      answer_of(http::Response{200, {}, R"({"status":"success","data":[{"name":"a","ip":"1.2.3.4"}]})", {}}, "a", "http://one", {});
  EXPECT_EQ(std::get<Good>(answer).backend, "http://one");
}

}  // namespace
}  // namespace fluxpg::discovery
