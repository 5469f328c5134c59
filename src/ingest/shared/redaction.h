// Redaction of imported rows (--redact): statements without literals, paths as templates, secrets masked.
//
// The rule depends on the attribute's key, as in the semantic conventions, older names included:
//
//   db.query.text  db.statement              normalised: SELECT … WHERE id = ?
//   db.query.parameter.*                     ?
//   url.full  url.path  http.target …        redact_target(): the query's values become ?, the path a template
//   process.command_line, …args              redact_command()
//   a key that names a secret                ?       (password, token, authorization, cookie …)
//   any other text, names, bodies, messages  words that look like a key or token become ?
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "model/record.h"
#include "model/span.h"

namespace culprit {

class Redaction {
 public:
  Redaction();
  ~Redaction();
  // Each overload returns the number of texts that were changed.
  int64_t apply(Span& span);
  int64_t apply(LogRecord& log);
  int64_t apply(MetricPoint& metric);
  int64_t apply(Resource& resource);

  // Counts the attributes that look like secrets in rows that are stored as sent: judged by their key, or by the
  // contents of a URL or command line.
  int64_t suspected(const Attributes& attributes);

 private:
  enum class Content : uint8_t;
  class Keys;

  int64_t apply(Attributes& attributes);
  int64_t apply(Attribute& attribute, std::string_view system);

  std::unique_ptr<Keys> keys_;
};

}  // namespace culprit
