// Attributes of spans in columns: frequent keys have a column of their own in the segment, the rest stands in maps, and
// one short text a row says in which order they came and where each is. docs/formats/segment.md explains it.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/duckdb/filler.h"
#include "store/duckdb/row_reader.h"
#include "store/files/stored.h"

namespace culprit {

using PromotedKeys = std::vector<std::pair<std::string, char>>;  // key, and b i d s for its type

// More columns cost more in writing and in `SELECT *` than they save (measured: 200 sparse ones, five times the CPU).
constexpr size_t kMaxPromoted = 64;

// The keys worth a column here: in at least 1 % of the rows with one type, the most frequent first. `also` are those of
// them, or other spellings of them (SQL's names have no case), that have values outside the column.
struct Promotion {
  PromotedKeys columns;
  std::vector<std::string> also;
};
Promotion choose_promoted(const std::vector<StoredSpan>& spans);

// `text` with ASCII letters lower case, as SQL compares names.
std::string lower(std::string_view text);

// Names and types of all columns of a span segment, in order.
NamedTypes span_columns(const DuckdbApi& api, const PromotedKeys& promoted);

class SpanCells {
 public:
  SpanCells(const DuckdbApi& api, const PromotedKeys& promoted);

  // `vectors` are those after the fixed columns.
  void fill(TextCounts& counts, const std::vector<duckdb_vector>& vectors, const std::vector<StoredSpan*>& rows);
  void read(const std::vector<duckdb_vector>& vectors, const std::vector<StoredSpan*>& rows) const;
  // The attributes of the first `rows` rows, in the order they came. Without all columns in `vectors`: those that stand
  // elsewhere.
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
