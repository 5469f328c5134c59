// JsonSplitter: cuts one JSON document of any size into documents of the same shape that fit into memory.
//
//   {"a":1,"rows":[r1,r2,r3]}   →   {"a":1,"rows":[r1,r2]}  {"culprit.repeated":true,"a":1,"rows":[r3]}
//
// A format's lists (JsonList) say where a document may be cut: between the elements of an array under such a key, and under
// objects with such a key. The other members of an object are its context, wherever they stand in it, and go with every part:
// Jaeger's "processes" come behind the spans. Rows are never cut. Works on text that ends early or is damaged: what is
// whole becomes a part, the rest is told.
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

// Marks an object whose context an earlier part had: what is wrong with that is counted already.
inline constexpr std::string_view kRepeatedContext = "culprit.repeated";

class JsonSplitter {
 public:
  struct Limits {
    size_t part_bytes;     // parts hold rows of about so much, at least one
    size_t max_row_bytes;  // a longer row or context is left out
  };
  // `spilled`: where `document` lies on disk; its pages are released once they were looked at. May be null.
  JsonSplitter(std::string_view document, std::span<const JsonList> lists, Limits limits,
               const SpilledText* spilled = nullptr);

  struct Part {
    std::string text;         // a document, followed by Framing::kPadding bytes in its capacity; empty: see damage
    std::string_view damage;  // what stands here is no part of one: why
    std::optional<LedgerUnit> row;  // the unit of what stands here; none: it is no row
    size_t offset = 0;              // in the document: of the first row, or the damage
    size_t rows = 0;
  };
  std::optional<Part> next();

 private:
  static constexpr size_t kNone = ~size_t{0};
  static constexpr size_t kMostLevels = 16;

  struct List {
    std::string_view key;
    size_t value = 0;  // offset of its value
    const JsonList* kind = nullptr;
  };
  // An object or array that is being walked.
  struct Level {
    bool object = true;
    std::string context;  // "\"a\":1,"
    std::vector<List> lists;
    size_t list = 0;       // of lists: the one that is walked
    size_t at = kNone;     // in its array; kNone: not begun
    bool entered = false;  // its value is an object, which is on the stack above
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
  std::optional<Part> damage_;  // found while scanning, told next
};

}  // namespace culprit
