// JsonParser: parses a foreign JSON text with simdjson, after repairing invalid characters.
//
// simdjson refuses a whole text for one invalid UTF-8 byte or one unpaired surrogate. The parser replaces them by
// U+FFFD and counts them (ledger: bad_utf8, once for each JSON string): the damage is one character, not the request.
// NaN is no valid JSON either, but Python's json module and others write it as a number: it becomes "NaN", the spelling
// of OTLP/JSON.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace simdjson::dom {
class element;
class parser;
}  // namespace simdjson::dom

namespace culprit {

class Intake;

class JsonParser {
 public:
  JsonParser();
  ~JsonParser();

  struct Parsed {
    const simdjson::dom::element* root = nullptr;  // null: not JSON; valid until the next parse
    std::string_view reason;                       // why it is not JSON
    int64_t mended_strings = 0, mended_numbers = 0;
  };
  // `text` must be followed by Framing::kPadding readable bytes.
  Parsed parse(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Counts the repairs in the ledger.
void note_mended(const JsonParser::Parsed& parsed, Intake& intake);

// Returns `text` with invalid characters in its JSON strings replaced, and NaN, Infinity and -Infinity outside of
// strings put into quotes.
struct MendedJson {
  std::string text;
  int64_t strings = 0, numbers = 0;  // number of repaired ones
};
MendedJson mend_json(std::string_view text);

}  // namespace culprit
