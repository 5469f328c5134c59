#include "capture/kernel/statement_reader.h"

#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace culprit::capture {
namespace {

// A shorter statement may end before it can be read, and reading would cost too much compared with its duration.
constexpr uint64_t kLongNs = 200'000'000;
constexpr size_t kTextLimit = 4096;  // the limit of a probe's text: TEXT_LIMIT of bpf/report.h
// The most processes remembered as not belonging to a server. A machine with more of them forgets all and examines them
// again.
constexpr size_t kMostBackends = 65'536;

// Returns how many bytes could be read: reading stops at the first page that is not mapped.
size_t read_memory(int32_t pid, uint64_t address, void* into, size_t size) {
  iovec local{into, size};
  iovec remote{reinterpret_cast<void*>(address), size};
  const ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);
  return n > 0 ? static_cast<size_t>(n) : 0;
}

}  // namespace

void StatementReader::unwatch(const ServerProgram& server) {
  servers_.erase(server.key);
  backends_.clear();
  due_.clear();
}

StatementReader::Backend& StatementReader::at(int32_t pid) {
  if (backends_.size() >= kMostBackends) backends_.clear();
  auto [place, fresh] = backends_.try_emplace(pid);
  Backend& backend = place->second;
  if (!fresh) return backend;
  auto server = servers_.find(program_key(pid));
  if (server == servers_.end()) return backend;
  backend.pointer = address_in(pid, server->second);
  backend.server = backend.pointer != 0;
  return backend;
}

void StatementReader::on_data(int32_t pid, bool sent, uint64_t time_ns) {
  if (sent) return;
  Backend& backend = at(pid);
  if (!backend.server) return;
  backend.since_ns = time_ns;
  backend.read = false;
  due_[pid] = time_ns;
}

std::vector<StatementReader::Statement> StatementReader::take(uint64_t now_ns, uint64_t horizon_ns) {
  std::vector<Statement> ready;
  std::erase_if(reads_, [&](Read& read) {
    if (read.statement.time_ns > horizon_ns) return false;
    auto backend = backends_.find(read.statement.pid);
    // A message came in between: the text may belong to that message or to the one before.
    if (backend != backends_.end() && backend->second.since_ns == read.since_ns)
      ready.push_back(std::move(read.statement));
    return true;
  });
  std::erase_if(due_, [&](const auto& due) {
    const auto [pid, since_ns] = due;
    if (now_ns < since_ns + kLongNs) return false;
    auto backend = backends_.find(pid);
    if (backend == backends_.end() || backend->second.read) return true;
    backend->second.read = true;
    uint64_t address = 0;
    if (read_memory(pid, backend->second.pointer, &address, sizeof address) != sizeof address || address == 0)
      return true;
    char text[kTextLimit];
    const size_t n = read_memory(pid, address, text, sizeof text);
    const size_t length = strnlen(text, n);
    if (length != 0) reads_.push_back({{pid, now_ns, std::string(text, length), length == n}, since_ns});
    return true;
  });
  return ready;
}

}  // namespace culprit::capture
