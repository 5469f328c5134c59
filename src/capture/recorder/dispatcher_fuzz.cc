// Any bytes as events. The kernel side is trusted, but processes choose the contents of names, paths and payloads, and
// events may come in any order.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "capture/recorder/dispatcher_testing.h"
#include "protocol/registry/registry.h"

using namespace culprit;
using namespace culprit::capture;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FakeView view;
  view.programs = {{1, "postgres"}, {2, "postgres"}, {3, "client"}};
  testing::KeepingSink sink;
  DispatcherOptions options;
  Dispatcher dispatcher(std::move(options), view, sink);

  // Each event: one byte for the length, then that many bytes. Numbers are reduced to a small range, so that events
  // refer to the same objects.
  int64_t now_ns = 1'000'000'000;
  while (size > 1) {
    const size_t length = std::min<size_t>(size - 1, data[0]);
    std::vector<uint64_t> words(std::max<size_t>(length, sizeof(event_header)) / 8 + 1);
    std::memcpy(words.data(), data + 1, length);
    auto* header = reinterpret_cast<event_header*>(words.data());
    now_ns += static_cast<int64_t>(header->time_ns & 0xfffffff);
    header->time_ns = static_cast<uint64_t>(now_ns);
    header->type %= EVENT_GAP + 1;
    header->pid &= 3;
    header->tid &= 7;
    header->size_bytes = static_cast<uint32_t>(words.size() * 8);
    if (header->type == EVENT_DATA && header->size_bytes >= sizeof(event_data))
      reinterpret_cast<event_data*>(header)->socket = (reinterpret_cast<event_data*>(header)->socket & 3) + 1;
    if (header->type == EVENT_SOCKET && header->size_bytes >= sizeof(event_socket))
      reinterpret_cast<event_socket*>(header)->socket = (reinterpret_cast<event_socket*>(header)->socket & 3) + 1;
    dispatcher.handle(*header);
    static_cast<void>(dispatcher.tick(now_ns, now_ns).has_value());
    data += length + 1;
    size -= length + 1;
  }
  static_cast<void>(dispatcher.finish(now_ns, {}, {}, 0).has_value());
  return 0;
}
