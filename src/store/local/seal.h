// Sealer: frames become segments. Rows gather, are ordered and written; copies of a span are stored once and counted;
// the account of what the frames said was received goes into the record with them.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/frame.h"
#include "store/duckdb/segment_writer.h"
#include "store/files/fingerprint.h"
#include "store/files/manifest.h"
#include "store/files/scan.h"
#include "store/local/span_ledger.h"

namespace culprit {

class Sealer {
 public:
  // `known` are the frames sealed before: their sequence numbers and resources are not taken twice.
  Sealer(SegmentWriter& writer, const Manifest& known);

  // What earlier sealings stored, as far as it may come again.
  void know(uint64_t resource) { known_resources_.insert(resource); }
  void know(const Span& span, uint64_t resource) { seen_.insert(fingerprint(span, resource)); }

  // Partly: a frame is damaged, or holds what a later version wrote; the file is still the only place where that is.
  enum class Read { Whole, Partly };
  Result<Read> add_file(std::string_view journal_file, const std::string& name);
  // Bytes of a journal file that are beyond what is read of one.
  void count_unread(int64_t bytes, const std::string& name);
  Result<void> add(Batch batch);
  // The ids of a batch's resources, each resource stored once; and all its rows but the spans.
  std::vector<uint64_t> add_resources(Batch& batch);
  Result<void> add_rest(Batch batch, const std::vector<uint64_t>& resource_ids);
  // Writes what is left. The record has everything but the journal files' names and derived rows.
  Result<SealRecord> finish();

 private:
  Result<void> write_spans();
  template <class Row>
  Result<void> write_all(std::vector<Row>& rows);
  template <class Row>
  Result<void> gather(std::vector<Row>& to, std::vector<Row>& from);

  SegmentWriter& writer_;
  std::map<FrameIdentity, uint64_t> last_sequences_;
  std::map<FrameIdentity, FrameRange> frames_;  // sealed now
  std::vector<Span> spans_;
  std::vector<uint64_t> span_resources_;
  std::vector<StoredLog> logs_;
  std::vector<StoredResource> resources_;
  std::set<uint64_t> known_resources_;
  Batch gathered_;                                                   // rows of the other tables
  std::map<std::pair<std::string, std::string>, int64_t> received_;  // by source and unit
  SpanLedger counts_;
  SeenSet seen_;
  SealRecord record_;
};

}  // namespace culprit
