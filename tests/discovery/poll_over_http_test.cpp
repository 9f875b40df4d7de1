// The whole way over loopback: the poll, the real HTTP client, and an API that lies. Each lie is counted under its own name.
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "base/http/client.hpp"
#include "discovery/listing.hpp"
#include "discovery/poll.hpp"
#include "simulation/flux-api/front.hpp"

namespace fluxpg::discovery {
namespace {

class PollOverHttp : public testing::Test {
 protected:
  void SetUp() override {
    const auto port = front_.bind("127.0.0.1", 0);
    ASSERT_TRUE(port) << port.error();
    base_url_ = "http://127.0.0.1:" + std::to_string(*port);
    server_ = std::thread([this] { front_.run(); });
    tell("state", R"({"apps":{"orders-db":{"instances":3,"rows":[{"ip":"198.18.0.11"},{"ip":"198.18.0.12:16137"}]}}})");
  }
  void TearDown() override {
    client_.reset();  // closes its idle connections, which the server would wait for
    front_.stop();
    server_.join();
  }
  void tell(const std::string& what, const std::string& body) {
    http::Request request;
    request.method = "PUT";
    request.url = base_url_ + "/_mock/" + what;
    request.body = body;
    request.deadline = seconds(10);
    int status = 0;
    client_->start(request, [&](const http::Result& result) { status = result ? result->status : 0; });
    client_->run_until_idle();
    ASSERT_EQ(status, 200);
  }
  // One poll, from the first byte to the listing.
  void poll(Duration patience = seconds(5)) {
    PollConfig config;
    config.base_urls = {base_url_};
    config.app = "orders-db";
    config.deadline = patience;
    Now now;
    now.boot = TimePoint(minutes(1));
    Poll once(
        config, 1, [&](http::Request request, http::Callback callback) { client_->start(std::move(request), std::move(callback)); },
        [&](const Answer& answer) { listing_.handle(now, answer); },
        [&](const Expected<std::uint32_t, Bad>& instances) { instances_ = instances.value_or(0); });
    once.tick(now.boot);
    client_->run_until_idle();
  }

  flux_api::Front front_{flux_api::Model(2)};
  std::string base_url_;
  std::thread server_;
  std::optional<http::Client> client_{std::in_place};
  Listing listing_{ListingConfig{}};
  std::uint32_t instances_ = 0;
};

TEST_F(PollOverHttp, BringsRowsAndInstances) {
  poll();
  Now now;
  now.boot = TimePoint(minutes(1));
  EXPECT_EQ(listing_.listed(now), (std::set<std::string>{"198.18.0.11", "198.18.0.12"}));
  EXPECT_EQ(listing_.describe(now, "198.18.0.11"), "listed by 1 backend for 0 s");
  EXPECT_EQ(instances_, 3U);
}

TEST_F(PollOverHttp, NamesEveryLie) {
  const std::vector<std::pair<std::string, Fault>> table = {
      {"error", Fault::kStatusError}, {"empty", Fault::kEmpty},  {"html502", Fault::kHttpStatus}, {"truncated", Fault::kNotJson},
      {"hang", Fault::kTimeout},      {"slow", Fault::kTimeout}, {"huge", Fault::kTooLarge},      {"redirect", Fault::kRedirect}};
  std::map<Fault, std::uint64_t> expected;
  for (const auto& [mode, fault] : table) {
    tell("fault", R"({"mode":")" + mode + R"("})");
    poll(fault == Fault::kTimeout ? Duration(milliseconds(300)) : Duration(seconds(5)));
    ++expected[fault];
    EXPECT_EQ(listing_.faults(), expected) << mode << ": " << listing_.last_fault();
  }
  EXPECT_FALSE(listing_.has_good_answer());
}

TEST_F(PollOverHttp, NamesTenThousandRows) {
  std::string rows;
  for (int i = 0; i < 10'000; ++i) {
    if (i > 0) rows += ',';
    rows += R"({"ip":"10.1.)" + std::to_string(i / 250) + "." + std::to_string(i % 250) + R"("})";
  }
  tell("state", R"({"apps":{"orders-db":{"rows":[)" + rows + "]}}}");
  poll();
  EXPECT_EQ(listing_.faults().count(Fault::kTooManyRows), 1U) << listing_.last_fault();
}

}  // namespace
}  // namespace fluxpg::discovery
