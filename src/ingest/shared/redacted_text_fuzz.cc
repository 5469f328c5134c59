// Any bytes as free text: no crash, and what is redacted stays as it is when it is redacted again, but for its length.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "ingest/shared/redacted_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string once = culprit::redacted_text(text);
  // A template's "{id}" is longer than the segment it stands for; "?" takes the place of at least one byte.
  CHECK(once.size() <= 4 * size + 4, "redaction removes");
  culprit::redacted_text(once);
  return 0;
}
