#include "store/interface/open.h"

#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <optional>

#include "base/text.h"
#include "store/files/file.h"
#include "store/files/layout.h"
#include "store/local/damage.h"
#include "store/local/private_place.h"
#include "store/local/sealing.h"
#include "store/local/store_reader.h"

namespace culprit {

namespace {

// Leaves damaged segments out and notes them. DuckDB does not detect flipped bits, so a damaged segment would give
// wrong results.
Result<void> drop_damaged(Snapshot& snapshot, uint64_t checked_bytes) {
  uint64_t total = 0;
  for (const SegmentFile& segment : snapshot.segments) total += segment.info.size_bytes;
  std::vector<SegmentFile> sound;
  for (SegmentFile& segment : snapshot.segments) {
    if (segment.checked) {
      sound.push_back(std::move(segment));
      continue;
    }
    std::string damage = damage_of(segment, total <= checked_bytes ? Check::EveryBlock : Check::Size, snapshot.cancel);
    TRY(check_cancelled(snapshot.cancel));
    if (damage.empty()) {
      segment.checked = total <= checked_bytes;
      sound.push_back(std::move(segment));
      continue;
    }
    for (LedgerRow& row : damage_rows(segment, damage)) snapshot.noticed.push_back(std::move(row));
  }
  snapshot.segments = std::move(sound);
  return {};
}

// Returns an absolute path. DuckDB gets the readable directories by path, and they must not depend on the working
// directory.
std::string absolute(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) != nullptr ? std::string(resolved) : path;
}

std::unique_ptr<Reader> as_reader(std::unique_ptr<StoreReader> reader) { return reader; }

// Seals the store in place if the lock is held. If that fails (a full disk, a foreign file), seals privately, so that
// the query still works.
Result<Snapshot> sealed(const Layout& layout, const std::optional<File>& lock, const ReaderOptions& options) {
  if (!lock) return seal_privately(layout, options.cancel);
  auto in_place = seal_in_place(layout, options);
  if (in_place.has_value() || in_place.error().kind == Error::Kind::Cancelled) return in_place;
  Snapshot snapshot = TRY(seal_privately(layout, options.cancel));
  snapshot.noticed.push_back(
      ledger_row(LedgerKind::refused, 1, "store", "store",
                 "could not be sealed in place, and was read privately: " + in_place.error().message));
  snapshot.noticed.back().unit = to_string(LedgerUnit::File);
  return snapshot;
}

}  // namespace

Result<std::unique_ptr<Reader>> open_reader(const std::string& path, ReaderOptions options) {
  Layout layout{absolute(path)};
  if (!path_exists(path))
    return Error{Error::Kind::NotFound, "cannot open '" + path + "': no such directory",
                 "record one: sudo culprit record -a -o " + shell_quoted(path)};
  if (!path_exists(layout.journal()) || !path_exists(layout.segments()))
    return Error{Error::Kind::Corrupt, "'" + path + "' is not a recording or a store",
                 "name a directory that record, import or serve has made"};
  std::optional<File> lock;
  if (options.seal == ReaderOptions::Seal::Lazily) {
    auto opened = File::open(layout.lock(), O_RDWR);
    bool ours = opened.has_value() && access(layout.segments().c_str(), W_OK) == 0 &&
                access(layout.journal().c_str(), W_OK) == 0;
    if (ours && opened.value().try_lock()) lock = std::move(opened).value();
  }
  Snapshot snapshot = TRY(sealed(layout, lock, options));
  snapshot.cancel = options.cancel;
  TRY(drop_damaged(snapshot, options.checked_at_open_bytes));
  return as_reader(TRY(StoreReader::open(std::move(snapshot))));
}

Result<std::unique_ptr<Reader>> open_memory(std::vector<Batch> batches) {
  return as_reader(TRY(StoreReader::open(TRY(seal_batches(std::move(batches), private_parents())))));
}

}  // namespace culprit
