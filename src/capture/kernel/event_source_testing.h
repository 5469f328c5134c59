// FakeSource: an EventSource for tests. It passes on given events in order of time.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "capture/kernel/event_source.h"

namespace culprit::capture {

class FakeSource : public EventSource {
 public:
  // Adds an event with its payload. header.type and size_bytes are set here; the caller sets the other fields.
  template <class Event>
  void add(event_type type, Event event, std::string_view payload = {}) {
    event.header.type = static_cast<uint16_t>(type);
    add_bytes(std::string_view(reinterpret_cast<const char*>(&event), sizeof event), payload);
  }
  void add_lost(event_type type, uint64_t n) { counts_.lost[type] += n; }

  Result<void> start() override { return {}; }
  Result<uint64_t> poll(int timeout_ms, const Handler& handle) override;
  Result<void> stop(const Handler& handle) override;
  SourceCounts counts() const override { return counts_; }
  void set_capture(uint64_t socket, CapturePolicy sent, CapturePolicy received) override {
    captures[socket] = {sent, received};
  }

  // the policies passed to set_capture(), by socket
  std::map<uint64_t, std::pair<CapturePolicy, CapturePolicy>> captures;

 private:
  void add_bytes(std::string_view event, std::string_view payload);

  std::vector<std::vector<uint64_t>> events_;  // stored in 8-byte words, for alignment
  SourceCounts counts_;
};

}  // namespace culprit::capture
