// EventRing: the reader's end of one BPF ring buffer (kernel/bpf/ringbuf.c), read in place.
//
//   mapping:  ┌───────────────┬───────────────┬──────────────┬──────────────┐
//             │ consumer page │ producer page │ data         │ data again   │  so that a record never wraps
//             └───────────────┴───────────────┴──────────────┴──────────────┘
//   record:   u32 length | busy (bit 31) | discarded (bit 30), u32, then the event, padded to 8 bytes
//
// libbpf's own reader hands out one ring after the other; ours peeks, so that events of all CPUs can be merged by time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "capture/wire/event.h"

namespace culprit::capture {

class EventRing {
 public:
  struct Item {
    uint64_t time_ns;
    const event_header* event;
    uint64_t end;  // position behind the item
  };

  static Result<EventRing> open(int map_fd, uint32_t size_bytes);
  EventRing(EventRing&& other) noexcept;
  EventRing& operator=(EventRing&&) = delete;
  ~EventRing();

  // Collects the records that are not released yet, up to the first one that is younger than `horizon_ns`, incomplete
  // or beyond `budget_bytes`. The records stay in the ring.
  void collect(uint64_t horizon_ns, uint64_t budget_bytes);
  // Returns whether collect() stopped because of the budget: the records that remain may be older than `horizon_ns`.
  bool cut_short() const { return cut_short_; }
  bool empty() const { return items_.empty(); }
  // Drops the collected records from the first one on that is younger than `horizon_ns`, then sorts the others by time.
  void trim(uint64_t horizon_ns);
  const std::vector<Item>& items() const { return items_; }
  // Releases the space of items() to the kernel.
  void release();
  int map_fd() const { return map_fd_; }

 private:
  EventRing(int map_fd, uint32_t size_bytes, void* consumer, void* producer);

  int map_fd_;
  uint32_t size_bytes_;
  char* consumer_;           // one page, writable
  char* producer_;           // one page and twice the data, read-only
  std::vector<Item> items_;  // in order of position until trim(), then in order of time
  uint64_t next_ = 0;        // position behind the last item
  bool cut_short_ = false;
};

// Passes on the items of all rings in order of time; for equal times, the earlier ring's item comes first. Uses a heap,
// as there may be 256 rings.
template <class Handle>
void merge(const std::vector<EventRing*>& rings, Handle&& handle) {
  struct Head {
    uint64_t time_ns;
    size_t ring;
    bool operator<(const Head& other) const {  // std::push_heap keeps the greatest element at the front
      return time_ns != other.time_ns ? time_ns > other.time_ns : ring > other.ring;
    }
  };
  std::vector<size_t> at(rings.size(), 0);
  std::vector<Head> heads;
  for (size_t i = 0; i < rings.size(); ++i)
    if (!rings[i]->empty()) heads.push_back({rings[i]->items().front().time_ns, i});
  std::make_heap(heads.begin(), heads.end());
  while (!heads.empty()) {
    std::pop_heap(heads.begin(), heads.end());
    const size_t best = heads.back().ring;
    heads.pop_back();
    const uint64_t other_ns = heads.empty() ? ~0ull : heads.front().time_ns;
    const auto& items = rings[best]->items();
    do {
      handle(*items[at[best]++].event);
    } while (at[best] < items.size() && items[at[best]].time_ns < other_ns);
    if (at[best] == items.size()) continue;
    heads.push_back({items[at[best]].time_ns, best});
    std::push_heap(heads.begin(), heads.end());
  }
}

}  // namespace culprit::capture
