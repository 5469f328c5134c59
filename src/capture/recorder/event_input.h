// Converts the kernel's events to the plain structs of module requests.
#pragma once

#include "capture/kernel/event_source.h"
#include "capture/wire/event.h"
#include "requests/input/stream.h"
#include "requests/input/thread.h"

namespace culprit::capture {

requests::StreamInfo stream_info(const event_socket& event);
// The views in the result point into the event.
requests::StreamBytes stream_bytes(const event_data& event);
requests::ThreadSwitch thread_switch(const event_switch& event);
requests::SleepingThread sleeping_thread(const OpenWait& wait);

}  // namespace culprit::capture
