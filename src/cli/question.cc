#include "cli/question.h"

#include "ask/ask.h"

namespace culprit::cli {

Result<analysis::Question> question_of(const Options& options) {
  analysis::Question question;
  if (options.from_ns) question.from_ns = *options.from_ns;
  if (options.to_ns) question.to_ns = *options.to_ns;
  if (question.from_ns >= question.to_ns)
    return Error{Error::Kind::Usage, "the window ends before it begins", "--from must be before --to"};
  question.service = options.service;
  question.operation = options.operation;
  question.statement = options.statement;
  return question;
}

Result<std::unique_ptr<DatabaseInspector>> inquiry_of(const Options& options,
                                                      const std::vector<std::string>& data_directories) {
  if (!options.ask) return std::unique_ptr<DatabaseInspector>();
  return ask::make_inquiry({*options.ask, data_directories});
}

}  // namespace culprit::cli
