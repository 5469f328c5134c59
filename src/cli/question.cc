#include "cli/question.h"

#include "ask/ask.h"
#include "cli/signals.h"

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
  question.cancel = &stop_token();
  return question;
}

Result<std::unique_ptr<DatabaseInspector>> inspector_of(const Options& options) {
  bool has_dsn = options.ask && !options.ask->empty();
  if (options.typed("ask-passfile") && !has_dsn)
    return Error{Error::Kind::Usage, "--ask-passfile is for the server of a DSN, and none is given",
                 "--ask postgresql://USER@HOST:5432/DATABASE; without a DSN a server's own local login counts"};
  if (!options.ask) return std::unique_ptr<DatabaseInspector>();
  return ask::make_inspector({*options.ask, {}, has_dsn ? options.ask_passfile : std::string(), &stop_token()});
}

}  // namespace culprit::cli
