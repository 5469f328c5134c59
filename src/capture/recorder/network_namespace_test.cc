// Ends of connections are paired only within the same network namespace.
#include <gtest/gtest.h>

#include "capture/recorder/dispatcher_testing.h"

namespace culprit::capture::testing {
namespace {

constexpr uint8_t kLoopback[4] = {127, 0, 0, 1}, kApp[4] = {172, 17, 0, 2}, kDatabase[4] = {172, 17, 0, 3};

class Namespaces : public Machine, public ::testing::Test {
 protected:
  void end(uint64_t socket, uint32_t space, const uint8_t (&local)[4], uint16_t local_port, const uint8_t (&peer)[4],
           uint16_t peer_port) {
    event_socket event = {};
    event.socket = socket;
    event.family = SOCKET_INET;
    event.socket_type = 1;
    event.network_namespace = space;
    event.local_port = local_port;
    event.peer_port = peer_port;
    std::memcpy(event.local_address, local, 4);
    std::memcpy(event.peer_address, peer, 4);
    opens(static_cast<int32_t>(socket), event);
    open_[socket] = peer_port == 5432;
  }
  // Only connections with requests have a row: each open end sends or receives one request.
  std::map<uint64_t, uint64_t> peers(double at_ms = 0) {
    for (const auto& [socket, client] : open_)
      if (client) sends(socket, static_cast<int32_t>(socket), at_ms + 2, "Q one", 1000);
    for (const auto& [socket, client] : open_)
      if (!client) receives(socket, static_cast<int32_t>(socket), at_ms + 3, "Q one", 1000);
    for (const auto& [socket, client] : open_)
      if (!client) sends(socket, static_cast<int32_t>(socket), at_ms + 4, "Z", 50);
    for (const auto& [socket, client] : open_)
      if (client) receives(socket, static_cast<int32_t>(socket), at_ms + 5, "Z", 50);
    finish(at_ms + 10);
    std::map<uint64_t, uint64_t> ids;
    for (const auto& [id, row] : sink.connections) ids[id] = row.peer_id;
    return ids;
  }

  std::map<uint64_t, bool> open_;  // by socket: whether it is the client's end
};

// Two containers, each with a server and a client on its own loopback interface, with the same ports.
TEST_F(Namespaces, LoopbackOfTwoContainersIsPairedWithinEach) {
  end(1, 100, kLoopback, 40'000, kLoopback, 5432);
  end(2, 200, kLoopback, 40'000, kLoopback, 5432);
  end(3, 200, kLoopback, 5432, kLoopback, 40'000);
  end(4, 100, kLoopback, 5432, kLoopback, 40'000);
  EXPECT_EQ(peers(), (std::map<uint64_t, uint64_t>{{1, 4}, {2, 3}, {3, 2}, {4, 1}}));
}

TEST_F(Namespaces, ContainersThatTalkToEachOtherArePaired) {
  end(1, 100, kApp, 40'000, kDatabase, 5432);
  end(2, 200, kDatabase, 5432, kApp, 40'000);
  EXPECT_EQ(peers(), (std::map<uint64_t, uint64_t>{{1, 2}, {2, 1}}));
}

// Two bridges with the same address range: nothing shows which server the later client is connected to.
TEST_F(Namespaces, TheSameAddressesInTwoNetworksAreNotPairedWithEachOther) {
  end(1, 100, kApp, 40'000, kDatabase, 5432);
  end(2, 200, kDatabase, 5432, kApp, 40'000);
  end(3, 300, kApp, 40'000, kDatabase, 5432);
  end(4, 400, kDatabase, 5432, kApp, 40'000);
  EXPECT_EQ(peers(), (std::map<uint64_t, uint64_t>{{1, 2}, {2, 1}, {3, 0}, {4, 0}}));
}

TEST_F(Namespaces, BothClientsOfTheSameAddressesBeforeTheirServersAreNotPaired) {
  end(1, 100, kApp, 40'000, kDatabase, 5432);
  end(3, 300, kApp, 40'000, kDatabase, 5432);
  end(2, 200, kDatabase, 5432, kApp, 40'000);
  EXPECT_EQ(peers(), (std::map<uint64_t, uint64_t>{{1, 0}, {2, 0}, {3, 0}}));
}

// Another container uses the ports of a closed connection again.
TEST_F(Namespaces, AClosedConnectionIsNoNamesake) {
  end(1, 100, kApp, 40'000, kDatabase, 5432);
  end(2, 200, kDatabase, 5432, kApp, 40'000);
  closes(1, 1, 1);
  closes(2, 2, 1);
  open_.clear();
  end(3, 300, kApp, 40'000, kDatabase, 5432);
  end(4, 200, kDatabase, 5432, kApp, 40'000);
  const auto found = peers();
  EXPECT_EQ(found.at(3), 4u);
  EXPECT_EQ(found.at(4), 3u);
}

// After all ends of an ambiguous address are gone, the address is unambiguous again.
TEST_F(Namespaces, AddressesTellAgainWhenTheirNamesakesHaveGone) {
  end(1, 100, kApp, 40'000, kDatabase, 5432);
  end(2, 200, kDatabase, 5432, kApp, 40'000);
  end(3, 300, kApp, 40'000, kDatabase, 5432);
  end(4, 400, kDatabase, 5432, kApp, 40'000);
  for (uint64_t socket : {1, 2, 3, 4}) closes(socket, static_cast<int32_t>(socket), 1);
  open_.clear();
  EXPECT_TRUE(tick(3000).has_value());  // the ends are forgotten
  const auto before = table_sizes();
  EXPECT_EQ(before.at("connections"), 0u);
  EXPECT_EQ(before.at("addresses"), 0u);
  end(5, 100, kApp, 40'000, kDatabase, 5432);
  end(6, 200, kDatabase, 5432, kApp, 40'000);
  const auto found = peers(3001);
  EXPECT_EQ(found.at(5), 6u);
  EXPECT_EQ(found.at(6), 5u);
}

}  // namespace
}  // namespace culprit::capture::testing
