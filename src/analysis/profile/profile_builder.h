// ProfileBuilder: reads one source, trace after trace, into a workload profile and its surroundings.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analysis/profile/workload_profile.h"
#include "analysis/quality/quality.h"
#include "analysis/question/question.h"

namespace culprit::analysis {

class ProfileBuilder {
 public:
  // `names` must outlive the builder.
  explicit ProfileBuilder(Interner& names) : names_(names) {}

  Result<void> read(Reader& reader, DatabaseInspector* inquiry, const Question& question);

  const WorkloadProfile& population() const { return *population_; }
  Seen seen() const;
  bool asked() const { return around_.asked; }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  Result<void> read_traces(Reader& reader, const Question& question);

  Interner& names_;
  Surroundings around_;
  std::unique_ptr<WorkloadProfile> population_;
  std::vector<std::string> problems_;  // questions that failed
  bool foreign_ = false;
};

}  // namespace culprit::analysis
