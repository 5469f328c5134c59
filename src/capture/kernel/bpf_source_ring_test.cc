#include "capture/kernel/bpf_source_ring.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

namespace culprit::capture {
namespace {

// A ring in the kernel's layout, stored in a memory file. The second mapping of the data is not needed, as the test's
// data does not wrap.
class RingFile {
 public:
  static constexpr uint32_t kSize = 65536;
  RingFile() : fd_(memfd_create("ring", 0)) {
    size_t size = 2 * page() + 2 * kSize;
    if (ftruncate(fd_, static_cast<off_t>(size)) != 0) std::abort();
    memory_ = static_cast<char*>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0));
  }
  int fd() const { return fd_; }
  void add(uint64_t time_ns, uint32_t flags = 0) {
    event_header header{};
    header.time_ns = time_ns;
    header.size_bytes = sizeof header;
    char* record = memory_ + 2 * page() + produced_;
    uint32_t length = sizeof header | flags;
    std::memcpy(record, &length, 4);
    std::memcpy(record + 8, &header, sizeof header);
    produced_ += 8 + sizeof header;
    std::memcpy(memory_ + page(), &produced_, 8);
  }
  uint64_t consumed() const {
    uint64_t position;
    std::memcpy(&position, memory_, 8);
    return position;
  }

 private:
  static size_t page() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }
  int fd_;
  char* memory_;
  uint64_t produced_ = 0;
};

constexpr uint32_t kBusy = 1u << 31, kDiscarded = 1u << 30;

std::vector<uint64_t> merged(const std::vector<EventRing*>& rings) {
  std::vector<uint64_t> times;
  merge(rings, [&](const event_header& event) { times.push_back(event.time_ns); });
  return times;
}

TEST(EventRing, MergesRingsByTime) {
  RingFile first, second;
  for (uint64_t time : {1, 4, 5, 9}) first.add(time);
  for (uint64_t time : {2, 3, 6}) second.add(time);
  auto a = EventRing::open(first.fd(), RingFile::kSize), b = EventRing::open(second.fd(), RingFile::kSize);
  ASSERT_TRUE(a.has_value() && b.has_value());
  for (EventRing* ring : {&a.value(), &b.value()}) ring->collect(100, 1 << 20), ring->trim(100);
  EXPECT_EQ(merged({&a.value(), &b.value()}), (std::vector<uint64_t>{1, 2, 3, 4, 5, 6, 9}));
}

TEST(EventRing, LeavesWhatIsTooYoungForTheNextTime) {
  RingFile file;
  for (uint64_t time : {1, 2, 30, 40}) file.add(time);
  auto ring = EventRing::open(file.fd(), RingFile::kSize);
  ASSERT_TRUE(ring.has_value());
  ring.value().collect(10, 1 << 20);
  ring.value().trim(10);
  EXPECT_EQ(merged({&ring.value()}), (std::vector<uint64_t>{1, 2}));
  ring.value().release();
  EXPECT_EQ(file.consumed(), 64u);
  ring.value().collect(100, 1 << 20);
  ring.value().trim(35);  // another ring stopped at an earlier event
  EXPECT_EQ(merged({&ring.value()}), (std::vector<uint64_t>{30}));
  ring.value().release();
  EXPECT_EQ(file.consumed(), 96u);
}

TEST(EventRing, StopsAtARecordThatIsStillBeingWrittenAndSkipsDiscardedOnes) {
  RingFile file;
  file.add(1);
  file.add(2, kDiscarded);
  file.add(3);
  file.add(4, kBusy);
  file.add(5);
  auto ring = EventRing::open(file.fd(), RingFile::kSize);
  ASSERT_TRUE(ring.has_value());
  ring.value().collect(100, 1 << 20);
  ring.value().trim(100);
  EXPECT_EQ(merged({&ring.value()}), (std::vector<uint64_t>{1, 3}));
  ring.value().release();
  EXPECT_EQ(file.consumed(), 96u);
}

TEST(EventRing, PutsEventsInOrderThatAnInterruptSwapped) {
  RingFile file;
  for (uint64_t time : {1, 3, 2, 4}) file.add(time);
  auto ring = EventRing::open(file.fd(), RingFile::kSize);
  ASSERT_TRUE(ring.has_value());
  ring.value().collect(100, 1 << 20);
  ring.value().trim(100);
  EXPECT_EQ(merged({&ring.value()}), (std::vector<uint64_t>{1, 2, 3, 4}));
}

TEST(EventRing, SaysThatItsBudgetEndedBeforeTheRing) {
  RingFile file;
  for (uint64_t time = 1; time <= 10; ++time) file.add(time);
  auto ring = EventRing::open(file.fd(), RingFile::kSize);
  ASSERT_TRUE(ring.has_value());
  ring.value().collect(100, 64);
  EXPECT_TRUE(ring.value().cut_short());
  EXPECT_EQ(ring.value().items().size(), 2u);
}

}  // namespace
}  // namespace culprit::capture
