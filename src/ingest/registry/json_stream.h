// JsonStream: a file of JSON documents, in whatever way they stand in it: one a line, one behind the other, in arrays, over
// several lines, behind a logger's prefix, between other output, wrapped into other objects.
//
//   {"resourceSpans":…}                              a document
//   12:00:01 INFO exporter - {"resource":…}          behind a prefix
//   {"log":"{\"resourceSpans\":…}\n","stream":…}     wrapped: in a string, or {"trace":{…}}, {"result":{…}}, {"hits":[…]}
//
// Each document is decoded by the first format of the registry that recognises it. The first recognised one names the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ingest/interface/format.h"
#include "ingest/shared/framing.h"
#include "ingest/shared/intake.h"
#include "ingest/shared/json_parser.h"

namespace culprit {

// Whether a JSON document begins in a file's front.
bool is_json_stream(std::string_view front);

class JsonStream {
 public:
  JsonStream(Framing& framing, Intake& intake) : framing_(framing), intake_(intake) {}

  Result<void> run(std::string_view front);

 private:
  Result<void> lines();
  Result<void> values();
  Result<void> piece(std::string_view text);
  Result<void> within(std::string_view text, std::string_view reason);
  Result<bool> take(const simdjson::dom::element& element, int depth);
  Result<bool> take_members(const simdjson::dom::element& element, int depth);
  Result<bool> take_string(std::string_view text);

  Framing& framing_;
  Intake& intake_;
  JsonParser parser_;
  std::unique_ptr<JsonParser> string_parser_;  // of JSON in JSON's strings
  bool named_ = false;
};

}  // namespace culprit
