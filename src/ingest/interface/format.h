// Format: an import format as the registry sees it: its name, how it is recognised, how it is decoded.
//
// A stream format is recognised by the first bytes of a file and decodes the file to its end. A document format is
// recognised by one JSON value, wherever it is (in a line, in an array, behind a logger's prefix), and decodes that
// value.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"
#include "model/ledger.h"

namespace simdjson::dom {
class element;
}

namespace culprit {

class Framing;
class Intake;

// The size of the front of a file that is used to recognise its format. A JSON line of a real export may have some MB,
// but its first bytes are enough.
constexpr size_t kSniffedBytes = 64 * 1024;

struct StreamFormat {
  std::string_view name;  // stored as the source of its rows
  bool (*sniff)(std::string_view front);
  // Fails only if the source or the sink fails, or the import is cancelled.
  Result<void> (*decode)(Framing& framing, Intake& intake);
};

// A member of a document with a value of any size: an array whose elements are decoded one by one, or an object that
// contains such arrays. If the elements are rows, `row` is their unit.
struct JsonList {
  std::string_view key;
  bool rows = false;
  LedgerUnit row = LedgerUnit::Span;
};

struct DocumentFormat {
  std::string_view name;
  bool (*sniff)(const simdjson::dom::element& document);
  Result<void> (*decode)(const simdjson::dom::element& document, Intake& intake);
  std::span<const JsonList> lists = {};
  bool among_text = false;  // programs print such documents between other output: text around them is no damage
};

}  // namespace culprit
