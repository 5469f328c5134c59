// Sealer: turns frames into segments. It collects rows, orders them and writes them. Copies of a span are stored once,
// and the other copies are counted. The record contains the counts of received rows from the frames.
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
  // `known`: the earlier sealings. Frames and resources that they contain are not stored again.
  Sealer(SegmentWriter& writer, const Manifest& known);

  // Adds a stored resource or span that may arrive again.
  void know(uint64_t resource) { known_resources_.insert(resource); }
  void know(const Span& span, uint64_t resource) { seen_.insert(fingerprint(span, resource)); }

  // Partly: a frame is damaged or contains parts of a later version. The journal file is the only place of these bytes
  // and must be kept.
  enum class Read { Whole, Partly };
  Result<Read> add_file(std::string_view journal_file, const std::string& name);
  // Counts the bytes of a journal file beyond the reading limit.
  void count_unread(int64_t bytes, const std::string& name);
  Result<void> add(Batch batch);
  // Returns the ids of a batch's resources and stores each resource once. add_rest() adds all rows except the spans.
  std::vector<uint64_t> add_resources(Batch& batch);
  Result<void> add_rest(Batch batch, const std::vector<uint64_t>& resource_ids);
  // Writes the remaining rows. Returns the record without the names of journal files and without derived rows.
  Result<SealRecord> finish();

 private:
  Result<void> write_spans();
  template <class Row>
  Result<void> write_all(std::vector<Row>& rows);
  template <class Row>
  Result<void> gather(std::vector<Row>& to, std::vector<Row>& from);

  SegmentWriter& writer_;
  std::map<FrameIdentity, uint64_t> last_sequences_;
  std::map<FrameIdentity, FrameRange> frames_;  // frames of this sealing
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
