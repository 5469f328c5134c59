// Tests what the BPF programs record, with workloads whose number of events and bytes is known. Label: root.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <thread>

#include "capture/kernel/bpf_source_testing.h"

namespace culprit::capture::testing {
namespace {

void must(bool truth) {
  if (!truth) _exit(99);
}

struct Pair {
  int a = -1, b = -1;
};
Pair unix_pair() {
  int ends[2];
  must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  return {ends[0], ends[1]};
}
Pair tcp_pair() {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  must(bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(listener, 1) == 0);
  must(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  Pair pair{.a = socket(AF_INET, SOCK_STREAM, 0)};
  must(connect(pair.a, reinterpret_cast<sockaddr*>(&address), size) == 0);
  pair.b = accept(listener, nullptr, nullptr);
  must(pair.b >= 0);
  return pair;
}

void exchange(Pair pair, int n) {
  char byte = 'x';
  for (int i = 0; i < n; ++i) must(write(pair.a, &byte, 1) == 1 && read(pair.b, &byte, 1) == 1);
}

uint64_t data_events(const Recording& recording) {
  return recording.counts.kept[EVENT_DATA] + recording.counts.lost[EVENT_DATA];
}

// Returns the payloads of one direction; a cut payload is head + "|" + tail.
std::vector<std::string> payloads(const Recording& recording, bool sent) {
  std::vector<std::string> texts;
  for (const event_data* e : recording.all<event_data>(EVENT_DATA)) {
    if (((e->flags & DATA_SENT) != 0) != sent) continue;
    std::string text(payload_of(*e), e->head_bytes);
    if (e->flags & DATA_CUT) text += "|" + std::string(payload_of(*e) + e->head_bytes, e->tail_bytes);
    texts.push_back(text);
  }
  return texts;
}

TEST(BpfSource, CountsEveryMessageOfASocketPair) {
  SKIP_WITHOUT_RIGHTS();
  Pair pair;
  Recording recording = record([&] { pair = unix_pair(); }, [&] { exchange(pair, 20'000); });
  EXPECT_EQ(recording.counts.kept[EVENT_DATA], 40'000u);
  EXPECT_EQ(recording.counts.lost[EVENT_DATA], 0u);
  EXPECT_EQ(recording.counts.late, 0u);
}

TEST(BpfSource, CountsEveryMessageOfATcpConnectionAndItsSequenceNumbers) {
  SKIP_WITHOUT_RIGHTS();
  Pair pair;
  Recording recording = record([&] { pair = tcp_pair(); }, [&] { exchange(pair, 5'000); });
  EXPECT_EQ(recording.counts.kept[EVENT_DATA], 10'000u);
  // Bytes sent at a sequence number are received at the same sequence number.
  std::map<uint32_t, int> seen;
  for (const event_data* e : recording.all<event_data>(EVENT_DATA)) ++seen[e->tcp_sequence];
  EXPECT_EQ(seen.size(), 5'000u);
  EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](const auto& one) { return one.second == 2; }));
}

TEST(BpfSource, CountsExactlyWhatASmallRingCannotHold) {
  SKIP_WITHOUT_RIGHTS();
  Pair pair;
  Recording recording = record([&] { pair = unix_pair(); }, [&] { exchange(pair, 100'000); },
                               {.ring_size_bytes = 64 << 10}, Reading::AtTheEnd);
  EXPECT_EQ(data_events(recording), 200'000u);
  EXPECT_GT(recording.counts.lost[EVENT_DATA], 100'000u);
}

TEST(BpfSource, TellsTheGapWhenTheRingTakesEventsAgain) {
  SKIP_WITHOUT_RIGHTS();
  Pair pair;
  // The reader sleeps for 50 ms at a time: the ring overflows, is emptied, and overflows again.
  auto sleepy = [](EventSource&, const event_header& header) {
    static int n = 0;
    if (header.type == EVENT_DATA && ++n % 1000 == 0) usleep(50'000);
  };
  Recording recording = record([&] { pair = unix_pair(); }, [&] { exchange(pair, 200'000); },
                               {.ring_size_bytes = 64 << 10}, Reading::Steadily, sleepy);
  EXPECT_EQ(data_events(recording), 400'000u);
  uint64_t told = 0;
  for (const event_gap* gap : recording.all<event_gap>(EVENT_GAP)) {
    EXPECT_LT(gap->from_ns, gap->header.time_ns);
    told += gap->lost_by_type[EVENT_DATA];
  }
  EXPECT_GT(told, 0u);
  EXPECT_LE(told, recording.counts.lost[EVENT_DATA]);
}

TEST(BpfSource, CopiesMessagesHoweverTheyAreSent) {
  SKIP_WITHOUT_RIGHTS();
  Pair pair;
  auto work = [&] {
    char in[64], in2[64];
    iovec out[3] = {{const_cast<char*>("one "), 4}, {const_cast<char*>("two "), 4}, {const_cast<char*>("three"), 5}};
    iovec into[2] = {{in, 6}, {in2, 64}};
    msghdr message{};
    message.msg_iov = out;
    message.msg_iovlen = 3;
    must(writev(pair.a, out, 3) == 13 && readv(pair.b, into, 2) == 13);
    must(sendmsg(pair.a, &message, 0) == 13);
    message.msg_iov = into;
    message.msg_iovlen = 2;
    must(recvmsg(pair.b, &message, 0) == 13);
    must(send(pair.a, "plain", 5, 0) == 5 && recv(pair.b, in, 64, 0) == 5);
    must(write(pair.a, "", 0) == 0);
  };
  for (auto make : {unix_pair, tcp_pair}) {
    Recording recording = record([&] { pair = make(); }, work);
    std::vector<std::string> expected{"one two three", "one two three", "plain"};
    EXPECT_EQ(payloads(recording, true), expected);
    EXPECT_EQ(payloads(recording, false), expected);
    EXPECT_EQ(recording.counts.read_faults, 0u);
  }
}

TEST(BpfSource, KeepsHeadAndTailOfALongMessage) {
  SKIP_WITHOUT_RIGHTS();
  Pair pair;
  std::string text(10'000, '.');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  auto work = [&] {
    std::string in(text.size(), 0);
    iovec out[3] = {{text.data(), 900}, {text.data() + 900, 9'050}, {text.data() + 9'950, 50}};
    must(write(pair.a, text.data(), text.size()) == 10'000);
    must(recv(pair.b, in.data(), in.size(), MSG_WAITALL) == 10'000);
    must(writev(pair.a, out, 3) == 10'000);
    must(recv(pair.b, in.data(), in.size(), MSG_WAITALL) == 10'000);
  };
  Recording recording =
      record([&] { pair = unix_pair(); }, work, {.undecided = {.head_bytes = 1000, .tail_bytes = 64}});
  std::string cut = text.substr(0, 1000) + "|" + text.substr(10'000 - 64);
  EXPECT_EQ(payloads(recording, true), (std::vector<std::string>{cut, cut}));
}

TEST(BpfSource, ReadsABufferThatNobodyTouchedBefore) {
  SKIP_WITHOUT_RIGHTS();
  Pair pair;
  auto work = [&] {
    char in[4096];
    int file = open("/proc/self/exe", O_RDONLY);
    void* cold = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, file, 0);
    must(cold != MAP_FAILED && write(pair.a, cold, 4096) == 4096 && recv(pair.b, in, 4096, MSG_WAITALL) == 4096);
  };
  Recording recording = record([&] { pair = unix_pair(); }, work);
  ASSERT_FALSE(payloads(recording, true).empty());
  EXPECT_EQ(payloads(recording, true)[0].substr(0, 4), "\177ELF");
  EXPECT_EQ(recording.counts.read_faults, 0u);
}

// The kernel may give a new socket the memory address of a socket that was just closed.
TEST(BpfSource, NeverTakesOneSocketForAnotherThatTheSameThreadUsesInTurn) {
  SKIP_WITHOUT_RIGHTS();
  constexpr int kPairs = 200;
  Recording recording = record(
      [] {},
      [] {
        Pair kept = unix_pair();
        for (int i = 0; i < kPairs; ++i) {
          Pair fresh = unix_pair();
          const std::string name = "pair " + std::to_string(i);
          for (const auto& [pair, text] : {std::pair{&fresh, name}, {&kept, std::string("kept")}, {&fresh, name}}) {
            char bytes[64];
            must(write(pair->a, text.data(), text.size()) > 0 && read(pair->b, bytes, sizeof bytes) > 0);
          }
          close(fresh.a), close(fresh.b);
        }
      });
  std::map<uint64_t, std::set<std::string>> said;
  for (const event_data* e : recording.all<event_data>(EVENT_DATA))
    said[e->socket].emplace(payload_of(*e), e->head_bytes);
  EXPECT_EQ(said.size(), 2u * (kPairs + 1));
  for (const auto& [socket, texts] : said) EXPECT_EQ(texts.size(), 1u) << "socket " << socket;
}

TEST(BpfSource, CopiesWholeMessagesOfEveryLength) {
  SKIP_WITHOUT_RIGHTS();
  const std::vector<size_t> lengths = {1, 7, 8, 127, 128, 129, 511, 512, 513, 1023, 1024};
  auto text_of = [](size_t length) {
    std::string text;
    while (text.size() < length) text += std::to_string(text.size()) + ".";
    return text.substr(0, length);
  };
  Recording recording =
      record([] {},
             [&] {
               Pair pair = unix_pair();
               char bytes[2048];
               for (size_t length : lengths)
                 must(write(pair.a, text_of(length).data(), length) > 0 && read(pair.b, bytes, sizeof bytes) > 0);
             });
  std::vector<std::string> expected;
  for (size_t length : lengths) expected.push_back(text_of(length));
  EXPECT_EQ(payloads(recording, true), expected);
  EXPECT_EQ(payloads(recording, false), expected);
}

TEST(BpfSource, CopiesNothingFromASocketThatIsNotWanted) {
  SKIP_WITHOUT_RIGHTS();
  Pair pair;
  auto refuse = [](EventSource& source, const event_header& header) {
    if (header.type == EVENT_SOCKET) source.set_capture(reinterpret_cast<const event_socket&>(header).socket, {}, {});
  };
  auto work = [&] {
    exchange(pair, 1);
    usleep(50'000);
    exchange(pair, 1);
  };
  Recording recording = record([&] { pair = unix_pair(); }, work, {}, Reading::Steadily, refuse);
  EXPECT_EQ(payloads(recording, true), (std::vector<std::string>{"x", "|"}));
}

TEST(BpfSource, KnowsBothEndsOfAUnixConnection) {
  SKIP_WITHOUT_RIGHTS();
  Pair pair;
  Recording recording = record([&] { pair = unix_pair(); }, [&] { exchange(pair, 1); });
  auto sockets = recording.all<event_socket>(EVENT_SOCKET);
  ASSERT_EQ(sockets.size(), 2u);
  EXPECT_NE(sockets[0]->socket, sockets[1]->socket);
  EXPECT_EQ(sockets[0]->peer_socket, sockets[1]->socket);
  EXPECT_EQ(sockets[1]->peer_socket, sockets[0]->socket);
  EXPECT_EQ(sockets[0]->family, SOCKET_UNIX);
}

TEST(BpfSource, KnowsTheAddressesAndTheEndOfATcpConnection) {
  SKIP_WITHOUT_RIGHTS();
  Pair pair;
  auto work = [&] {
    exchange(pair, 1);
    close(pair.a), close(pair.b);
    usleep(20'000);
  };
  Recording recording = record([&] { pair = tcp_pair(); }, work);
  auto sockets = recording.all<event_socket>(EVENT_SOCKET);
  ASSERT_EQ(sockets.size(), 2u);
  EXPECT_EQ(sockets[0]->local_port, sockets[1]->peer_port);
  EXPECT_EQ(sockets[1]->local_port, sockets[0]->peer_port);
  const uint8_t loopback[4] = {127, 0, 0, 1};
  EXPECT_EQ(std::memcmp(sockets[0]->local_address, loopback, 4), 0);
  EXPECT_GE(recording.all<event_socket_end>(EVENT_SOCKET_END).size(), 1u);
}

TEST(BpfSource, TellsWhatAThreadWaitedForAndWhoWokeIt) {
  SKIP_WITHOUT_RIGHTS();
  auto work = [] {
    usleep(30'000);  // clock_nanosleep, ended by a timer
    int futex = 0;
    std::thread waker([&] {
      usleep(20'000);
      __atomic_store_n(&futex, 1, __ATOMIC_SEQ_CST);
      syscall(SYS_futex, &futex, 1 /* FUTEX_WAKE */, 1, nullptr, nullptr, 0);
    });
    while (!__atomic_load_n(&futex, __ATOMIC_SEQ_CST))
      syscall(SYS_futex, &futex, 0 /* FUTEX_WAIT */, 0, nullptr, nullptr, 0);
    waker.join();
  };
  Recording recording = record([] {}, work);
  const event_switch *slept = nullptr, *woken = nullptr;
  for (const event_switch* e : recording.all<event_switch>(EVENT_SWITCH)) {
    if (e->header.time_ns - e->off_ns < 15'000'000) continue;
    if (e->syscall == SYS_clock_nanosleep && !slept) slept = e;
    if (e->syscall == SYS_futex && e->header.pid == e->header.tid && !woken) woken = e;
  }
  ASSERT_NE(slept, nullptr);
  EXPECT_EQ(slept->state, 1u);
  EXPECT_EQ(slept->waker, WAKER_INTERRUPT);
  EXPECT_GE(slept->header.time_ns - slept->off_ns, 30'000'000u);
  EXPECT_GE(slept->wake_ns, slept->off_ns);
  EXPECT_LE(slept->wake_ns, slept->header.time_ns);
  ASSERT_NE(woken, nullptr);
  EXPECT_EQ(woken->waker, WAKER_THREAD);
  EXPECT_EQ(woken->waker_pid, woken->header.pid);
  EXPECT_NE(woken->waker_tid, woken->header.tid);
}

TEST(BpfSource, FollowsChildrenThroughForkExecAndExit) {
  SKIP_WITHOUT_RIGHTS();
  auto work = [] {
    pid_t pid = fork();
    if (pid == 0) {
      execl("/bin/sh", "sh", "-c", "exit 7", nullptr);
      _exit(1);
    }
    waitpid(pid, nullptr, 0);
  };
  Recording recording = record([] {}, work);
  auto forks = recording.all<event_fork>(EVENT_FORK);
  auto execs = recording.all<event_exec>(EVENT_EXEC);
  auto exits = recording.all<event_exit>(EVENT_EXIT);
  // Counts only processes: a sanitizer starts additional threads in them.
  std::erase_if(forks, [](auto* fork) { return fork->child_pid != fork->child_tid; });
  std::erase_if(exits, [](auto* exit) { return exit->header.pid != exit->header.tid; });
  ASSERT_EQ(forks.size(), 1u);
  ASSERT_EQ(execs.size(), 1u);
  ASSERT_EQ(exits.size(), 2u);
  EXPECT_EQ(execs[0]->header.pid, forks[0]->child_pid);
  EXPECT_STREQ(execs[0]->path, "/bin/sh");
  EXPECT_EQ(exits[0]->header.pid, forks[0]->child_pid);
  EXPECT_EQ(exits[0]->exit_code, 7u << 8);
  EXPECT_EQ(exits[0]->group_dead, 1u);
}

TEST(BpfSource, RecordsDescendantsThatWereThereBefore) {
  SKIP_WITHOUT_RIGHTS();
  int go[2];
  pid_t grandchild = 0;
  auto before = [&] {
    must(pipe(go) == 0);
    grandchild = fork();
    if (grandchild != 0) return;
    char byte;
    must(read(go[0], &byte, 1) == 1);
    exchange(unix_pair(), 10);
    _exit(0);
  };
  auto work = [&] { must(write(go[1], "g", 1) == 1 && waitpid(grandchild, nullptr, 0) == grandchild); };
  EXPECT_EQ(record(before, work).counts.kept[EVENT_DATA], 20u);
}

TEST(BpfSource, SeesAWaitThatBeganBeforeTheRecordingAndOutlastsIt) {
  SKIP_WITHOUT_RIGHTS();
  Child child([] {}, [] {});  // waits in read() until the test lets it continue
  auto source = open_bpf_source({.scope = {.pids = {child.pid()}}, .reports = false});
  ASSERT_TRUE(source.has_value() && source.value()->start().has_value());
  ASSERT_TRUE(source.value()->stop([](const event_header&) {}).has_value());
  auto waits = source.value()->open_waits();
  std::erase_if(waits,
                // a thread of a sanitizer
                [&](const auto& wait) { return static_cast<pid_t>(wait.tid) != child.pid(); });
  ASSERT_EQ(waits.size(), 1u);
  EXPECT_EQ(waits[0].syscall, SYS_read);
  EXPECT_EQ(waits[0].state, 1u);
  child.go();
  while (!child.ended()) usleep(1000);
}

TEST(BpfSource, GoesOnWithoutRightsOnceItIsAttached) {
  SKIP_WITHOUT_RIGHTS();
  pid_t pid = fork();
  if (pid == 0) {
    auto source = open_bpf_source({.scope = {.all = true}, .reports = false});
    must(source.has_value() && source.value()->start().has_value() && drop_rights(Rights::None).has_value());
    exchange(unix_pair(), 1);
    uint64_t n = 0;
    usleep(20'000);
    auto polled = source.value()->poll(500, [&](const event_header&) { ++n; });
    must(polled.has_value() && n > 0);
    source.value()->set_capture(1, {}, {});
    auto again = open_bpf_source({.scope = {.all = true}});
    must(!again.has_value() && again.error().kind == Error::Kind::Denied && !again.error().fix.empty());
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace culprit::capture::testing
