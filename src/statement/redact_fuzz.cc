#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "statement/redact.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace culprit;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  CHECK(valid_utf8(redact_command(text).text), "what goes into a frame is UTF-8");
  CHECK(valid_utf8(redact_target(text).text), "what goes into a frame is UTF-8");
  CHECK(valid_utf8(redact_path(text).text), "what goes into a frame is UTF-8");
  std::string route = path_template(text).text;
  CHECK(path_template(route).text == route, "the template of a template is the template");
  return 0;
}
