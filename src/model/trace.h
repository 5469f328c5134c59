// Trace: the spans of one trace as a tree, with the defects of the tree.
//
// The input may be incomplete: parents may be missing, circular, or shorter than their children. Nothing is repaired. A
// span with a missing or circular parent becomes a further root, and `defects` notes it.
//
// The two ends of a call may have the same span id and the same parent (Zipkin, Envoy). The server's end then becomes
// the child of the client's end (kSharedId). A span that names the shared id as its parent is a child of the server's
// end, unless it belongs to the caller's service:
//
//     named:  root ← client 2, root ← server 2, 2 ← statement         linked:  root ── client 2 ── server 2 ── statement
//
// Any other two spans with one id are a collision: both are kept, and the id refers to the first one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/span.h"

namespace culprit {

using SpanIndex = uint32_t;
constexpr SpanIndex kNoSpan = ~SpanIndex{0};

struct Trace {
  TraceId id;
  std::vector<Span> spans;                       // ordered by (start, longer first, span id), without copies
  std::vector<SpanIndex> parent;                 // kNoSpan: a root
  std::vector<std::vector<SpanIndex>> children;  // ordered by start
  std::vector<SpanIndex> roots;                  // ordered by start

  struct Defect {
    std::string_view kind;  // a ledger kind of group Structure or Time
    SpanIndex span;         // kNoSpan: the whole trace
  };
  std::vector<Defect> defects;

  // Returns the root that gives the trace its name and duration: the longest root that names no parent and has no link
  // to a span of the trace; if there is none, the longest root.
  SpanIndex root() const;
};

// Orders and links `spans`, which must have the same trace id.
Trace make_trace(std::vector<Span> spans);

}  // namespace culprit
