// Intake: receives what every decoder decodes. It collects rows into batches for the sink and keeps their account: a
// batch states how many units came from the source, which is exactly its rows plus its ledger counts of kind `refused`.
//
//   intake.set_resource(...);                 emitter of the rows that follow
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
  // `format` is stored as the source of the rows; `name` is the file's name, for the ledger.
  Intake(Sink& sink, std::string_view format, std::string_view name, const ImportOptions& options);

  ImportSummary& summary() { return summary_; }
  const ImportOptions& options() const { return options_; }
  const std::string& source() const { return summary_.source; }

  // Sets the source of the rows that follow, when a document shows its format.
  void set_format(std::string_view format);

  // Sets the decoder's position, for details in the ledger: at("line", 17). It also forgets the resource.
  void at(const char* unit, int64_t number);

  void set_resource(Resource resource);
  const Resource& resource() const { return resource_; }

  Span& begin_span();
  void end_span();
  void refuse_span(std::string_view reason);
  void add(LogRecord log);
  void add(MetricPoint metric);
  // Rows about the machine are not part of the account.
  void add(Process process) { batch_.processes.push_back(std::move(process)); }
  void add(HostInfo host) { batch_.hosts.push_back(std::move(host)); }
  void refuse(LedgerUnit unit, std::string_view reason);

  // Counts a piece of the file. Returns false if the piece is longer than the limit, and counts that too.
  bool piece_fits(const Piece& piece, LedgerUnit unit, int64_t bytes_read);
  // A piece (line, request, document) was of the format. piece_unread(): it was not; `reason` says why, and `example`
  // shows the piece.
  void piece_read() { ++summary_.pieces_read; }
  void piece_unread(LedgerUnit unit, std::string_view reason, std::string_view example = {});

  // Counts lines of text between documents: other output of the program.
  void text_lines(int64_t n);

  // While muted, notes and sums are not counted: the rows that follow repeat data that was counted before.
  void set_muted(bool muted) { muted_ = muted; }
  // Adds a ledger row that is not part of the account. `unit` is needed only if it differs from the kind's own unit.
  void note(LedgerKind kind, int64_t n, std::string_view reason = {});
  void note(LedgerKind kind, LedgerUnit unit, int64_t n, std::string_view reason);
  // The same without a place, for counts summed over many spans.
  void sum(LedgerKind kind, int64_t n, std::string_view service);

  // Returns the id, or zero if there is none. An id that is a hash of its text is counted.
  template <class Id>
  Id take_id(const ReadId<Id>& read) {
    if (read.hashed) note(LedgerKind::id_hashed, 1, "an id is not hexadecimal: replaced by a hash of its text");
    return read.id.value_or(Id{});
  }

  // Returns `bytes` as valid UTF-8; invalid bytes are replaced and counted.
  std::string text(std::string_view bytes);

  // Pushes a batch if enough rows are collected. Must not be called between begin_span() and end_span().
  Result<void> flush_if_full();
  Result<void> flush();

 private:
  // Maps (kind, unit, service, detail) to n.
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
  bool resource_placed_ = false;  // resource_ is in batch_ already, at resource_index_
  uint32_t resource_index_ = 0;
  std::multimap<uint64_t, uint32_t> resources_by_hash_;
};

}  // namespace culprit
