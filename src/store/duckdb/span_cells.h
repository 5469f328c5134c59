// SpanCells: the attributes of spans as columns. Frequent keys have their own column in the segment. Other attributes
// are in maps. A short text per row gives the order and the place of its attributes (docs/formats/segment.md).
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/duckdb/filler.h"
#include "store/duckdb/row_reader.h"
#include "store/files/stored.h"

namespace culprit {

using PromotedKeys = std::vector<std::pair<std::string, char>>;  // key, and the letter of its type: b, i, d or s

// The limit of promoted keys. More columns cost more for writing and for `SELECT *` than they save: 200 sparse columns
// took five times the CPU time.
constexpr size_t kMaxPromoted = 64;

// The keys that get their own column: those that occur with one type in at least 1 % of the rows, the most frequent
// first. `also` lists the keys among them, or keys that differ only in case (SQL names ignore case), that also have
// values outside of the column.
struct Promotion {
  PromotedKeys columns;
  std::vector<std::string> also;
};
Promotion choose_promoted(const std::vector<StoredSpan>& spans);

// Returns `text` with ASCII letters in lower case, because SQL names ignore case.
std::string lower(std::string_view text);

// Returns the names and types of all columns of a span segment, in order.
NamedTypes span_columns(const DuckdbApi& api, const PromotedKeys& promoted);

class SpanCells {
 public:
  SpanCells(const DuckdbApi& api, const PromotedKeys& promoted);

  // Functions that write and read the attribute columns. `vectors` are the vectors after the fixed columns.
  void fill(TextCounts& counts, const std::vector<duckdb_vector>& vectors, const std::vector<StoredSpan*>& rows);
  void read(const std::vector<duckdb_vector>& vectors, const std::vector<StoredSpan*>& rows) const;
  // Returns the attributes of the first `rows` rows in their original order. If `vectors` lacks the promoted columns,
  // returns only the attributes in the maps.
  std::vector<Attributes> read(const std::vector<duckdb_vector>& vectors, size_t rows) const;

 private:
  struct Rest {
    std::string key, type, value;
  };
  struct Chunk;
  void place(Chunk& chunk, size_t row, const Attribute& attribute, std::string& order);
  void write_columns(TextCounts& counts, const std::vector<duckdb_vector>& vectors, const Chunk& chunk);

  const DuckdbApi& api_;
  const PromotedKeys& promoted_;
  std::unordered_map<std::string_view, size_t> index_;
};

}  // namespace culprit
