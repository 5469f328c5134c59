// Texts of /proc contain names that processes and containers choose for themselves.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "capture/host/interpreter.h"
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
  if (parse_cgroup(text).size() > size) std::abort();
  if (parse_throttled_ns(text) < 0) std::abort();
  if (const CpuList list = parse_cpus_allowed(text); list.text.empty() != (list.cpus == 0) || list.cpus < 0)
    std::abort();
  // A command line: words that end with NUL, the interpreter's first.
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size() && words.size() < 64;) {
    const size_t end = std::min(text.find('\0', at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (!words.empty() && script_of(base_name(words[0]), words).size() > size) std::abort();
  return 0;
}
