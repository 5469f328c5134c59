// Spans as a tree, their threads' states and the ledger, as text.
#pragma once

#include <string>

#include "requests/tree/request_tracker.h"

namespace culprit::replay {

std::string printed(requests::RequestTracker& tracker);

}  // namespace culprit::replay
