// Tests the kernel-side state of sockets, threads and namespaces: entries are removed again, and no entry is refused.
// Label: root.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <set>
#include <thread>

#include "capture/kernel/bpf_source_testing.h"
#include "capture/kernel/sockets_testing.h"

namespace culprit::capture::testing {
namespace {

TEST(BpfSource, SeesTheEndOfEveryKindOfStream) {
  SKIP_WITHOUT_RIGHTS();
  auto work = [] {
    for (const Pair& pair : {socket_pair(), unix_connection(), tcp_pair()}) {
      pass_byte(pair.a, pair.b);
      pass_byte(pair.b, pair.a);
      close_all(pair);  // neither end reads the other's end of stream
    }
    usleep(2'500'000);
  };
  Recording recording = record([] {}, work);
  std::map<uint64_t, int> ends;
  for (const event_socket* e : recording.all<event_socket>(EVENT_SOCKET)) ends[e->socket];
  for (const event_socket_end* e : recording.all<event_socket_end>(EVENT_SOCKET_END)) ++ends[e->socket];
  EXPECT_EQ(ends.size(), 6u);
  for (const auto& [socket, n] : ends) EXPECT_EQ(n, 1) << "socket " << socket;
  EXPECT_EQ(recording.counts.late, 0u);
}

TEST(BpfSource, SeesEndsWithoutAnyRights) {
  SKIP_WITHOUT_RIGHTS();
  pid_t pid = fork();
  if (pid == 0) {
    Child child([] {},
                [] {
                  const Pair pair = socket_pair();
                  pass_byte(pair.a, pair.b);
                  close_all(pair);
                  usleep(2'500'000);
                });
    auto source = open_bpf_source({.scope = {.pids = {child.pid()}}, .reports = false});
    must(source.has_value() && source.value()->start().has_value() && drop_rights(Rights::None).has_value());
    child.go();
    int ends = 0;
    while (!child.ended())
      must(source.value()
               ->poll(5, [&](const event_header& event) { ends += event.type == EVENT_SOCKET_END; })
               .has_value());
    _exit(ends);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 2);
}

TEST(BpfSource, TakesNoLivingSocketForEnded) {
  SKIP_WITHOUT_RIGHTS();
  constexpr int kPairs = 200;
  std::vector<Pair> pairs;
  auto before = [&] {
    for (int i = 0; i < kPairs; ++i) pairs.push_back(i % 2 ? socket_pair() : tcp_pair());
  };
  auto work = [&] {
    for (const Pair& pair : pairs) pass_byte(pair.a, pair.b);
    for (int i = 0; i < 250; ++i) {  // other sockets come and go meanwhile
      Pair fresh = socket_pair();
      pass_byte(fresh.a, fresh.b);
      close_all(fresh);
      usleep(10'000);
    }
    for (const Pair& pair : pairs) pass_byte(pair.b, pair.a);
    _exit(0);  // the ends of the kept sockets come after the last byte
  };
  Recording recording = record(before, work);
  std::map<uint64_t, uint64_t> last_byte, ended;
  for (const event_data* e : recording.all<event_data>(EVENT_DATA)) last_byte[e->socket] = e->header.time_ns;
  for (const event_socket_end* e : recording.all<event_socket_end>(EVENT_SOCKET_END))
    ended[e->socket] = e->header.time_ns;
  EXPECT_EQ(last_byte.size(), 2u * kPairs + 500u);
  for (const auto& [socket, time_ns] : ended) EXPECT_GE(time_ns, last_byte[socket]) << "socket " << socket;
}

TEST(BpfSource, TellsDatagramsWithoutTheirSockets) {
  SKIP_WITHOUT_RIGHTS();
  constexpr int kSockets = 500;
  auto work = [] {
    char bytes[16];
    int server = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    must(bind(server, reinterpret_cast<sockaddr*>(&address), size) == 0);
    must(getsockname(server, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    for (int i = 0; i < kSockets; ++i) {
      int client = socket(AF_INET, SOCK_DGRAM, 0);
      must(sendto(client, "question", 8, 0, reinterpret_cast<sockaddr*>(&address), size) == 8);
      must(recv(server, bytes, sizeof bytes, 0) == 8);
      close(client);
    }
    int ends[2];
    for (int type : {SOCK_DGRAM, SOCK_SEQPACKET}) {
      must(socketpair(AF_UNIX, type, 0, ends) == 0);
      must(send(ends[0], "question", 8, 0) == 8 && recv(ends[1], bytes, sizeof bytes, 0) == 8);
    }
  };
  Recording recording = record([] {}, work);
  EXPECT_EQ(recording.counts.kept[EVENT_DATA], 2u * (kSockets + 2));
  EXPECT_EQ(recording.counts.kept[EVENT_SOCKET], 0u);
  for (const event_data* e : recording.all<event_data>(EVENT_DATA)) {
    EXPECT_TRUE(e->flags & DATA_DATAGRAM);
    EXPECT_EQ(e->length_bytes, 8u);
    EXPECT_EQ(e->head_bytes + e->tail_bytes, 0u);
  }
}

// A thread uses a stream after datagrams, and the reverse: each socket is recorded as its own type.
TEST(BpfSource, TellsStreamsFromDatagramsOfTheSameThread) {
  SKIP_WITHOUT_RIGHTS();
  auto work = [] {
    int datagrams[2];
    char bytes[16];
    must(socketpair(AF_UNIX, SOCK_DGRAM, 0, datagrams) == 0);
    const Pair stream = socket_pair();
    for (int i = 0; i < 10; ++i) {
      must(send(datagrams[0], "datagram", 8, 0) == 8 && recv(datagrams[1], bytes, sizeof bytes, 0) == 8);
      must(send(stream.a, "s", 1, 0) == 1 && recv(stream.b, bytes, sizeof bytes, 0) == 1);
    }
  };
  Recording recording = record([] {}, work);
  for (const event_data* e : recording.all<event_data>(EVENT_DATA)) {
    EXPECT_EQ((e->flags & DATA_DATAGRAM) != 0, e->length_bytes == 8);
    EXPECT_EQ(e->head_bytes, e->length_bytes == 8 ? 0u : 1u);
  }
}

TEST(BpfSource, TellsNetworkNamespacesApart) {
  SKIP_WITHOUT_RIGHTS();
  auto work = [] {
    for (int i = 0; i < 2; ++i) {
      if (fork() != 0) continue;
      must(unshare(CLONE_NEWNET) == 0);
      ifreq request{};
      std::strcpy(request.ifr_name, "lo");
      int control = socket(AF_INET, SOCK_DGRAM, 0);
      must(ioctl(control, SIOCGIFFLAGS, &request) == 0);
      request.ifr_flags |= IFF_UP;
      must(ioctl(control, SIOCSIFFLAGS, &request) == 0);
      const Pair pair = tcp_pair(5432, 40'000);
      pass_byte(pair.a, pair.b);
      _exit(0);
    }
    int status = 0;
    while (wait(&status) > 0) must(status == 0);
  };
  Recording recording = record([] {}, work);
  std::map<uint32_t, std::multiset<uint16_t>> ports;
  for (const event_socket* e : recording.all<event_socket>(EVENT_SOCKET))
    ports[e->network_namespace].insert(e->local_port);
  ASSERT_EQ(ports.size(), 2u);
  for (const auto& [space, local] : ports) {
    EXPECT_NE(space, 0u);
    EXPECT_EQ(local, (std::multiset<uint16_t>{5432, 40'000}));
  }
}

// Threads whose numbers have the same low bits; more at the same time than one slot for each of these numbers would
// hold.
TEST(BpfSource, KeepsTheStatesOfThreadsWhoseNumbersCollide) {
  SKIP_WITHOUT_RIGHTS();
  constexpr uint32_t kSlots = 1024;
  constexpr size_t kThreads = 12;
  auto work = [] {
    std::vector<std::thread> kept;
    std::atomic<bool> over{false};
    uint32_t wanted = 0;
    for (int i = 0; i < 40'000 && kept.size() < kThreads; ++i) {
      std::atomic<int> answer{0};  // 1: the thread stays
      std::thread thread([&] {
        const auto tid = static_cast<uint32_t>(syscall(SYS_gettid));
        if (wanted == 0) wanted = tid % kSlots;
        const bool stays = tid % kSlots == wanted;
        answer = stays ? 1 : 2;
        if (!stays) return;
        while (!over) usleep(1'000);
      });
      while (answer == 0) sched_yield();
      if (answer == 1)
        kept.push_back(std::move(thread));
      else
        thread.join();
    }
    must(kept.size() == kThreads);
    usleep(50'000);
    over = true;
    for (std::thread& thread : kept) thread.join();
  };
  Recording recording = record([] {}, work, {.most_thread_slots = kSlots});
  // Two live threads may share their few candidate slots: that is counted, and rare.
  EXPECT_LE(recording.counts.slot_collisions, kThreads / 500u);
  std::map<uint32_t, int> sleeps;
  for (const event_switch* e : recording.all<event_switch>(EVENT_SWITCH))
    if (e->syscall == SYS_clock_nanosleep && e->header.time_ns - e->off_ns >= 1'000'000) ++sleeps[e->header.tid];
  EXPECT_GE(sleeps.size(), kThreads);
}

// A burst is passed on in portions, so that the consumer can forget between them what is over: the time that is reached
// lies behind the clock, and no event comes that is older.
TEST(BpfSource, PassesOnABurstInPortions) {
  SKIP_WITHOUT_RIGHTS();
  constexpr int kMessages = 10'000;
  Child child(
      [] {},
      [] {
        const Pair pair = socket_pair();
        char bytes[1000] = {};
        for (int i = 0; i < kMessages; ++i)
          must(write(pair.a, bytes, sizeof bytes) == sizeof bytes && read(pair.b, bytes, sizeof bytes) == sizeof bytes);
      });
  auto source = open_bpf_source({.scope = {.pids = {child.pid()}}, .ring_size_bytes = 32u << 20, .reports = false});
  ASSERT_TRUE(source.has_value() && source.value()->start().has_value());
  child.go();
  while (!child.ended()) usleep(1000);
  usleep(20'000);
  int64_t reached_ns = 0;
  int portions = 0;
  uint64_t total = 0, messages = 0;
  for (;;) {
    const uint64_t n = source.value()
                           ->poll(0,
                                  [&](const event_header& event) {
                                    EXPECT_GT(static_cast<int64_t>(event.time_ns), reached_ns);
                                    messages += event.type == EVENT_DATA;
                                  })
                           .value();
    EXPECT_GE(source.value()->reached_ns(), reached_ns);
    reached_ns = source.value()->reached_ns();
    total += n;
    if (n == 0) break;
    ++portions;
    EXPECT_LT(n, 2u * kMessages / 3);
  }
  EXPECT_EQ(messages, 2u * kMessages);
  EXPECT_GT(portions, 3);
  EXPECT_EQ(source.value()->counts().late, 0u);
}

// 1,024 slots, and more threads than that come and go while others sleep on: none of these loses its state.
TEST(BpfSource, KeepsTheStatesOfSleepersWhileThreadsComeAndGo) {
  SKIP_WITHOUT_RIGHTS();
  constexpr uint32_t kSlots = 1024;
  constexpr size_t kSleepers = 60;
  constexpr int kThreads = 4'000;
  auto work = [] {
    std::atomic<bool> over{false};
    std::vector<std::thread> sleepers;
    for (size_t i = 0; i < kSleepers; ++i)
      sleepers.emplace_back([&] {
        while (!over) usleep(20'000);
      });
    for (int i = 0; i < kThreads; ++i) std::thread([] {}).join();
    over = true;
    for (std::thread& thread : sleepers) thread.join();
  };
  Recording recording = record([] {}, work, {.most_thread_slots = kSlots});
  // Two live threads may share their few candidate slots: that is counted, and rare.
  EXPECT_LE(recording.counts.slot_collisions, kThreads / 500u);
  std::map<uint32_t, int> sleeps;
  std::set<uint32_t> threads;
  for (const event_switch* e : recording.all<event_switch>(EVENT_SWITCH)) {
    threads.insert(e->header.tid);
    if (e->syscall == SYS_clock_nanosleep && e->header.time_ns - e->off_ns >= 19'000'000) ++sleeps[e->header.tid];
  }
  EXPECT_GE(threads.size(), static_cast<size_t>(kThreads));
  size_t slept_twice = 0;
  for (const auto& [tid, n] : sleeps) slept_twice += n >= 2;
  EXPECT_EQ(slept_twice, kSleepers);
}

}  // namespace
}  // namespace culprit::capture::testing
