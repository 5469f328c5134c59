// Rows as the tables store them: a row of a batch with the id of its resource. In a batch, an index identifies the
// resource.
#pragma once

#include <string_view>
#include <type_traits>
#include <utility>

#include "model/batch.h"

namespace culprit {

// Returns the id of a resource in all batches and segments: a hash of its contents. 0 means no resource.
uint64_t resource_id(const Resource& resource);

struct StoredSpan {
  Span* span = nullptr;  // owned by the creator of this row
  uint64_t resource_id = 0;
};
struct StoredLog {
  LogRecord log;
  uint64_t resource_id = 0;
};
struct StoredResource {
  Resource resource;
  uint64_t resource_id = 0;
};

// Returns the model's row within a stored row. The table descriptions refer to it.
template <class Row>
auto& fields_of(Row& row) {
  using Plain = std::remove_const_t<Row>;
  if constexpr (std::is_same_v<Plain, StoredSpan>)
    return *row.span;
  else if constexpr (std::is_same_v<Plain, StoredLog>)
    return row.log;
  else if constexpr (std::is_same_v<Plain, StoredResource>)
    return row.resource;
  else
    return row;
}
// The stored form of a table's rows.
template <class Row>
using StoredAs =
    std::conditional_t<std::is_same_v<Row, Span>, StoredSpan,
                       std::conditional_t<std::is_same_v<Row, LogRecord>, StoredLog,
                                          std::conditional_t<std::is_same_v<Row, Resource>, StoredResource, Row>>>;
// The model's row type of a stored row.
template <class Row>
using RowOf = std::remove_cvref_t<decltype(fields_of(std::declval<Row&>()))>;

}  // namespace culprit
