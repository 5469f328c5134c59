// Format: what the registry knows of an import format: its name, how it is recognised, how it is decoded.
//
// A stream format is recognised by the first bytes of a file and decodes the file to its end. A document format is recognised
// by one JSON value, wherever that stands (a line, an array, behind a logger's prefix), and decodes that value.
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

// So much of a file's front is sniffed: a JSON line of a real export is up to a few MB, but tells what it is at once.
constexpr size_t kSniffedBytes = 64 * 1024;

struct StreamFormat {
  std::string_view name;  // what rows carry as their source
  bool (*sniff)(std::string_view front);
  // Fails only where the source, the sink or a cancel token does.
  Result<void> (*decode)(Framing& framing, Intake& intake);
};

// A member of a document whose value may be of any size: an array whose elements are decoded one by one, or an object around
// such arrays. Where the elements are rows, `row` is their unit.
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
  bool among_text = false;  // programs print it between other output: text around it is no damage
};

}  // namespace culprit
