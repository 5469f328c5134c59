// Redaction of imported rows (--redact): statements without literals, paths as templates, secrets masked.
//
// By attribute, as the semantic conventions name them, old names too:
//
//   db.query.text  db.statement              normalised: SELECT … WHERE id = ?
//   db.query.parameter.*                     ?
//   url.full  url.path  http.target …        redact_target(): the query's values are ?, the path is a template
//   process.command_line, …args              redact_command()
//   a key that speaks of a secret            ?       (password, token, authorization, cookie …)
//   any other text, names, bodies, messages  words that look like a key or token are ?
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
  // Each returns how many texts were changed.
  int64_t apply(Span& span);
  int64_t apply(LogRecord& log);
  int64_t apply(MetricPoint& metric);
  int64_t apply(Resource& resource);

  // Attributes that look like secrets, where they are stored as sent: by their key, or by what stands in a URL or command line.
  int64_t suspected(const Attributes& attributes);

 private:
  enum class Content : uint8_t;
  class Keys;

  int64_t apply(Attributes& attributes);
  int64_t apply(Attribute& attribute, std::string_view system);

  std::unique_ptr<Keys> keys_;
};

// Whether a key's name says that its value is a secret.
bool names_secret(std::string_view key);

}  // namespace culprit
