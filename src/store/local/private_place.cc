#include "store/local/private_place.h"

#include <cstdlib>

namespace culprit {

std::vector<std::string> private_parents() {
  std::vector<std::string> parents;
  if (const char* named = std::getenv("TMPDIR"); named != nullptr && *named != '\0') parents.emplace_back(named);
  parents.emplace_back("/var/tmp");  // usually on a disk: recordings may be larger than memory
  parents.emplace_back("/tmp");
  return parents;
}

Result<Snapshot> in_private_place(const std::vector<std::string>& parents,
                                  const std::function<Result<Snapshot>(const SegmentWriter::Place&)>& work) {
  for (const std::string& parent : parents) {
    auto directory = TemporaryDirectory::create_in(parent, "culprit-store");
    if (!directory.has_value()) continue;
    auto snapshot = work({.directory = directory.value().path(), .keep = SegmentWriter::Keep::ForNow});
    if (!snapshot.has_value() && snapshot.error().kind == Error::Kind::Cancelled) return snapshot;
    if (!snapshot.has_value()) continue;
    snapshot.value().private_directory = std::move(directory).value();
    return snapshot;
  }
  return work({.directory = {}, .keep = SegmentWriter::Keep::InMemory});
}

}  // namespace culprit
