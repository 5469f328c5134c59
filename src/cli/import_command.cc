#include <cstdio>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "base/tree.h"
#include "cli/command.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/recording.h"
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

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Returns the ledger row of an input that could not be imported.
LedgerRow failed_row(const std::string& path, const Error& error) {
  LedgerRow row = ledger_row(LedgerKind::refused, 1, base_name(path), "ingest", error.message);
  row.unit = to_string(LedgerUnit::File);
  return row;
}

class ImportRun {
 public:
  ImportRun(const Options& options, Writer& writer) : options_(options), writer_(writer) {
    json_.begin_object().member("schema", "culprit.import/1").member("store", options.directory);
    json_.key("files").begin_array();
  }

  // Imports all inputs. Error if the store cannot be written, if a stop was requested, or if no input could be
  // imported.
  Result<void> take_all(const std::vector<Input>& inputs);
  // Returns the path of the current or last input.
  const std::string& current() const { return current_; }
  // Prints what was imported. Returns the exit status: 0, or 3 if a file, or more than half of one, could not be read.
  Result<int> finish();

 private:
  Result<void> take(const Input& input);
  Result<void> put_aside(const Input& input, Error error);

  const Options& options_;
  Writer& writer_;
  std::string text_, current_;
  JsonWriter json_;
  std::vector<Error> unread_;
  // Numbers of files found in folders.
  int64_t read_ = 0, no_traces_ = 0, unreadable_ = 0;
  std::vector<LedgerRow> failed_;
  size_t taken_ = 0;
};

// Returns an error if all files found in folders are no traces, or if more than half of them could not be read.
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
  Result<ImportSummary> imported = import_file(input.path, writer_, options);
  if (!imported.has_value()) return put_aside(input, imported.error());
  const ImportSummary& summary = imported.value();
  ++taken_;
  bool no_trace = input.found && summary.rows() + summary.refused == 0 && !summary.unread_example.empty();
  if (input.found) ++(summary.format == "unreadable" ? unreadable_ : no_trace ? no_traces_ : read_);
  text_ += summary_text(input.path, summary, no_trace);
  write_summary(json_, input.path, summary);
  if (auto error = no_trace ? std::nullopt : mostly_unread(summary, input.path)) unread_.push_back(std::move(*error));
  return {};
}

// Counts an input that failed. Its stored rows stay, and the next inputs follow while the store can be written.
Result<void> ImportRun::put_aside(const Input& input, Error error) {
  if (error.kind == Error::Kind::Cancelled || error.kind == Error::Kind::Full) return error;
  if (writer_.frames_written() > 0 && !writer_.flush().has_value()) return error;
  text_ += printable(input.path) + ": not taken in: " + printable(error.message) + "\n";
  json_.begin_object().member("file", input.path).member("error", error.message).end_object();
  failed_.push_back(failed_row(input.path, error));
  unread_.push_back(std::move(error));
  return {};
}

Result<void> ImportRun::take_all(const std::vector<Input>& inputs) {
  for (const Input& input : inputs) {
    current_ = input.path;
    TRY(take(input));
  }
  if (taken_ == 0 && writer_.frames_written() == 0) return unread_.front();
  if (!failed_.empty()) {
    Batch account;
    account.ledger = std::move(failed_);
    TRY(writer_.push(std::move(account)));
  }
  return writer_.close();
}

Result<int> ImportRun::finish() {
  json_.end_array().end_object();
  if (auto error = folders_unread(read_, no_traces_, unreadable_)) unread_.push_back(std::move(*error));
  std::string store = printable(options_.directory);
  text_ += "→ " + store + "; next: culprit " + (unread_.empty() ? "why " : "quality ") +
           printable(shell_quoted(options_.directory)) + "\n";
  TRY(print(options_, options_.format == "json" ? json_.take() + "\n" : text_));
  for (const Error& error : unread_) tell_error(error);
  return unread_.empty() ? 0 : 3;
}

// Cleans up after an import that ended early. A stop on request removes the store. Otherwise a store with frames stays,
// and its
// ledger names the input.
Error ended_early(const std::string& directory, Writer& writer, const std::string& input, Error error) {
  bool on_request = error.kind == Error::Kind::Cancelled;
  if (on_request || writer.frames_written() == 0) {
    (void)writer.close().has_value();  // the first error is reported
    on_request ? remove_tree(directory) : remove_unwritten(directory);
    return error;
  }
  bool told = writer.close_with(failed_row(input, error)).has_value();
  error = kept_in(directory, std::move(error));
  if (!told) error.message += ", and its ledger does not say so";
  return error;
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
  Result<void> taken = run.take_all(inputs);
  if (!taken.has_value()) return ended_early(options.directory, *writer, run.current(), taken.error());
  return run.finish();
}

}  // namespace culprit::cli
