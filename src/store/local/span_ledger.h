// SpanLedger: what is odd about spans and their traces, counted by kind, source and service.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "model/ledger.h"
#include "model/span.h"
#include "model/trace.h"

namespace culprit {

class SpanLedger {
 public:
  void count(std::string_view kind, int64_t n, const Span& span);
  // What a span alone shows to be odd; what its sender dropped was counted when it was taken in.
  void note(const Span& span);
  // What only its trace shows.
  void note(const Trace& trace);

  // In order of kind, source and service.
  std::vector<LedgerRow> rows() const;

 private:
  std::map<std::tuple<std::string, std::string, std::string>, int64_t> counts_;
};

}  // namespace culprit
