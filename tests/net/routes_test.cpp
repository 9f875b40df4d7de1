#include "gossip/net/routes.hpp"

#include <gtest/gtest.h>

namespace fluxpg::net {
namespace {

TEST(Routes, KeepTheirNumberWhileRemembered) {
  Routes routes(4);
  const auto a = routes.number(Incoming{"a"});
  const auto b = routes.number(Endpoint{"127.0.0.1", 1});
  EXPECT_TRUE(static_cast<bool>(a));
  EXPECT_NE(a, b);
  EXPECT_EQ(routes.number(Incoming{"a"}), a);
  ASSERT_NE(routes.find(b), nullptr);
  EXPECT_EQ(std::get<Endpoint>(*routes.find(b)).port, 1);
}

TEST(Routes, TheLongestUnusedIsForgotten) {
  Routes routes(2);
  const auto a = routes.number(Incoming{"a"});
  const auto b = routes.number(Incoming{"b"});
  routes.number(Incoming{"a"});
  const auto c = routes.number(Incoming{"c"});
  EXPECT_NE(routes.find(a), nullptr);
  EXPECT_EQ(routes.find(b), nullptr);
  EXPECT_NE(routes.find(c), nullptr);
}

TEST(Routes, ANumberIsNeverGivenTwice) {
  Routes routes(2);
  const auto a = routes.number(Incoming{"a"});
  routes.forget(a);
  EXPECT_EQ(routes.find(a), nullptr);
  EXPECT_NE(routes.number(Incoming{"a"}), a);
  routes.forget(gossip::Route{99});
  routes.forget(a);
}

}  // namespace
}  // namespace fluxpg::net
