#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ask/index_keys.h"
#include "ask/passfile.h"
#include "ask/plan.h"
#include "ask/postmaster.h"
#include "ask/reply_codec.h"
#include "base/check.h"

// Texts that come from a server, or from any process that can write such a file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  culprit::ask::parse_postmaster_file(text);
  culprit::ask::Scan scan = culprit::ask::most_expensive_scan(text);
  culprit::ask::Table table{scan.alias, {{"id", "integer"}, {"name", "text"}}, [](const std::string&) { return true; }};
  culprit::ask::keys_of_filter(text, table);
  culprit::ask::keys_of_filter(scan.filter, table);
  culprit::ask::keys_of_sort(scan.sort_keys, table);
  culprit::ask::with_parameters(text);
  for (const std::vector<std::string>& row : culprit::ask::decode_reply(text, size % 12).rows)
    CHECK(row.size() == size % 12, "a row has as many columns as were asked for");
  culprit::ask::decode_request(text);
  culprit::ask::password_in(text, {{"host", "db"}, {"user", "u"}});
  return 0;
}
