// Tests sockets as programs use them: inherited, passed on, duplicated, shared, refused. Each message has one event,
// and each end of a connection ends once, after its last descriptor is closed. Label: root.
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/syscall.h>

#include <cstring>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "capture/kernel/bpf_source_testing.h"
#include "capture/kernel/sockets_testing.h"

namespace culprit::capture::testing {
namespace {

// Ended sockets are looked for each second.
void wait_for_a_look() { usleep(2'500'000); }

struct Life {
  int told = 0;  // number of processes with an EVENT_SOCKET
  int messages = 0;
  int ends = 0;
  uint64_t last_byte_ns = 0, end_ns = 0;
};
std::map<uint64_t, Life> lives(const Recording& recording) {
  std::map<uint64_t, Life> found;
  for (const event_socket* e : recording.all<event_socket>(EVENT_SOCKET)) ++found[e->socket].told;
  for (const event_data* e : recording.all<event_data>(EVENT_DATA)) {
    if (e->flags & DATA_DATAGRAM) continue;
    ++found[e->socket].messages;
    found[e->socket].last_byte_ns = e->header.time_ns;
  }
  for (const event_socket_end* e : recording.all<event_socket_end>(EVENT_SOCKET_END)) {
    ++found[e->socket].ends;
    found[e->socket].end_ns = e->header.time_ns;
  }
  return found;
}
// Each socket was reported, ended once, and had no event after its end.
void expect_each_ends_once(const std::map<uint64_t, Life>& all) {
  for (const auto& [socket, life] : all) {
    EXPECT_GE(life.told, 1) << socket;
    EXPECT_EQ(life.ends, 1) << socket;
    EXPECT_GE(life.end_ns, life.last_byte_ns) << socket;
  }
}

void pass_descriptor(int channel, int fd) {
  char byte = 'f', room[CMSG_SPACE(sizeof fd)] = {};
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof room;
  cmsghdr* control = CMSG_FIRSTHDR(&message);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(control), &fd, sizeof fd);
  must(sendmsg(channel, &message, 0) == 1);
}
int take_descriptor(int channel) {
  char byte = 0, room[CMSG_SPACE(sizeof(int))] = {};
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof room;
  must(recvmsg(channel, &message, 0) == 1 && message.msg_controllen > 0);
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  return fd;
}
void reap_all() {
  int status = 0;
  while (wait(&status) > 0) must(status == 0);
}

TEST(BpfSource, IsBlindToSocketsThatCarryNoRequests) {
  SKIP_WITHOUT_RIGHTS();
  auto work = [] {
    for (int i = 0; i < 200; ++i) {
      struct {
        nlmsghdr header;
        rtgenmsg body;
      } ask{};
      ask.header.nlmsg_len = sizeof ask;
      ask.header.nlmsg_type = RTM_GETLINK;
      ask.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
      char answer[8192];
      const int netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
      must(send(netlink, &ask, sizeof ask, 0) == sizeof ask && recv(netlink, answer, sizeof answer, 0) > 0);
      close(netlink);
    }
    const int sctp = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);  // refused by most kernels
    if (sctp >= 0) close(sctp);
  };
  const Recording recording = record([] {}, work);
  for (event_type type : {EVENT_DATA, EVENT_SOCKET, EVENT_SOCKET_END})
    EXPECT_EQ(recording.counts.kept[type] + recording.counts.lost[type], 0u);
}

TEST(BpfSource, KeepsNothingOfConnectedDatagramSockets) {
  SKIP_WITHOUT_RIGHTS();
  constexpr int kSockets = 300;
  auto work = [] {
    for (int i = 0; i < kSockets; ++i) {
      sockaddr_in address = loopback(0);
      socklen_t size = sizeof address;
      const int server = socket(AF_INET, SOCK_DGRAM, 0), client = socket(AF_INET, SOCK_DGRAM, 0);
      must(bind(server, reinterpret_cast<sockaddr*>(&address), size) == 0);
      must(getsockname(server, reinterpret_cast<sockaddr*>(&address), &size) == 0);
      must(connect(client, reinterpret_cast<sockaddr*>(&address), size) == 0);
      pass_byte(client, server);
      close(client);
      close(server);
    }
  };
  const Recording recording = record([] {}, work);
  EXPECT_EQ(recording.counts.kept[EVENT_DATA], 2u * kSockets);
  EXPECT_EQ(recording.counts.kept[EVENT_SOCKET], 0u);
}

// More connections come than are accepted. Connections with bytes in the queue end when they are closed, although they
// were never read.
TEST(BpfSource, SeesTheEndOfConnectionsThatNobodyAccepted) {
  SKIP_WITHOUT_RIGHTS();
  constexpr int kClients = 12;
  auto work = [] {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    must(bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(listener, 2) == 0);
    must(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    std::vector<int> clients;
    for (int i = 0; i < kClients; ++i) {
      clients.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      (void)connect(clients.back(), reinterpret_cast<sockaddr*>(&address), size);
    }
    usleep(50'000);
    int sent = 0;
    for (int client : clients) sent += send(client, "x", 1, MSG_NOSIGNAL) == 1;
    must(sent >= 2 && sent < kClients);
    for (int client : clients) close(client);
    close(listener);
    wait_for_a_look();
  };
  const Recording recording = record([] {}, work);
  const auto all = lives(recording);
  EXPECT_GE(all.size(), 2u);
  expect_each_ends_once(all);
}

// Four servers listen on one port; each connection is recorded separately.
TEST(BpfSource, TellsTheServersOfASharedPortApart) {
  SKIP_WITHOUT_RIGHTS();
  constexpr int kServers = 4, kConnections = 40;
  auto work = [] {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    std::vector<int> listeners;
    const int yes = 1;
    for (int i = 0; i < kServers; ++i) {
      listeners.push_back(socket(AF_INET, SOCK_STREAM, 0));
      setsockopt(listeners.back(), SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
      must(bind(listeners.back(), reinterpret_cast<sockaddr*>(&address), size) == 0 &&
           listen(listeners.back(), 64) == 0);
      must(getsockname(listeners.back(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    }
    for (int listener : listeners) {
      if (fork() != 0) continue;
      for (;;) {
        const int connection = accept(listener, nullptr, nullptr);
        char byte = 0;
        must(read(connection, &byte, 1) == 1);
        if (byte == 'q') _exit(0);
        must(write(connection, &byte, 1) == 1);
        close(connection);
      }
    }
    for (int i = 0; i < kConnections; ++i) {
      const int client = socket(AF_INET, SOCK_STREAM, 0);
      must(connect(client, reinterpret_cast<sockaddr*>(&address), size) == 0);
      pass_byte(client, client);
      close(client);
    }
    for (int listener : listeners) close(listener);
    // The kernel chooses the server that takes a connection: the loop runs until all servers have ended.
    for (int status = 0; waitpid(-1, &status, WNOHANG) >= 0;) {
      const int client = socket(AF_INET, SOCK_STREAM, 0);
      if (connect(client, reinterpret_cast<sockaddr*>(&address), size) == 0) (void)send(client, "q", 1, MSG_NOSIGNAL);
      usleep(2'000);
      close(client);
    }
    wait_for_a_look();
  };
  const Recording recording = record([] {}, work);
  std::set<uint32_t> servers;
  const auto all = lives(recording);
  std::map<int, int> by_messages;
  for (const auto& [socket, life] : all) ++by_messages[life.messages];
  EXPECT_EQ(by_messages[2], 2 * kConnections);
  for (const event_data* e : recording.all<event_data>(EVENT_DATA))
    if (!(e->flags & DATA_SENT)) servers.insert(e->header.pid);
  EXPECT_GT(servers.size(), 2u);
  for (const auto& [socket, life] : all) EXPECT_EQ(life.ends, 1) << socket;
}

// The accepting process passes the connection on to a worker, and closes its own descriptor.
TEST(BpfSource, FollowsASocketThatIsPassedOn) {
  SKIP_WITHOUT_RIGHTS();
  auto work = [] {
    const Pair channel = socket_pair(), served = tcp_pair();
    if (fork() == 0) {
      const int taken = take_descriptor(channel.b);
      close_all(served);
      close_all(channel);
      for (int i = 0; i < 3; ++i) {
        char byte = 0;
        must(read(taken, &byte, 1) == 1 && write(taken, &byte, 1) == 1);
      }
      _exit(0);
    }
    char byte = 'x';
    must(write(served.a, &byte, 1) == 1 && read(served.b, &byte, 1) == 1);  // read by the accepting process …
    pass_descriptor(channel.a, served.b);
    close(served.b);
    wait_for_a_look();
    for (int i = 0; i < 3; ++i) must(write(served.a, &byte, 1) == 1 && read(served.a, &byte, 1) == 1);
    reap_all();
    close_all({served.a, -1, served.listener});
    close_all(channel);
    wait_for_a_look();
  };
  const Recording recording = record([] {}, work);
  const auto all = lives(recording);
  EXPECT_EQ(all.size(), 4u);
  expect_each_ends_once(all);
  int twice = 0;
  for (const auto& [socket, life] : all) twice += life.told == 2;
  EXPECT_EQ(twice, 1);  // … and then by the worker
}

TEST(BpfSource, EndsADuplicatedSocketWithItsLastDescriptor) {
  SKIP_WITHOUT_RIGHTS();
  auto work = [] {
    for (const Pair& pair : {socket_pair(), tcp_pair()}) {
      const int again = dup(pair.a);
      pass_byte(pair.a, pair.b);
      close(pair.a);
      wait_for_a_look();
      pass_byte(again, pair.b);
      pass_byte(pair.b, again);
      close(again);
      close_all({-1, pair.b, pair.listener});
    }
    wait_for_a_look();
  };
  const auto all = lives(record([] {}, work));
  EXPECT_EQ(all.size(), 4u);
  expect_each_ends_once(all);
}

// A parent and its children share both ends of connections that the parent opened before the forks.
TEST(BpfSource, EndsAnInheritedSocketWithItsLastProcess) {
  SKIP_WITHOUT_RIGHTS();
  auto work = [] {
    const Pair shared[] = {socket_pair(), unix_connection(), tcp_pair()};
    for (const Pair& pair : shared) pass_byte(pair.a, pair.b);
    if (fork() == 0) {
      usleep(2'500'000);  // now only this process has them
      for (const Pair& pair : shared) pass_byte(pair.b, pair.a);
      _exit(0);
    }
    for (const Pair& pair : shared) close_all(pair);
    reap_all();
    wait_for_a_look();
  };
  const auto all = lives(record([] {}, work));
  EXPECT_EQ(all.size(), 6u);
  expect_each_ends_once(all);
  for (const auto& [socket, life] : all) EXPECT_EQ(life.told, 2) << socket;
}

// A thread closes the socket while another reads: the socket ends when the read call returns.
TEST(BpfSource, EndsASocketThatIsClosedWhileItIsRead) {
  SKIP_WITHOUT_RIGHTS();
  auto work = [] {
    for (const Pair& pair : {socket_pair(), tcp_pair()}) {
      pass_byte(pair.a, pair.b);
      std::thread reader([&] {
        char byte = 0;
        while (read(pair.b, &byte, 1) > 0) continue;
      });
      usleep(20'000);
      close(pair.b);  // the read call continues
      must(write(pair.a, "y", 1) == 1);
      usleep(20'000);
      close(pair.a);
      if (pair.listener >= 0) close(pair.listener);
      reader.join();
    }
    wait_for_a_look();
  };
  const auto all = lives(record([] {}, work));
  EXPECT_EQ(all.size(), 4u);
  expect_each_ends_once(all);
}

// A TCP socket that is connected to itself: its bytes come back to it.
TEST(BpfSource, TellsASocketThatIsConnectedToItself) {
  SKIP_WITHOUT_RIGHTS();
  auto work = [] {
    const int self = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    must(bind(self, reinterpret_cast<sockaddr*>(&address), size) == 0);
    must(getsockname(self, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    must(connect(self, reinterpret_cast<sockaddr*>(&address), size) == 0);
    pass_byte(self, self);
    close(self);
    wait_for_a_look();
  };
  const auto all = lives(record([] {}, work));
  EXPECT_EQ(all.size(), 1u);
  expect_each_ends_once(all);
  for (const auto& [socket, life] : all) EXPECT_EQ(life.messages, 2);
}

}  // namespace
}  // namespace culprit::capture::testing
