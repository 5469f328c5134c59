// SpanLedger: counts irregular spans and traces by kind, source and service.
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
  // Counts irregularities that a span alone shows. Attributes that its sender dropped were counted at import.
  void note(const Span& span);
  // Counts irregularities that only a whole trace shows.
  void note(const Trace& trace);

  // Returns the rows in order of kind, source and service.
  std::vector<LedgerRow> rows() const;

 private:
  std::map<std::tuple<std::string, std::string, std::string>, int64_t> counts_;
};

}  // namespace culprit
