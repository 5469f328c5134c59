// The table of tables: number, name, type, member and sentence of every column of every row, each defined once. Frames,
// Parquet columns, SQL tables, the pages in docs/schema and generated test data are made from these lines. The lines
// are part of the frame format: new ones are added at the end.
//
//   t.CODING(number in frames, "name in SQL", &Row::member, "The meaning.")
//
// `Table` is the operation on a column. CODING is the encoding in frames (docs/formats/frame.md). The SQL type is the
// member's type.
//   number delta fixed real text   names (an enum, by its list of names)   trace_id (two numbers)   attributes   list
// A new table needs a row type with such lines (record_table.h has most of them), a line in tables.inc, and code that
// fills it.
// Codings for special columns: trace_high (a span's trace id; ids() holds its low half), derived (stored by
// describe_derived()), waits (a flag, and a number per kind of wait), resource (an index in frames, a hash in tables),
// own_id (that hash), span_attributes (docs/formats/segment.md).
#pragma once

#include "model/batch.h"
#include "model/record_table.h"
#include "model/span_table.h"

namespace culprit {

constexpr TableInfo table_info(Of<LedgerRow>) {
  return {
      .name = "ledger",
      .sentence =
          "A count of data that was lost, refused, cut or guessed. `culprit quality` sums and explains the counts."};
}
template <class Table>
void describe(Table& t, Of<LedgerRow>) {
  t.delta(1, "time_ns", &LedgerRow::time_ns, "The start of the time interval; 0: the whole recording.");
  t.text(2, "source", &LedgerRow::source, "The source of the data: recorder, or the name of a file or sender.");
  t.text(3, "service", &LedgerRow::service, "The service of the data; empty: not related to a service.");
  t.text(4, "stage", &LedgerRow::stage, "The stage that noticed it: kernel, reader, wire, ingest, store or analysis.");
  t.text(5, "kind", &LedgerRow::kind, "The name of a ledger kind.");
  t.text(6, "unit", &LedgerRow::unit, "The unit of the count: span, log, event, byte, frame and so on.");
  t.number(7, "n", &LedgerRow::n, "The count.");
  t.names(8, "evidence", &LedgerRow::evidence, kEvidenceNames,
          "The certainty of the count: exact, bounded, heuristic or unknown.");
  t.text(9, "detail", &LedgerRow::detail, "Further information for the user.");
}

// Only in frames. The account shows the sums.
template <class Table>
void describe(Table& t, Of<Received>) {
  t.text(1, "source", &Received::source);
  t.text(2, "unit", &Received::unit);
  t.number(3, "n", &Received::n);
}

// Calls `use(Of<Row>())` for every SQL table.
template <class Use>
void for_each_table(Use use) {
#define TABLE(section, Row, member) use(Of<Row>());
#define FRAME_ROWS(section, Row, member)
#include "model/tables.inc"
  use(Of<Syscall>());
}

}  // namespace culprit
