// JsonStream: a file of JSON documents, in whatever way they stand in it: one a line, one behind the other, in arrays, over
// several lines, behind a logger's prefix, between other output, wrapped into other objects.
//
//   {"resourceSpans":…}                              a document
//   12:00:01 INFO exporter - {"resource":…}          behind a prefix
//   {"log":"{\"resourceSpans\":…}\n","stream":…}     wrapped: in a string, or {"trace":{…}}, {"result":{…}}, {"hits":[…]}
//
// A document longer than the limit, and one that is damaged or cut, is taken in parts: a row is what damage costs.
// Each document is decoded by the first format of the registry that recognises it. The first recognised one names the file.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ingest/interface/format.h"
#include "ingest/shared/framing.h"
#include "ingest/shared/intake.h"
#include "ingest/shared/json_parser.h"
#include "ingest/shared/json_splitter.h"

namespace culprit {

// Whether a JSON document begins in a file's front.
bool is_json_stream(std::string_view front);

class JsonStream {
 public:
  JsonStream(Framing& framing, Intake& intake);

  Result<void> run(std::string_view front);

 private:
  Result<void> lines();
  Result<void> values();
  struct TextLine {
    int64_t number = 0;
    std::string reason;
  };
  // Those that are named are kept; a log has millions.
  struct TextLines {
    static constexpr size_t kKept = 16;
    int64_t count = 0;
    std::vector<TextLine> first;
    void add(TextLine line) {
      ++count;
      if (first.size() < kKept) first.push_back(std::move(line));
    }
  };

  void count_text_lines();
  Result<void> piece(const Piece& piece, std::string_view text);
  Result<void> large(const Piece& piece);
  Result<void> within(std::string_view text, std::string_view reason);
  Result<bool> take_parts(std::string_view text, JsonSplitter::Limits limits, const SpilledText* spilled);
  Result<bool> take_part(const JsonSplitter::Part& part);
  Result<bool> take(const simdjson::dom::element& element, int depth);
  Result<bool> take_members(const simdjson::dom::element& element, int depth);
  Result<bool> take_string(std::string_view text);

  Framing& framing_;
  Intake& intake_;
  JsonParser parser_;
  std::unique_ptr<JsonParser> string_parser_;   // of JSON in JSON's strings
  std::vector<JsonList> lists_;                 // of all formats
  std::map<LedgerUnit, int64_t> damaged_rows_;  // of the document that is taken in parts
  int64_t damaged_parts_ = 0;                   // those whose rows cannot be told
  TextLines text_lines_;
  int64_t line_ = 0;  // where the piece begins
  bool named_ = false;
};

}  // namespace culprit
