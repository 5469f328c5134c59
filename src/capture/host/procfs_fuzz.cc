// /proc's texts hold names that processes and containers choose for themselves.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "capture/host/procfs.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace culprit::capture;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!culprit::valid_utf8(parse_stat(text, 100).name)) std::abort();
  parse_tcp_table(text, ListeningSocket::Family::Inet);
  if (const SocketAddress near = find_near_end(text, {"127.0.0.1", 4660}); near.port == 0 && !near.address.empty())
    std::abort();
  for (const ListeningSocket& one : parse_unix_table(text))
    if (!culprit::valid_utf8(one.address)) std::abort();
  for (const std::string& group : parse_quota_groups(text))
    if (!group.starts_with("/sys/fs/cgroup")) std::abort();
  if (parse_throttled_ns(text) < 0) std::abort();
  return 0;
}
