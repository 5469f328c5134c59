// doctor: reports what can be recorded on this machine, by which hooks and with which rights, and what grants missing
// rights.
#include "cli/command.h"
#include "cli/print.h"
#include "cli/recording_check.h"

namespace culprit::cli {

Result<int> run_doctor(const Options& options) {
  const RecordingCheck check = check_recording();
  TRY(print(options, options.format == "json" ? check_json(check) : check_text(check, look_of(options).width)));
  if (!check.refused) return 0;
  return check.refused->kind == Error::Kind::Denied ? 5 : 3;
}

}  // namespace culprit::cli
