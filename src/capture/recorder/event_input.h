// Converts the kernel's events to the plain structs of module requests.
#pragma once

#include <cstdint>

#include "capture/kernel/event_source.h"
#include "capture/wire/event.h"
#include "requests/input/stream.h"
#include "requests/input/thread.h"

namespace culprit::capture {

// The kernel's unsigned numbers as the signed types of the rows.
inline int32_t as_pid(uint32_t pid) { return static_cast<int32_t>(pid); }
inline int64_t as_time(uint64_t ns) { return static_cast<int64_t>(ns); }

requests::StreamInfo stream_info(const event_socket& event);
// The views in the result point into the event.
requests::StreamBytes stream_bytes(const event_data& event);
requests::ThreadSwitch thread_switch(const event_switch& event);
requests::SleepingThread sleeping_thread(const OpenWait& wait);

}  // namespace culprit::capture
