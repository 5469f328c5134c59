// JsonStream: a file of JSON documents in any arrangement: one a line, one after the other, in arrays, over several
// lines, behind a logger's prefix, between other output, wrapped into other objects.
//
//   {"resourceSpans":…}                              a document
//   12:00:01 INFO exporter - {"resource":…}          behind a prefix: on the first line, or on every line
//   {"log":"{\"resourceSpans\":…}\n","stream":…}     wrapped: in a string, or {"trace":{…}}, {"result":{…}}, {"hits":[…]}
//
// A document that is longer than the limit, damaged or cut is decoded in parts: damage then costs only the damaged
// rows. Each document is decoded by the first format of the registry that recognises it. The format of the first
// recognised document becomes the file's format.
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
#include "ingest/shared/line_prefix.h"

namespace culprit {

// Returns whether the front of a file contains the start of a JSON document.
bool is_json_stream(std::string_view front);

class JsonStream {
 public:
  JsonStream(Framing& framing, Intake& intake);

  Result<void> run(std::string_view front);

 private:
  Result<void> lines();
  Result<void> values();
  Result<void> prefixed_lines(const LinePrefix& prefix);
  Result<void> prefixed_line(const Piece& line, std::string_view text);
  Result<void> take_document();
  struct TextLine {
    int64_t number = 0;
    std::string reason;
  };
  // The first lines, which are named in the ledger, are kept; a log may have millions of lines.
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
  std::unique_ptr<JsonParser> string_parser_;   // for JSON inside JSON strings
  std::vector<JsonList> lists_;                 // of all formats
  std::map<LedgerUnit, int64_t> damaged_rows_;  // of the document that is decoded in parts
  int64_t damaged_parts_ = 0;                   // parts whose number of rows is unknown
  TextLines text_lines_;
  int64_t line_ = 0;  // where the piece begins
  // The lines so far of a document with a prefix on every line (empty between documents), and its first line's number.
  std::string document_;
  JsonEnd document_end_;
  int64_t document_line_ = 0;
  bool named_ = false;
};

}  // namespace culprit
