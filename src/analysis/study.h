// Study: one source read through, trace after trace, into a population and what surrounds it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analysis/population.h"
#include "analysis/quality/quality.h"
#include "analysis/why.h"

namespace culprit::analysis {

class Study {
 public:
  // `names` outlives it.
  explicit Study(Names& names) : names_(names) {}

  Result<void> read(Reader& reader, Inquiry* inquiry, const Question& question);

  const Population& population() const { return *population_; }
  Seen seen() const;
  bool asked() const { return around_.asked; }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  Names& names_;
  Surroundings around_;
  std::unique_ptr<Population> population_;
  std::vector<std::string> problems_;  // what could not be asked
  bool foreign_ = false;
};

}  // namespace culprit::analysis
