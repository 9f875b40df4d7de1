// The front over loopback: the routes, and the faults that only exist on a wire.
#include "simulation/flux-api/front.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <thread>

#include "simulation/flux-api/holds.hpp"

namespace fluxpg::flux_api {
namespace {

using testing::HasSubstr;

class FrontTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto port = front_.bind("127.0.0.1", 0);
    ASSERT_TRUE(port) << port.error();
    port_ = *port;
    server_ = std::thread([this] { front_.run(); });
    ASSERT_EQ(put("/_mock/state", R"({"apps":{"orders-db":{"rows":[{"ip":"198.18.0.11"}]}}})"), 200);
  }
  void TearDown() override {
    if (!server_.joinable()) return;
    front_.stop();
    server_.join();
  }
  httplib::Client client() const {
    httplib::Client result("127.0.0.1", port_);
    result.set_read_timeout(30, 0);
    return result;
  }
  // For answers that must not come.
  httplib::Client impatient() const {
    httplib::Client result("127.0.0.1", port_);
    result.set_read_timeout(0, 100'000);
    return result;
  }
  int put(const std::string& path, const std::string& body) const {
    // As curl -d sends it; for this type the library's own reader would stop at 8 KB.
    httplib::Client patient("127.0.0.1", port_);
    const auto result = patient.Put(path, body, "application/x-www-form-urlencoded");
    return result ? result->status : 0;
  }
  httplib::Result ask() const { return client().Get("/apps/location/orders-db"); }

  Front front_{Model(2)};
  std::uint16_t port_ = 0;
  std::thread server_;
};

TEST_F(FrontTest, NamesTheBackendAndTakesTurns) {
  EXPECT_EQ(ask()->get_header_value("FLUXNODE"), "server0_192.0.2.1");
  EXPECT_EQ(ask()->get_header_value("FLUXNODE"), "server1_192.0.2.2");
  EXPECT_THAT(ask()->body, HasSubstr("198.18.0.11"));
  EXPECT_THAT(client().Get("/apps/appspecifications/orders-db")->body, HasSubstr("\"instances\":3"));
}

TEST_F(FrontTest, ServesHealthAndStateAndSaysWhatItDoesNotKnow) {
  EXPECT_EQ(client().Get("/_mock/health")->status, 200);
  EXPECT_THAT(client().Get("/_mock/state")->body, HasSubstr(R"({"apps":{"orders-db":)"));
  EXPECT_EQ(client().Get("/apps/nothing")->status, 404);
}

TEST_F(FrontTest, RefusesBadBodiesWithOneSentence) {
  const auto refused = client().Put("/_mock/fault", R"({"mode":"odd"})", "application/json");
  EXPECT_EQ(refused->status, 400);
  EXPECT_THAT(refused->body, HasSubstr("\"mode\" must be one of"));
  EXPECT_EQ(put("/_mock/backends/2/state", R"({"apps":{}})"), 400);
  EXPECT_EQ(put("/_mock/backends/1/state", R"({"apps":{}})"), 200);
}

TEST_F(FrontTest, TakesTenThousandRows) {
  std::string rows;
  for (int i = 0; i < 10'000; ++i) rows += (i ? "," : "") + std::string(R"({"ip":"10.0.0.1"})");
  EXPECT_EQ(put("/_mock/state", R"({"apps":{"orders-db":{"rows":[)" + rows + "]}}}"), 200);
}

TEST_F(FrontTest, RedirectsToItself) {
  ASSERT_EQ(put("/_mock/fault", R"({"mode":"redirect"})"), 200);
  EXPECT_EQ(ask()->status, 302);
  EXPECT_EQ(ask()->get_header_value("Location"), "/apps/location/orders-db");
}

TEST_F(FrontTest, HangsWithoutSendingAByteAndStillServesOthers) {
  ASSERT_EQ(put("/_mock/fault", R"({"mode":"hang","backend":0})"), 200);
  EXPECT_EQ(impatient().Get("/apps/location/orders-db").error(), httplib::Error::Read);
  const auto taken = [this] { return client().Get("/_mock/state")->body.find("\"requests\":1") != std::string::npos; };
  while (!taken()) std::this_thread::yield();  // a busy server may not have seen it yet, and would let the next one hang
  EXPECT_EQ(ask()->status, 200) << "the other backend";
}

TEST_F(FrontTest, TricklesWhenSlow) {
  ASSERT_EQ(put("/_mock/fault", R"({"mode":"slow"})"), 200);
  std::string heard;
  const auto result = impatient().Get("/apps/location/orders-db", [&](const char* data, std::size_t size) {
    heard.append(data, size);
    return true;
  });
  EXPECT_FALSE(result) << "not complete within the patience of this client";
  EXPECT_LE(heard.size(), 1U);
}

TEST_F(FrontTest, StreamsTwoHundredMegabytesWithoutHoldingThem) {
  ASSERT_EQ(put("/_mock/fault", R"({"mode":"huge"})"), 200);
  std::size_t heard = 0;
  std::string announced;
  const auto result = client().Get(
      "/apps/location/orders-db",
      [&](const httplib::Response& response) {
        announced = response.get_header_value("Content-Length");
        return true;
      },
      [&](const char*, std::size_t size) { return (heard += size) < 1'000'000; });
  EXPECT_EQ(announced, "200000000");
  EXPECT_EQ(result.error(), httplib::Error::Canceled);
}

TEST_F(FrontTest, StopsAtOnceWithConnectionsHeld) {
  ASSERT_EQ(put("/_mock/fault", R"({"mode":"hang"})"), 200);
  EXPECT_FALSE(impatient().Get("/apps/location/orders-db"));
  front_.stop();
  server_.join();
  EXPECT_FALSE(impatient().Get("/apps/location/orders-db"));
}

TEST_F(FrontTest, DoesNotShareAPortThatIsTaken) {
  Front second(Model(1));
  const auto port = second.bind("127.0.0.1", port_);
  ASSERT_FALSE(port);
  EXPECT_THAT(port.error(), HasSubstr("Cannot listen on 127.0.0.1:" + std::to_string(port_)));
}

TEST(Holds, LetTheOldestGoWhenThereAreTooMany) {
  Holds holds(2, minutes(10));
  const auto first = holds.begin();
  const auto second = holds.begin();
  const auto third = holds.begin();
  EXPECT_FALSE(holds.wait(first, minutes(1)));
  EXPECT_TRUE(holds.wait(second, milliseconds(1)));
  EXPECT_TRUE(holds.wait(third, milliseconds(1)));
}

TEST(Holds, EndAfterTheLongestTimeAndAllAtTheEnd) {
  Holds holds(2, milliseconds(2));
  EXPECT_FALSE(holds.wait(holds.begin(), minutes(1)));
  Holds longer(2, minutes(10));
  const auto hold = longer.begin();
  longer.end();
  EXPECT_FALSE(longer.wait(hold, minutes(1)));
}

}  // namespace
}  // namespace fluxpg::flux_api
