#include <cstdio>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "base/tree.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "ingest/registry/folder.h"
#include "ingest/registry/import.h"
#include "store/interface/open.h"

namespace culprit::cli {

namespace {

struct Input {
  std::string path;
  bool found = false;  // found in a folder: the file may be no trace
};

Result<std::vector<Input>> inputs_of(const std::vector<std::string>& operands) {
  std::vector<Input> inputs;
  for (const std::string& operand : operands) {
    if (!is_folder(operand)) {
      inputs.push_back({operand, false});
      continue;
    }
    for (std::string& file : TRY(files_below(operand))) inputs.push_back({std::move(file), true});
  }
  return inputs;
}

std::string summary_text(const std::string& file, const ImportSummary& summary, bool no_trace) {
  if (summary.format == "unreadable")
    return printable(file) + ": left out: " + printable(summary.reasons.begin()->first) + "\n";
  if (no_trace)
    return printable(file) + ": no trace, left out: it looks like " + printable(summary.unread_example) + "\n";
  std::string text = printable(file) + ": " + summary.format + ", " + format_count(summary.spans) + " spans";
  if (summary.logs != 0) text += ", " + format_count(summary.logs) + " log records";
  if (summary.metrics != 0) text += ", " + format_count(summary.metrics) + " metric points";
  if (summary.refused != 0) text += ", " + format_count(summary.refused) + " refused";
  if (summary.malformed != 0) text += ", " + format_count(summary.malformed) + " damaged pieces";
  return text + "\n";
}

void write_summary(JsonWriter& json, const std::string& file, const ImportSummary& summary) {
  json.begin_object().member("file", file).member("format", summary.format).member("compression", summary.compression);
  json.member("bytes_read", summary.bytes_read).member("bytes_decoded", summary.bytes_decoded);
  json.member("spans", summary.spans).member("logs", summary.logs).member("metrics", summary.metrics);
  json.member("refused", summary.refused).member("malformed", summary.malformed).end_object();
}

class ImportRun {
 public:
  ImportRun(const Options& options, Writer& writer) : options_(options), writer_(writer) {
    json_.begin_object().member("schema", "culprit.import/1").member("store", options.directory);
    json_.key("files").begin_array();
  }

  Result<void> take(const Input& input);
  // Prints what was imported. Returns the exit status: 0, or 3 if less than half of a file could be read.
  Result<int> finish();

 private:
  const Options& options_;
  Writer& writer_;
  std::string text_;
  JsonWriter json_;
  std::vector<Error> unread_;
  // Of the files found in folders.
  int64_t read_ = 0, no_traces_ = 0, unreadable_ = 0;
};

// Of what stands in folders some may be no trace, but not all of it; and most of it can be read.
std::optional<Error> folders_unread(int64_t read, int64_t no_traces, int64_t unreadable) {
  if (unreadable > read)
    return Error{Error::Kind::Corrupt,
                 "less than half of the files could be read: " + format_count(unreadable) + " could not, " +
                     format_count(read) + " could",
                 "see 'left out' above; let this user read them"};
  if (read == 0 && no_traces > 0)
    return Error{Error::Kind::Corrupt, "none of the files found is a trace (" + format_count(no_traces) + " looked at)",
                 "see 'it looks like' above; name a folder that holds traces"};
  return std::nullopt;
}

Result<void> ImportRun::take(const Input& input) {
  Progress progress("importing " + input.path);
  ImportOptions options;
  options.cancel = &stop_token();
  options.secrets = options_.redact ? Secrets::Redacted : Secrets::AsSent;
  options.unknown_file = input.found ? UnknownFile::Counted : UnknownFile::Refused;
  options.progress = [&](const ImportSummary& so_far) {
    progress.tell(format_bytes(static_cast<uint64_t>(so_far.bytes_read)) + ", " + format_count(so_far.spans) +
                  " spans");
  };
  ImportSummary summary = TRY(import_file(input.path, writer_, options));
  bool no_trace = input.found && summary.rows() + summary.refused == 0 && !summary.unread_example.empty();
  if (input.found) ++(summary.format == "unreadable" ? unreadable_ : no_trace ? no_traces_ : read_);
  text_ += summary_text(input.path, summary, no_trace);
  write_summary(json_, input.path, summary);
  if (auto error = no_trace ? std::nullopt : mostly_unread(summary, input.path)) unread_.push_back(std::move(*error));
  return {};
}

Result<int> ImportRun::finish() {
  json_.end_array().end_object();
  if (auto error = folders_unread(read_, no_traces_, unreadable_)) unread_.push_back(std::move(*error));
  std::string store = printable(options_.directory);
  text_ += "→ " + store + "; next: culprit " + (unread_.empty() ? "why " : "quality ") + store + "\n";
  TRY(print(options_, options_.format == "json" ? json_.take() + "\n" : text_));
  for (const Error& error : unread_)
    std::fprintf(stderr, "culprit: %s\n  → %s\n", printable(error.message).c_str(), printable(error.fix).c_str());
  return unread_.empty() ? 0 : 3;
}

Result<void> take_all(ImportRun& run, const std::vector<Input>& inputs, Writer& writer) {
  for (const Input& input : inputs) TRY(run.take(input));
  return writer.close();
}

}  // namespace

Result<int> run_import(const Options& options) {
  if (options.operands.empty())
    return Error{Error::Kind::Usage, "no file to import given", "culprit import traces.jsonl -o shop.culprit"};
  std::vector<Input> inputs = TRY(inputs_of(options.operands));
  if (inputs.empty())
    return Error{Error::Kind::NotFound, "no file to import in '" + options.operands[0] + "'", "name a file or folder"};
  auto writer = TRY(open_writer(options.directory, {}));
  ImportRun run(options, *writer);
  Result<void> taken = take_all(run, inputs, *writer);
  if (!taken.has_value()) {  // a partial store would look like a complete one
    (void)writer->close().has_value();
    writer.reset();
    remove_tree(options.directory);
    return taken.error();
  }
  return run.finish();
}

}  // namespace culprit::cli
