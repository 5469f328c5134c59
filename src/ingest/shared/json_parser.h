// JsonParser: parses one foreign JSON text with simdjson, mending what is only a broken character.
//
// simdjson refuses a whole text for one ill-formed UTF-8 byte or one half of a surrogate pair; those are replaced by U+FFFD
// and counted (ledger: bad_utf8, one a JSON string), so that they cost a character and not a request. Nor is NaN JSON, yet
// Python's json module and others write it for a number: it becomes "NaN", as OTLP/JSON spells it.
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
    const simdjson::dom::element* root = nullptr;  // null: not JSON; good until the next parse
    std::string_view reason;                       // why
    int64_t mended_strings = 0, mended_numbers = 0;
  };
  // `text` must be followed by Framing::kPadding readable bytes.
  Parsed parse(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Counts what had to be mended.
void note_mended(const JsonParser::Parsed& parsed, Intake& intake);

// `text` with broken characters inside its JSON strings replaced, and NaN, Infinity and -Infinity outside them quoted.
struct MendedJson {
  std::string text;
  int64_t strings = 0, numbers = 0;  // that needed it
};
MendedJson mend_json(std::string_view text);

}  // namespace culprit
