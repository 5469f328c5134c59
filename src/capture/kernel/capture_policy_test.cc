// Tests which bytes of known messages a CapturePolicy copies, for every way of sending. Label: root.
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <string>
#include <vector>

#include "capture/kernel/bpf_source_testing.h"

namespace culprit::capture::testing {
namespace {

constexpr std::string_view kBlankLine = "\r\n\r\n";

// Returns a text without a blank line in which every part is different.
std::string long_text(size_t size) {
  std::string text;
  while (text.size() < size) text += std::to_string(text.size()) + "\r\n.";
  return text.substr(0, size);
}

struct Copied {
  std::string head, tail;
  bool cut = false;
  bool operator==(const Copied&) const = default;
};

// The independent model of what a policy copies.
Copied expected(const std::string& message, CapturePolicy policy) {
  size_t head = std::min<size_t>(policy.head_bytes, message.size());
  if (policy.to_blank_line && head < message.size()) {
    const size_t most = std::min<size_t>(CapturePolicy::kMaxHeadBytes, message.size());
    const size_t blank = message.substr(0, most).find(kBlankLine);
    head = blank == std::string::npos ? most : std::max(head, blank + kBlankLine.size());
  }
  const size_t tail = std::min<size_t>(policy.tail_bytes, message.size() - head);
  return {message.substr(0, head), message.substr(message.size() - tail), head + tail < message.size()};
}

void must(bool truth) {
  if (!truth) _exit(99);
}

// Sends each message once by write() and once by writev() in pieces of `piece` bytes; returns the copied parts.
std::vector<Copied> copied(const std::vector<std::string>& messages, CapturePolicy policy, size_t piece) {
  auto work = [&] {
    int ends[2];
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    const int room = 1 << 20;
    must(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room) == 0);
    std::string in(1 << 20, 0);
    for (const std::string& message : messages) {
      const auto length = static_cast<ssize_t>(message.size());
      must(write(ends[0], message.data(), message.size()) == length);
      must(recv(ends[1], in.data(), message.size(), MSG_WAITALL) == length);
      std::vector<iovec> pieces;
      for (size_t at = 0; at < message.size(); at += piece)
        pieces.push_back({const_cast<char*>(message.data()) + at, std::min(piece, message.size() - at)});
      must(writev(ends[0], pieces.data(), static_cast<int>(pieces.size())) == length);
      must(recv(ends[1], in.data(), message.size(), MSG_WAITALL) == length);
    }
  };
  Recording recording = record([] {}, work, {.undecided = policy});
  EXPECT_EQ(recording.counts.read_faults, 0u);
  std::vector<Copied> all;
  for (const event_data* e : recording.all<event_data>(EVENT_DATA)) {
    if (!(e->flags & DATA_SENT)) continue;
    all.push_back({std::string(payload_of(*e), e->head_bytes),
                   std::string(payload_of(*e) + e->head_bytes, e->tail_bytes), (e->flags & DATA_CUT) != 0});
  }
  return all;
}

void expect_copied(const std::vector<std::string>& messages, CapturePolicy policy, size_t piece) {
  const std::vector<Copied> all = copied(messages, policy, piece);
  ASSERT_EQ(all.size(), 2 * messages.size());
  for (size_t i = 0; i < all.size(); ++i) {
    const Copied right = expected(messages[i / 2], policy);
    EXPECT_TRUE(all[i] == right) << "message " << i / 2 << " of " << messages[i / 2].size()
                                 << (i % 2 ? " in pieces" : "") << ": head " << all[i].head.size() << " not "
                                 << right.head.size() << ", tail " << all[i].tail.size() << " not "
                                 << right.tail.size();
  }
}

TEST(CapturePolicy, CopiesHeadAndTailOfMessagesOfEveryLength) {
  SKIP_WITHOUT_RIGHTS();
  std::vector<std::string> messages;
  for (size_t size : {1, 511, 513, 4095, 4096, 4097, 5119, 5120, 5121, 70'000, 200'000})
    messages.push_back(long_text(size));
  expect_copied(messages, {.head_bytes = 4096, .tail_bytes = 1024}, 1000);
  expect_copied(messages, {.head_bytes = 0, .tail_bytes = 64}, 300);
  expect_copied(messages, {.head_bytes = 512, .tail_bytes = 0}, 777);
}

TEST(CapturePolicy, CopiesAHeadOf64KiB) {
  SKIP_WITHOUT_RIGHTS();
  std::vector<std::string> messages;
  for (size_t size : {65'535, 65'536, 65'537, 66'560, 66'561, 150'000}) messages.push_back(long_text(size));
  expect_copied(messages, {.head_bytes = 65'536, .tail_bytes = 1024}, 4'097);
}

TEST(CapturePolicy, CopiesToTheFirstBlankLineWhereverItLies) {
  SKIP_WITHOUT_RIGHTS();
  std::vector<std::string> messages;
  // Blank lines around the end of the head, around borders of chunks (1024 bytes) and words (8), around the limit; and
  // none.
  for (size_t at :
       {0, 100, 506, 507, 508, 509, 512, 1533, 1534, 1535, 1536, 1537, 9'000, 65'500, 65'531, 65'532, 65'533, 70'000})
    messages.push_back(long_text(at) + std::string(kBlankLine) + long_text(2'000));
  for (size_t i = 0; i < 16; ++i)
    messages.push_back(std::string(4'000 + i, '\r') + std::string(kBlankLine) + long_text(700));
  messages.push_back(long_text(40'000));
  messages.push_back(long_text(80'000));
  messages.push_back(long_text(3'000) + std::string(kBlankLine) + long_text(3'000) + std::string(kBlankLine) + "end");
  for (CapturePolicy policy : {CapturePolicy{.head_bytes = 512, .tail_bytes = 64, .to_blank_line = true},
                               CapturePolicy{.head_bytes = 0, .tail_bytes = 1024, .to_blank_line = true}})
    expect_copied(messages, policy, 509);
}

TEST(CapturePolicy, TellsADirectionFromTheOther) {
  SKIP_WITHOUT_RIGHTS();
  int ends[2];
  auto before = [&] { must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0); };
  auto work = [&] {
    std::string text = long_text(3'000), in(3'000, 0);
    for (int i = 0; i < 2; ++i) {
      must(write(ends[0], text.data(), text.size()) == 3'000 && recv(ends[1], in.data(), 3'000, MSG_WAITALL) == 3'000);
      usleep(50'000);
    }
  };
  auto decide = [](EventSource& source, const event_header& header) {
    if (header.type == EVENT_SOCKET)
      source.set_capture(reinterpret_cast<const event_socket&>(header).socket, {.head_bytes = 2'000, .tail_bytes = 7},
                         {.head_bytes = 20});
  };
  Recording recording = record(before, work, {}, Reading::Steadily, decide);
  auto events = recording.all<event_data>(EVENT_DATA);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0]->head_bytes, 1024u);
  EXPECT_EQ(events[2]->head_bytes, 2'000u);
  EXPECT_EQ(events[2]->tail_bytes, 7u);
  EXPECT_EQ(events[3]->head_bytes, 20u);
  EXPECT_EQ(events[3]->tail_bytes, 0u);
}

// A message as long as its ring could never be stored in it.
TEST(CapturePolicy, IsCutToAQuarterOfTheRing) {
  SKIP_WITHOUT_RIGHTS();
  const std::string text = long_text(100'000);
  auto work = [&] {
    int ends[2];
    std::string in(text.size(), 0);
    const int room = 1 << 20;
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    must(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room) == 0);
    must(write(ends[0], text.data(), text.size()) == 100'000 &&
         recv(ends[1], in.data(), in.size(), MSG_WAITALL) == 100'000);
  };
  Recording recording = record([] {}, work, {.ring_size_bytes = 64 << 10, .undecided = {.head_bytes = 65'536}});
  auto events = recording.all<event_data>(EVENT_DATA);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0]->head_bytes, 16'384u);
  EXPECT_EQ(recording.counts.lost[EVENT_DATA], 0u);
}

}  // namespace
}  // namespace culprit::capture::testing
