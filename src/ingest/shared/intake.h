// Intake: where every decoder puts what it decoded. Gathers rows into batches for the sink and keeps the account of them:
// each batch says how many units came from the source, and they are its rows plus its rows of kind `refused`, exactly.
//
//   intake.set_resource(...);                 who emits what follows
//   Span& span = intake.begin_span();         filled by the decoder, then
//   intake.end_span();                        kept, or
//   intake.refuse_span("zero span id");       counted
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "base/result.h"
#include "ingest/interface/import_options.h"
#include "ingest/shared/framing.h"
#include "ingest/shared/ids.h"
#include "ingest/shared/redaction.h"
#include "model/sink.h"

namespace culprit {

class Intake {
 public:
  // `format` is what the rows carry as their source; `name` is the file's, for the ledger.
  Intake(Sink& sink, std::string_view format, std::string_view name, const ImportOptions& options);

  ImportSummary& summary() { return summary_; }
  const ImportOptions& options() const { return options_; }
  const std::string& source() const { return summary_.source; }

  // What the rows that follow carry as their source, once a document tells.
  void set_format(std::string_view format);

  // Where the decoder is, for details in the ledger: at("line", 17). The emitter of what follows is not known yet.
  void at(const char* unit, int64_t number);

  void set_resource(Resource resource);
  const Resource& resource() const { return resource_; }

  Span& begin_span();
  void end_span();
  void refuse_span(std::string_view reason);
  void add(LogRecord log);
  void add(MetricPoint metric);
  void refuse(LedgerUnit unit, std::string_view reason);

  // Counts a piece that was cut out of the file; false, and counted, where it is longer than the limit.
  bool piece_fits(const Piece& piece, LedgerUnit unit, int64_t bytes_read);
  // A piece (line, request, document) was of the format, or was not: why, and what it looks like.
  void piece_read() { ++summary_.pieces_read; }
  void piece_unread(LedgerUnit unit, std::string_view reason, std::string_view example = {});

  // Until unmuted, notes and sums are not counted: what follows was counted before.
  void set_muted(bool muted) { muted_ = muted; }
  // A row of the ledger that is not part of the account. `unit`: where it is not the kind's own.
  void note(LedgerKind kind, int64_t n, std::string_view reason = {});
  void note(LedgerKind kind, LedgerUnit unit, int64_t n, std::string_view reason);
  // The same, without saying where: for what is summed over many spans.
  void sum(LedgerKind kind, int64_t n, std::string_view service);

  // An id that was read; zero where there is none. One that is a hash of its text is counted.
  template <class Id>
  Id take_id(const ReadId<Id>& read) {
    if (read.hashed) note(LedgerKind::id_hashed, 1, "an id is no hexadecimal: a hash of its text stands for it");
    return read.id.value_or(Id{});
  }

  // `bytes` as text: valid UTF-8, what is not replaced and counted.
  std::string text(std::string_view bytes);

  // Pushes what is there when it is enough for a batch. Between rows only.
  Result<void> flush_if_full();
  Result<void> flush();

 private:
  // kind, unit, service, detail → n
  using Tally = std::map<std::tuple<LedgerKind, LedgerUnit, std::string, std::string>, int64_t>;

  uint32_t resource_index();
  template <class Row>
  void treat_secrets(Row& row, std::string_view service);
  void count(LedgerKind kind, LedgerUnit unit, int64_t n, std::string_view reason);
  void write_ledger();

  Sink& sink_;
  const ImportOptions& options_;
  std::string format_, name_;
  ImportSummary summary_;
  Batch batch_;
  Tally tally_;
  std::map<LedgerUnit, int64_t> received_;
  std::map<std::string, int, std::less<>> places_given_;  // by reason
  const char* place_unit_ = "line";
  int64_t place_ = 0;
  Resource resource_;
  std::string host_;
  int32_t pid_ = 0;
  bool muted_ = false;
  Redaction redaction_;
  int64_t redacted_in_resource_ = 0;
  bool resource_placed_ = false;  // resource_ stands in batch_ already, at resource_index_
  uint32_t resource_index_ = 0;
  std::multimap<uint64_t, uint32_t> resources_by_hash_;
};

}  // namespace culprit
