// Trace: the spans of one trace as a tree, with what is wrong with the tree.
//
// Built from whatever arrived: parents may be missing, circular, or shorter than their children. Nothing is repaired;
// spans whose parent is missing or circular become further roots, and say so in `defects`.
//
// The two ends of a call may carry one span id and one parent (Zipkin, Envoy): the server's end is then the child of the
// client's (kSharedId), and what names the shared id as its parent is the server's, but for spans of the caller's own service:
//
//     named:  root ← client 2, root ← server 2, 2 ← statement         linked:  root ── client 2 ── server 2 ── statement
//
// Any other two spans under one id are a collision: both stay, the first one has the id.
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
  std::vector<Span> spans;                       // by (start, longer first, span id); copies of one span are gone
  std::vector<SpanIndex> parent;                 // kNoSpan: a root
  std::vector<std::vector<SpanIndex>> children;  // in order of start
  std::vector<SpanIndex> roots;                  // in order of start

  struct Defect {
    std::string_view kind;  // a ledger kind of group structure or time
    SpanIndex span;         // kNoSpan: the trace
  };
  std::vector<Defect> defects;

  // The root that the trace is named and timed by: the longest of those that name no parent and follow from nothing in the
  // trace; where there is none, the longest.
  SpanIndex root() const;
};

// Orders and links `spans`, which carry one trace id.
Trace make_trace(std::vector<Span> spans);

}  // namespace culprit
