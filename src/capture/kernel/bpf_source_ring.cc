#include "capture/kernel/bpf_source_ring.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

namespace culprit::capture {
namespace {

constexpr uint32_t kBusy = 1u << 31, kDiscarded = 1u << 30;
constexpr uint64_t kRecordHeader = 8;

uint64_t page_size() { return static_cast<uint64_t>(sysconf(_SC_PAGESIZE)); }

template <class T>
T load_acquire(const char* address) {
  return __atomic_load_n(reinterpret_cast<const T*>(address), __ATOMIC_ACQUIRE);
}

}  // namespace

Result<EventRing> EventRing::open(int map_fd, uint32_t size_bytes) {
  uint64_t page = page_size();
  void* consumer = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
  if (consumer == MAP_FAILED)
    return Error{Error::Kind::Unavailable, std::string("cannot map a ring of the kernel: ") + std::strerror(errno)};
  void* producer = mmap(nullptr, page + 2ull * size_bytes, PROT_READ, MAP_SHARED, map_fd, static_cast<off_t>(page));
  if (producer == MAP_FAILED) {
    int error = errno;
    munmap(consumer, page);
    return Error{Error::Kind::Unavailable, std::string("cannot map a ring of the kernel: ") + std::strerror(error)};
  }
  return EventRing(map_fd, size_bytes, consumer, producer);
}

EventRing::EventRing(int map_fd, uint32_t size_bytes, void* consumer, void* producer)
    : map_fd_(map_fd),
      size_bytes_(size_bytes),
      consumer_(static_cast<char*>(consumer)),
      producer_(static_cast<char*>(producer)),
      next_(load_acquire<uint64_t>(consumer_)) {}

EventRing::EventRing(EventRing&& other) noexcept
    : map_fd_(other.map_fd_),
      size_bytes_(other.size_bytes_),
      consumer_(std::exchange(other.consumer_, nullptr)),
      producer_(std::exchange(other.producer_, nullptr)),
      items_(std::move(other.items_)),
      next_(other.next_),
      cut_short_(other.cut_short_) {}

EventRing::~EventRing() {
  if (consumer_ == nullptr) return;
  munmap(consumer_, page_size());
  munmap(producer_, page_size() + 2ull * size_bytes_);
}

void EventRing::collect(uint64_t horizon_ns, uint64_t budget_bytes) {
  const char* data = producer_ + page_size();
  uint64_t position = load_acquire<uint64_t>(consumer_), start = position;
  uint64_t end = load_acquire<uint64_t>(producer_);
  items_.clear();
  cut_short_ = false;
  next_ = position;
  while (position < end) {
    const char* record = data + (position & (size_bytes_ - 1));
    uint32_t length = load_acquire<uint32_t>(record);
    if (length & kBusy) return;
    uint64_t after = position + (kRecordHeader + (length & ~kDiscarded) + 7) / 8 * 8;
    if (length & kDiscarded) {
      position = next_ = after;
      continue;
    }
    const auto* event = reinterpret_cast<const event_header*>(record + kRecordHeader);
    if (event->time_ns > horizon_ns) return;
    if (position - start >= budget_bytes) {
      cut_short_ = true;
      return;
    }
    items_.push_back({event->time_ns, event, after});
    position = next_ = after;
  }
}

void EventRing::trim(uint64_t horizon_ns) {
  auto young = std::find_if(items_.begin(), items_.end(), [&](const Item& item) { return item.time_ns > horizon_ns; });
  if (young != items_.end()) {
    // If the first event is already too young, only what lies before it may be released.
    next_ = young == items_.begin() ? load_acquire<uint64_t>(consumer_) : std::prev(young)->end;
    items_.erase(young, items_.end());
  }
  // An interrupt between reading the clock and reserving space puts two events in the wrong order. That is rare, and
  // the two are close together.
  for (size_t i = 1; i < items_.size(); ++i) {
    for (size_t j = i; j > 0 && items_[j].time_ns < items_[j - 1].time_ns; --j) std::swap(items_[j], items_[j - 1]);
  }
}

void EventRing::release() {
  __atomic_store_n(reinterpret_cast<uint64_t*>(consumer_), next_, __ATOMIC_RELEASE);
  items_.clear();
}

}  // namespace culprit::capture
