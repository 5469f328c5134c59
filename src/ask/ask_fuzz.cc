#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ask/plan.h"
#include "ask/postmaster.h"

// The two texts that a server, or whoever writes a file of that name, hands us.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  culprit::ask::parse_postmaster_file(text);
  culprit::ask::Scan scan = culprit::ask::dearest_scan(text);
  culprit::ask::columns_in(scan.filter, {"id", "customer_id"});
  culprit::ask::with_parameters(text);
  return 0;
}
