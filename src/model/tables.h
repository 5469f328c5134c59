// The table of tables: number, name, type, member and sentence of every column of every row, said once. Frames, Parquet columns,
// SQL's tables, the pages in docs/schema and generated test data are made from these lines. Part of the frame format: append only.
//
//   t.CODING(number in frames, "name in SQL", &Row::member, "What it means.")
//
// `Table` is whatever is done with a column. CODING is how frames hold it (docs/formats/frame.md); SQL's type is the member's.
//   number delta fixed real text   names (an enum, by its list of names)   trace_id (two numbers)   attributes   list
// A new table is a row type with such lines (record_table.h has most), a line in tables.inc, and whoever fills it.
// Named exceptions: trace_high (a span's trace id, whose low half ids() holds), derived (held by describe_derived()), waits (known, and
// one a kind of wait), resource (an index in frames, a hash in tables), own_id (that hash), span_attributes (docs/formats/segment.md).
#pragma once

#include "model/batch.h"
#include "model/record_table.h"
#include "model/span_table.h"

namespace culprit {

constexpr TableInfo table_info(Of<LedgerRow>) {
  return {
      .name = "ledger",
      .sentence = "Something that was lost, refused, cut or guessed, counted. `culprit quality` sums and explains it."};
}
template <class Table>
void describe(Table& t, Of<LedgerRow>) {
  t.delta(1, "time_ns", &LedgerRow::time_ns, "Start of the stretch of time it belongs to; 0: the whole recording.");
  t.text(2, "source", &LedgerRow::source, "Whose data it is about: recorder, or a file's or sender's name.");
  t.text(3, "service", &LedgerRow::service, "The service it is about; empty where it is not tied to one.");
  t.text(4, "stage", &LedgerRow::stage, "Where it was noticed: kernel, reader, wire, ingest, store or analysis.");
  t.text(5, "kind", &LedgerRow::kind, "What it is: the name of a kind of the ledger.");
  t.text(6, "unit", &LedgerRow::unit, "What is counted: span, log, event, byte, frame and so on.");
  t.number(7, "n", &LedgerRow::n, "How many.");
  t.names(8, "evidence", &LedgerRow::evidence, kEvidenceNames,
          "How it is known: exact, bounded, heuristic or unknown.");
  t.text(9, "detail", &LedgerRow::detail, "What else is known, for a person.");
}

// In frames alone; tables have it summed, as the account.
template <class Table>
void describe(Table& t, Of<Received>) {
  t.text(1, "source", &Received::source);
  t.text(2, "unit", &Received::unit);
  t.number(3, "n", &Received::n);
}

// Calls `use(Of<Row>())` for every table of SQL.
template <class Use>
void for_each_table(Use use) {
#define TABLE(section, Row, member) use(Of<Row>());
#define FRAME_ROWS(section, Row, member)
#include "model/tables.inc"
  use(Of<Syscall>());
}

}  // namespace culprit
