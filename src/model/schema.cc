#include "model/schema.h"

namespace culprit {

namespace {

constexpr std::string_view kAttributeTypes =
    "One letter an entry of the map, in its order: e(mpty) b(oolean) i(nteger) d(ouble) s(tring) y (bytes, as hex) "
    "n(ested, as "
    "JSON) h (a string that is not UTF-8, as hex); upper case: the key is hex too.";

// What every span has, wherever it comes from.
std::vector<ColumnDoc> span_columns() {
  return {
      {"trace_id", "VARCHAR", "The trace it belongs to: 32 lower-case hex digits."},
      {"span_id", "UBIGINT", "Its id within the trace, as a number; printf('%016x', span_id) is the usual form."},
      {"parent_span_id", "UBIGINT", "The span that caused it, as sent; 0 where there is none."},
      {"start_ns", "BIGINT", "When it began: wall clock of its host, nanoseconds since 1970, as observed."},
      {"duration_ns", "BIGINT",
       "How long it took, in nanoseconds; negative where the sender said it ended before it began. A recorded "
       "request begins "
       "when its first bytes leave (client) or have come (server), and ends with the last of its answer likewise."},
      {"service", "VARCHAR", "What people call the program that did it."},
      {"name", "VARCHAR",
       "What was done, of few different values: an operation, a route, a statement without its literals."},
      {"kind", "VARCHAR", "unspecified, internal, server, client, producer or consumer."},
      {"status", "VARCHAR", "unset, ok or error."},
      {"status_message", "VARCHAR", "What the program said about an error."},
      {"link", "VARCHAR",
       "How its parent is known: none, reported (the span says so), connection (two ends of one socket), "
       "same_thread, wake_up "
       "or containment (the likeliest request under way)."},
      {"link_confidence", "FLOAT", "How sure that is, from 0 to 1."},
      {"source", "VARCHAR", "Who saw it: recorder, otlp, otlp-json, jaeger, notation."},
      {"host", "VARCHAR", "The machine it ran on."},
      {"pid", "INTEGER", "The process it ran in, as in table process; 0 where unknown."},
      {"tid", "INTEGER", "The thread it ran on; 0 where unknown or several."},
      {"connection", "UBIGINT", "The end of a socket it was seen on, as in table connection; 0 for none."},
      {"weight", "DOUBLE", "It stands for so many spans: one over the probability with which it was kept."},
      {"flags", "UINTEGER",
       "Bits: 1 orphan, 2 negative duration, 4 unfinished, 8 begun before the recording, 16 statement text "
       "unknown, 32 text "
       "cut, 64 bytes missing while it ran, 128 events lost while it ran, 256 several statements at once, 512 "
       "opaque, 1024 "
       "duplicate, 2048 the same call as its parent seen by another observer, 4096 its connection ended before the "
       "answer did, 8192 the server's end of a call under its client's id (set by `culprit show` alone, as 1 and 2)."},
      {"otel_flags", "UINTEGER", "The flags field of OpenTelemetry, as sent."},
      {"dropped_attributes", "UINTEGER", "Attributes that the sender dropped."},
      {"dropped_events", "UINTEGER", "Events that the sender dropped."},
      {"dropped_links", "UINTEGER", "Links that the sender dropped."},
      {"received_ns", "BIGINT", "When it reached us: our wall clock; 0 where it was not noted."},
      {"trace_state", "VARCHAR", "The W3C tracestate, as sent."},
      {"resource_id", "UBIGINT", "Who emitted it, as in table resource; 0 for none."}};
}

// What only some have: the recorder's waits, and what programs say besides.
std::vector<ColumnDoc> span_detail_columns() {
  return {
      {"running_ns", "BIGINT", "Of its duration, on a CPU; NULL where nobody watched its threads. So the seven below."},
      {"runnable_ns", "BIGINT", "Ready and waiting for a CPU."},
      {"lock_ns", "BIGINT", "Waiting for something that another thread of the same program gives free."},
      {"disk_ns", "BIGINT", "Waiting for a block device or a flush."},
      {"network_ns", "BIGINT", "Waiting for bytes under way, or for room in a socket, between machines."},
      {"peer_ns", "BIGINT", "Waiting for another program's answer."},
      {"sleep_ns", "BIGINT", "Waiting for time to pass."},
      {"other_ns", "BIGINT", "Blocked for a reason that is not known."},
      {"blockers",
       "STRUCT(\"wait\" VARCHAR, pid INTEGER, tid INTEGER, duration_ns BIGINT, count INTEGER, \"statement\" "
       "VARCHAR)[]",
       "Who it waited for, longest first: in which kind of wait, how long, how often, and the last statement of "
       "the holder."},
      {"events",
       "STRUCT(time_ns BIGINT, \"name\" VARCHAR, \"attributes\" MAP(VARCHAR, VARCHAR), attribute_types VARCHAR, "
       "dropped_attributes UINTEGER)[]",
       "What happened during it, as the program said; the letters of attribute_types are explained in table log."},
      {"links",
       "STRUCT(trace_id VARCHAR, span_id UBIGINT, trace_state VARCHAR, \"attributes\" MAP(VARCHAR, VARCHAR), "
       "attribute_types "
       "VARCHAR, flags UINTEGER, dropped_attributes UINTEGER)[]",
       "Spans elsewhere that it names besides its parent."},
      {"attributes", "MAP(VARCHAR, VARCHAR)",
       "Its attributes: the first value of every key, as text; bytes and keys that are not UTF-8 as hex."},
      {"attributes_number", "MAP(VARCHAR, DOUBLE)",
       "Of its attributes those that are numbers: the first of every key, integers up to 2^53."},
      {"attributes_rest", "STRUCT(\"key\" VARCHAR, \"type\" VARCHAR, \"value\" VARCHAR)[]",
       "Of its attributes those that neither a column nor a map of the segment holds exactly: bytes, nested values, "
       "repeated keys, integers over 2^53."},
      {"attribute_order", "VARCHAR",
       "Where each attribute is, in the order they came: one character each, see segment.md."}};
}

TableDoc span_table() {
  TableDoc table = {
      "span",
      "A piece of work with a begin and an end: a span that a program reported, or a request as its caller's (kind "
      "client) or "
      "its server's (kind server) end of a socket saw it. Attribute keys that are frequent in a segment are "
      "further columns, "
      "named by the key whatever its case: \"http.route\", \"db.query.text\"; a key whose values are of several types "
      "is "
      "VARCHAR.",
      span_columns()};
  std::vector<ColumnDoc> details = span_detail_columns();
  table.columns.insert(table.columns.end(), details.begin(), details.end());
  return table;
}

TableDoc thread_state_table() {
  return {"thread_state",
          "A stretch of one thread: running, ready, or waiting for something.",
          {{"pid", "INTEGER", "The process."},
           {"tid", "INTEGER", "The thread."},
           {"start_ns", "BIGINT", "When the stretch began: wall clock, nanoseconds since 1970."},
           {"duration_ns", "BIGINT", "How long it lasted."},
           {"state", "VARCHAR", "running, runnable, lock, disk, network, peer, sleep or other."},
           {"syscall", "SMALLINT", "The number of the system call it waited in; -1 for none or unknown."},
           {"waker_pid", "INTEGER", "The process that ended the wait; 0: an interrupt, a timer, or unknown."},
           {"waker_tid", "INTEGER", "The thread that ended the wait; 0: an interrupt, a timer, or unknown."},
           {"span_id", "UBIGINT", "The request it worked on; 0 for none."}}};
}

TableDoc syscall_table() {
  return {"syscall",
          "A system call, or a bucket of equal calls where they were counted. Kept for the tiers that record calls; "
          "else empty.",
          {{"pid", "INTEGER", "The process that called."},
           {"tid", "INTEGER", "The thread that called."},
           {"number", "SMALLINT", "The call's number on this machine."},
           {"name", "VARCHAR", "The call's name."},
           {"start_ns", "BIGINT", "When it, or the bucket, began: wall clock, nanoseconds since 1970."},
           {"duration_ns", "BIGINT", "How long it took; of a bucket, the sum."},
           {"count", "BIGINT", "Calls that this row stands for."},
           {"result", "BIGINT", "What it returned; negative: the error's number."},
           {"bytes", "BIGINT", "Bytes it moved."},
           {"connection", "UBIGINT", "The end of a socket it was for; 0 for none."}}};
}

TableDoc log_table() {
  return {"log",
          "One record of a log.",
          {{"time_ns", "BIGINT", "When it was written: wall clock of its host; 0 where it does not say."},
           {"observed_ns", "BIGINT", "When a collector first saw it; 0 where it does not say."},
           {"severity", "INTEGER",
            "OpenTelemetry's number: 1–4 trace, 5–8 debug, 9–12 info, 13–16 warn, 17–20 error, 21–24 fatal."},
           {"severity_text", "VARCHAR", "The severity in the program's own words."},
           {"body", "VARCHAR", "The message."},
           {"event_name", "VARCHAR", "The event's name, where the record is an event."},
           {"trace_id", "VARCHAR", "The trace it was written in; 32 zeros for none."},
           {"span_id", "UBIGINT", "The span it was written in; 0 for none."},
           {"service", "VARCHAR", "What people call the program that wrote it."},
           {"source", "VARCHAR", "Who gave it to us."},
           {"host", "VARCHAR", "The machine it was written on."},
           {"pid", "INTEGER", "The process that wrote it; 0 where unknown."},
           {"tid", "INTEGER", "The thread that wrote it; 0 where unknown."},
           {"otel_flags", "UINTEGER", "The flags field of OpenTelemetry, as sent."},
           {"dropped_attributes", "UINTEGER", "Attributes that the sender dropped."},
           {"resource_id", "UBIGINT", "Who emitted it, as in table resource; 0 for none."},
           {"attributes", "MAP(VARCHAR, VARCHAR)", "Its attributes, values as text."},
           {"attribute_types", "VARCHAR", kAttributeTypes}}};
}

TableDoc metric_table() {
  return {"metric",
          "One sample of a number about something.",
          {{"time_ns", "BIGINT", "When it was true: wall clock, nanoseconds since 1970."},
           {"entity", "VARCHAR", "What it is about: a service, a process, a host."},
           {"name", "VARCHAR", "The metric's name."},
           {"unit", "VARCHAR", "Its unit, as UCUM writes it; empty where none was said."},
           {"value", "DOUBLE", "The number."},
           {"source", "VARCHAR", "Who gave it to us."},
           {"attributes", "MAP(VARCHAR, VARCHAR)", "Its attributes, values as text."},
           {"attribute_types", "VARCHAR", kAttributeTypes}}};
}

TableDoc process_table() {
  return {"process",
          "A program that ran. Process ids come again; host, pid and start together are one program.",
          {{"host", "VARCHAR", "The machine."},
           {"pid", "INTEGER", "Its process id."},
           {"parent_pid", "INTEGER", "Who started it."},
           {"started_ns", "BIGINT", "When it began: wall clock, nanoseconds since 1970."},
           {"exited_ns", "BIGINT", "When it ended; 0: alive when last seen."},
           {"exit_code", "INTEGER", "How it ended, as wait(2) says."},
           {"name", "VARCHAR", "Its short name (comm)."},
           {"executable", "VARCHAR", "The file it runs."},
           {"command", "VARCHAR", "Its command line, secrets masked."},
           {"service", "VARCHAR", "What people call it: OTEL_SERVICE_NAME, else its unit or program."},
           {"cgroup", "VARCHAR", "Its control group."},
           {"recorded", "BOOLEAN", "Whether its threads were watched."},
           {"running_ns", "BIGINT", "CPU time it got during the recording."},
           {"runnable_ns", "BIGINT", "Time its threads were ready and had no CPU, during the recording."},
           {"throttled_ns", "BIGINT",
            "Time for which CPU quotas stopped its control group, or one above it, during the recording."}},
          "host, pid, started_ns",
          "exited_ns DESC, running_ns + runnable_ns DESC, name DESC"};
}

TableDoc connection_table() {
  return {"connection",
          "One end of a socket; where both ends are recorded there are two rows.",
          {{"id", "UBIGINT", "This end."},
           {"peer_id", "UBIGINT", "The row of the other end; 0 where it was not recorded."},
           {"pid", "INTEGER", "Who uses this end."},
           {"peer_pid", "INTEGER", "Who uses the other end; 0 where unknown."},
           {"server", "BOOLEAN", "Whether this end accepts requests."},
           {"transport", "VARCHAR", "tcp or unix."},
           {"local", "VARCHAR", "This end's address, such as 127.0.0.1:5432 or unix:/run/x; empty where unknown."},
           {"peer", "VARCHAR", "The other end's address."},
           {"protocol", "VARCHAR", "postgresql, http, tls or unknown."},
           {"encrypted", "BOOLEAN", "Whether its bytes could not be read."},
           {"opened_ns", "BIGINT", "When it was opened; 0: before the recording."},
           {"closed_ns", "BIGINT", "When it was closed; 0: after the recording."},
           {"bytes_sent", "UBIGINT", "Bytes this end sent during the recording."},
           {"bytes_received", "UBIGINT", "Bytes this end received during the recording."},
           {"retransmits", "UINTEGER", "Segments that TCP sent again."},
           {"requests", "UBIGINT", "Requests seen on it."},
           {"lost_bytes", "UBIGINT", "Bytes that were not seen, in holes."}},
          "id, local, peer",
          "closed_ns DESC, requests DESC, bytes_sent + bytes_received DESC, peer_id DESC"};
}

TableDoc host_table() {
  return {"host",
          "A machine, and one recording of it.",
          {{"name", "VARCHAR", "Its name."},
           {"host_id", "UBIGINT", "A hash of /etc/machine-id."},
           {"boot_id", "VARCHAR", "Which start of the machine it was."},
           {"run_id", "VARCHAR", "Which recording it was."},
           {"kernel", "VARCHAR", "The kernel's release."},
           {"cpus", "INTEGER", "CPUs it has."},
           {"memory_bytes", "UBIGINT", "Memory it has."},
           {"started_ns", "BIGINT", "When the recording began: wall clock, nanoseconds since 1970."},
           {"ended_ns", "BIGINT", "When it ended."},
           {"cpu_busy_ns", "BIGINT", "Time that CPUs were busy, all summed, of cpus × (ended - started)."},
           {"tiers", "VARCHAR", "What was recorded: T0, T0+T1 and so on."},
           {"scope", "VARCHAR", "Of whom: all, pids, a control group, a command."},
           {"recorder_cpu_ns", "BIGINT", "CPU time that the recorder itself used."},
           {"events", "UBIGINT", "Events that the kernel handed over."},
           {"events_lost", "UBIGINT", "Events that it could not hand over; each is in the ledger too."}},
          "host_id, run_id",
          "ended_ns DESC, events DESC"};
}

TableDoc resource_table() {
  return {"resource",
          "Who emits spans or logs: a resource of OpenTelemetry with a scope, each combination once.",
          {{"resource_id", "UBIGINT", "What spans and logs name it by: a hash of all the rest."},
           {"service", "VARCHAR", "service.name; empty where it was not given."},
           {"attributes", "MAP(VARCHAR, VARCHAR)", "The resource's attributes, values as text."},
           {"attribute_types", "VARCHAR", kAttributeTypes},
           {"schema_url", "VARCHAR", "The schema that the resource's names follow."},
           {"scope_name", "VARCHAR", "The instrumentation library."},
           {"scope_version", "VARCHAR", "Its version."},
           {"scope_schema_url", "VARCHAR", "The schema that its names follow."},
           {"scope_attributes", "MAP(VARCHAR, VARCHAR)", "The scope's attributes, values as text."},
           {"scope_attribute_types", "VARCHAR", kAttributeTypes},
           {"dropped_attributes", "UINTEGER", "Attributes that the sender dropped."}}};
}

TableDoc ledger_table() {
  return {"ledger",
          "Something that was lost, refused, cut or guessed, counted. `culprit quality` sums and explains it.",
          {{"time_ns", "BIGINT", "Start of the stretch of time it belongs to; 0: the whole recording."},
           {"source", "VARCHAR", "Whose data it is about: recorder, or a file's or sender's name."},
           {"service", "VARCHAR", "The service it is about; empty where it is not tied to one."},
           {"stage", "VARCHAR", "Where it was noticed: kernel, reader, wire, ingest, store or analysis."},
           {"kind", "VARCHAR", "What it is: the name of a kind of the ledger."},
           {"unit", "VARCHAR", "What is counted: span, log, event, byte, frame and so on."},
           {"n", "BIGINT", "How many."},
           {"evidence", "VARCHAR", "How it is known: exact, bounded, heuristic or unknown."},
           {"detail", "VARCHAR", "What else is known, for a person."}}};
}

}  // namespace

const std::vector<TableDoc>& schema() {
  static const std::vector<TableDoc> kTables = {
      span_table(),    thread_state_table(), syscall_table(), log_table(),      metric_table(),
      process_table(), connection_table(),   host_table(),    resource_table(), ledger_table()};
  return kTables;
}

std::string schema_page(const TableDoc& table) {
  std::string page =
      "# Table `" + std::string(table.name) + "`\n\n" + std::string(table.sentence) +
      (table.subject.empty() ? "" : " Told again while it changes: the last is shown.") +
      "\n\nMade from src/model/schema.cc (model_test with CULPRIT_ACCEPT=1); change it there.\n\n| column | type | "
      "meaning |\n|---|---|---|\n";
  for (const ColumnDoc& column : table.columns)
    page += "| `" + std::string(column.name) + "` | `" + std::string(column.type) + "` | " +
            std::string(column.sentence) + " |\n";
  return page;
}

}  // namespace culprit
