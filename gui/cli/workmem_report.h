// What palloscope workmem answers, written as text, CSV or JSON.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "core/shmem/shmem_map.h"
#include "core/workmem/trial.h"
#include "core/workmem/worst_case.h"

namespace palloscope::gui::cli {

// What was asked for.
struct WorkmemWish {
  std::string what, format = "text", plan_file, base = "6MB", order = "random", column;
  std::vector<std::string> assignments;
  core::TrialSpec trial;
};

struct WorkmemSettings {
  core::ServerSettings server;
  std::optional<core::ShmemMap> shared;  // of the worst case
};

void write_worst(const core::WorstCase& all, const WorkmemSettings& settings,
                 const std::vector<core::PlanOperation>& plan, const WorkmemWish& wish, std::ostream& out);
void write_trial(const core::Trial& trial, const WorkmemWish& wish, const core::WorkSettings& work, std::ostream& out);

}  // namespace palloscope::gui::cli
