#include "base/json.h"
#include "cli/command.h"

namespace culprit::cli {

Result<int> run_version(const Options& options) {
  std::string text = "culprit " CULPRIT_VERSION "\n";
  if (options.format == "json") {
    JsonWriter json;
    json.begin_object().member("schema", "culprit.version/1").member("version", CULPRIT_VERSION).end_object();
    text = json.take() + "\n";
  }
  TRY(print(options, text));
  return 0;
}

}  // namespace culprit::cli
