#include "cli/recording.h"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>

#include "base/json.h"
#include "base/text.h"
#include "base/tree.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "store/interface/open.h"

namespace culprit::cli {

capture::RecordOptions record_options_of(const Options& options) {
  constexpr uint64_t kLargestRing = 1u << 30;  // the kernel side stores the size in 32 bits
  capture::RecordOptions record;
  record.pids.assign(options.pids.begin(), options.pids.end());
  record.duration_ns = options.duration_ns;
  if (options.ring_size_bytes != 0)
    record.ring_size_bytes = static_cast<uint32_t>(std::min(options.ring_size_bytes, kLargestRing));
  record.database_probes = options.tier != "T0";
  return record;
}

Error kept_in(const std::string& directory, Error error) {
  if (error.kind == Error::Kind::Cancelled) return error;
  error.message += "; the data recorded until then are in '" + directory + "'";
  if (error.fix.empty()) error.fix = "culprit quality " + shell_quoted(directory);
  return error;
}

Result<capture::RecordSummary> record_into(const std::string& directory, capture::RecordOptions options) {
  EndsRecording ends_recording;
  auto writer = TRY(open_writer(directory, {.when_full = WriterOptions::WhenFull::Shed}));
  Progress progress("recording");
  if (options.stop == nullptr) options.stop = &stop_requested();
  int64_t duration_ns = options.duration_ns;
  options.on_progress = [&](const capture::RecordProgress& so_far) {
    std::string of = duration_ns > 0 ? " of " + format_duration(duration_ns) : "";
    progress.tell(format_duration(so_far.elapsed_ns) + of + ", " + format_count(static_cast<int64_t>(so_far.events)) +
                  " events, " + format_count(static_cast<int64_t>(so_far.requests)) + " requests");
  };
  auto summary = capture::record(options, *writer);
  auto closed = writer->close();
  // Without a frame nothing was recorded, and the directory is removed; a directory with a frame is kept.
  if (writer->frames_written() == 0)
    remove_unwritten(directory);
  else if (!summary.has_value() || !closed.has_value())
    return kept_in(directory, summary.has_value() ? closed.error() : summary.error());
  TRY(std::move(closed));
  return summary;
}

std::string default_directory() {
  time_t now = wall_ns() / 1'000'000'000;
  std::tm parts = {};
  gmtime_r(&now, &parts);
  char name[64];
  std::strftime(name, sizeof name, "culprit-%Y-%m-%d-%H%M%S.culprit", &parts);
  return name;
}

std::optional<Zone> zone_of(const Options& options) {
  report::Look look = look_of(options);
  return look.window ? std::optional(look.zone) : std::nullopt;
}

std::string summary_text(const capture::RecordSummary& summary, const std::string& directory,
                         std::optional<Zone> zone) {
  int64_t length_ns = summary.host.ended_ns - summary.host.started_ns;
  double share = length_ns > 0 ? static_cast<double>(summary.recorder_cpu_ns) / static_cast<double>(length_ns) : 0;
  auto count = [](uint64_t n) { return format_count(static_cast<int64_t>(n)); };
  std::string text = "record  " + format_duration(length_ns) + "   tiers " + summary.host.tiers + "   recorder " +
                     format_share(share) + " of one CPU   " + count(summary.requests) + " requests\n";
  text += "        " + count(summary.events) + " events = " + count(summary.kept) + " kept + " + count(summary.lost) +
          " lost   →  " + printable(directory) + " (" + format_bytes(tree_bytes(directory)) + ")\n";
  if (zone)
    text += "        from " + format_time(summary.host.started_ns, *zone) + " to " +
            format_time(summary.host.ended_ns, *zone) + "\n";
  for (const std::string& line : summary.asked) text += "        " + printable(line) + "\n";
  for (const capture::ProbeState& probe : summary.counts.probes)
    if (probe.state != capture::ProbeState::State::Attached && probe.state != capture::ProbeState::State::Off)
      text += "        without " + printable(probe.name) + ": " + printable(probe.reason) + "\n";
  return text;
}

std::string summary_json(const capture::RecordSummary& summary, const std::string& directory) {
  JsonWriter json(JsonWriter::Style::Indented);
  json.begin_object().member("schema", "culprit.record/1").member("directory", directory);
  json.member("from_ns", summary.host.started_ns)
      .member("to_ns", summary.host.ended_ns)
      .member("tiers", summary.host.tiers);
  json.member("scope", summary.host.scope).member("events", summary.events).member("events_kept", summary.kept);
  json.member("events_lost", summary.lost)
      .member("event_bytes", summary.event_bytes)
      .member("requests", summary.requests);
  json.member("recorder_cpu_ns", summary.recorder_cpu_ns)
      .member("bytes", tree_bytes(directory))
      .key("probes")
      .begin_array();
  static constexpr const char* kStates[] = {"attached", "missing", "failed", "over_budget", "off"};
  for (const capture::ProbeState& probe : summary.counts.probes) {
    json.begin_object().member("name", probe.name).member("state", kStates[static_cast<int>(probe.state)]);
    if (!probe.reason.empty()) json.member("reason", probe.reason);
    if (probe.cost_ns != 0) json.member("cost_ns", probe.cost_ns);
    json.end_object();
  }
  json.end_array().key("types").begin_array();
  for (size_t type = 0; type < capture::kEventTypes; ++type) {
    if (capture::event_name(type).empty()) continue;
    json.begin_object().member("name", capture::event_name(type)).member("kept", summary.counts.kept[type]);
    json.member("lost", summary.counts.lost[type]).end_object();
  }
  json.end_array().key("tables").begin_array();
  for (const TableSize& table : summary.tables)
    json.begin_object()
        .member("name", table.name)
        .member("most", table.entries)
        .member("limit", table.limit)
        .end_object();
  json.end_array().end_object();
  return json.take() + "\n";
}

}  // namespace culprit::cli
