// Rows as tables hold them: a batch's rows with the one thing that a batch says by position, whose resource it is.
#pragma once

#include <string_view>
#include <type_traits>
#include <utility>

#include "model/batch.h"

namespace culprit {

// What identifies a resource across batches and segments: a hash of all that it says. 0: none was given.
uint64_t resource_id(const Resource& resource);

struct StoredSpan {
  Span* span = nullptr;  // owned by whoever made this row
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

// The row of the model in a stored one, which is what tables describe.
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
// How rows of a table are stored.
template <class Row>
using StoredAs =
    std::conditional_t<std::is_same_v<Row, Span>, StoredSpan,
                       std::conditional_t<std::is_same_v<Row, LogRecord>, StoredLog,
                                          std::conditional_t<std::is_same_v<Row, Resource>, StoredResource, Row>>>;
// Whose description is a stored row's.
template <class Row>
using RowOf = std::remove_cvref_t<decltype(fields_of(std::declval<Row&>()))>;

}  // namespace culprit
