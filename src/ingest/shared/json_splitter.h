// JsonSplitter: cuts one JSON document of any size into documents of the same shape that fit into memory.
//
//   {"a":1,"rows":[r1,r2,r3]}   →   {"a":1,"rows":[r1,r2]}  {"culprit.repeated":true,"a":1,"rows":[r3]}
//
// A format's lists (JsonList) define where a document may be cut: between the elements of an array with such a key,
// inside objects with such keys. Any other object or array is cut in the same way if it is longer than a row may be, or
// incomplete. The other members of an object are its context, wherever they are in the object, and are repeated in every
// part: Jaeger's "processes" come after the spans. Rows are never cut. In text that ends early or is damaged, complete
// rows become parts, and the damage is reported.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/interface/format.h"

namespace culprit {

class SpilledText;

// Marks an object whose context was in an earlier part: errors in it are counted already.
inline constexpr std::string_view kRepeatedContext = "culprit.repeated";

class JsonSplitter {
 public:
  struct Limits {
    size_t part_bytes;     // size of the rows in a part, approximately; a part has at least one row
    size_t max_row_bytes;  // a longer row or context is left out
  };
  // `spilled`: the file on disk that holds `document`; its pages are released after they were scanned. May be null.
  JsonSplitter(std::string_view document, std::span<const JsonList> lists, Limits limits,
               const SpilledText* spilled = nullptr);

  struct Part {
    std::string text;               // a document, with Framing::kPadding bytes of capacity behind it; empty: see damage
    std::string_view damage;        // the reason why there is no document
    std::optional<LedgerUnit> row;  // the unit of the damaged row; none: the damage is not in a row
    size_t offset = 0;              // position in the document: of the first row, or of the damage
    size_t rows = 0;
  };
  std::optional<Part> next();

 private:
  static constexpr size_t kNone = ~size_t{0};
  static constexpr size_t kMostLevels = 40;  // a format's own levels below the deepest wrapping

  struct List {
    std::string_view key;
    size_t value = 0;  // position of its value
    const JsonList* kind = nullptr;
  };
  // An object or array of the current walk.
  struct Level {
    bool object = true;
    std::string context;  // "\"a\":1,"
    std::vector<List> lists;
    size_t list = 0;       // index of the current list in `lists`
    size_t at = kNone;     // position in its array; kNone: not started
    bool entered = false;  // its value is an object, which is the next level of the stack
    bool repeated = false;
  };

  const JsonList* list_of(std::string_view key) const;
  size_t skip_separators(size_t at) const;
  size_t value_end(size_t at) const;
  void push(size_t at);
  Level scan_object(size_t at);
  std::optional<Part> collect();
  Part finish(Part part);
  std::string opening();
  std::string closing() const;

  std::string_view document_;
  std::span<const JsonList> lists_;
  Limits limits_;
  const SpilledText* spilled_;
  std::vector<Level> levels_;
  std::optional<Part> damage_;  // found during the scan, returned next
};

}  // namespace culprit
