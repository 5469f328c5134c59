#include "cli/question.h"

#include "ask/ask.h"
#include "cli/arguments.h"
#include "cli/progress.h"

namespace culprit::cli {

Result<analysis::Question> question_of(const Options& options) {
  analysis::Question question;
  if (!options.from.empty()) question.from_ns = TRY(parse_time(options.from, wall_ns()));
  if (!options.to.empty()) question.to_ns = TRY(parse_time(options.to, wall_ns()));
  question.service = options.service;
  question.operation = options.operation;
  question.statement = options.statement;
  return question;
}

Result<std::unique_ptr<DatabaseInspector>> inquiry_of(const Options& options,
                                                      const std::vector<std::string>& data_directories) {
  if (!options.ask) return std::unique_ptr<DatabaseInspector>();
  return ask::make_inquiry({options.dsn, data_directories});
}

}  // namespace culprit::cli
