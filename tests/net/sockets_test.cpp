// What holds of ZeroMQ's sockets and monitors whatever is sent over them.
#include "gossip/net/sockets.hpp"

#include <zmq.h>

#include "tests/net/station.hpp"

namespace fluxpg::net {
namespace {

// Without a farewell to the watched socket ZeroMQ's I/O thread waits for ever for a reader of the end, and no other connection moves.
TEST(Sockets, AnEventAfterTheMonitorHasGoneHoldsUpNobody) {
  Context context(16);
  const DeafListener silent;
  Socket dealer(context, ZMQ_DEALER);
  Monitor monitor(context, dealer, ZMQ_EVENT_ALL);
  dealer.set(ZMQ_RECONNECT_IVL, -1);
  dealer.set(ZMQ_HANDSHAKE_IVL, 50);  // the end: long enough after the beginning for the thread to know that the reader has gone
  ASSERT_EQ(dealer.connect("tcp://" + to_text(silent.endpoint())), 0);
  ASSERT_TRUE(silent.has_caller());
  monitor = Monitor();
  EXPECT_TRUE(silent.is_left_by_the_next());
}

// As when no descriptor is left for our end.
TEST(Sockets, AMonitorWithoutAReceiverGoesWithoutWaitingForOne) {
  Context context(2);  // the watched one, ZeroMQ's end, and none for ours
  Socket dealer(context, ZMQ_DEALER);
  ASSERT_TRUE(static_cast<bool>(dealer));
  {
    const Monitor monitor(context, dealer, ZMQ_EVENT_ALL);
    EXPECT_FALSE(static_cast<bool>(monitor.socket()));
  }
}

}  // namespace
}  // namespace fluxpg::net
