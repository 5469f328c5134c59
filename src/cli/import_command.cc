#include <sys/stat.h>

#include "base/json.h"
#include "base/text.h"
#include "base/tree.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "ingest/registry/import.h"
#include "store/interface/open.h"

namespace culprit::cli {

namespace {

std::string summary_text(const std::string& file, const ImportSummary& summary) {
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

}  // namespace

Result<int> run_import(const Options& options) {
  if (options.operands.empty())
    return Error{Error::Kind::Usage, "no file to import given", "culprit import traces.jsonl -o shop.culprit"};
  auto writer = TRY(open_writer(options.directory, {}));
  std::string text;
  JsonWriter json;
  json.begin_object()
      .member("schema", "culprit.import/1")
      .member("store", options.directory)
      .key("files")
      .begin_array();
  for (const std::string& file : options.operands) {
    Progress progress("importing " + file);
    ImportOptions import_options;
    import_options.progress = [&](const ImportSummary& so_far) {
      progress.tell(format_bytes(static_cast<uint64_t>(so_far.bytes_read)) + ", " + format_count(so_far.spans) +
                    " spans");
    };
    auto summary = import_file(file, *writer, import_options);
    if (!summary.has_value()) {  // half a store would look like a whole one
      TRY(writer->close());
      remove_tree(options.directory);
      return summary.error();
    }
    text += summary_text(file, summary.value());
    write_summary(json, file, summary.value());
  }
  json.end_array().end_object();
  TRY(writer->close());
  text += "→ " + printable(options.directory) + "; next: culprit why " + printable(options.directory) + "\n";
  TRY(print(options, options.format == "json" ? json.take() + "\n" : text));
  return 0;
}

}  // namespace culprit::cli
