// PostgreSQL's EXPLAIN (FORMAT JSON), with or without ANALYZE: which nodes of a plan have a memory limit, how many
// processes run each, and, if the plan was run, what each took.
#pragma once

#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/workmem/worst_case.h"

namespace palloscope::trace {

// `text`: what EXPLAIN printed ([ { "Plan": ... } ]), or one of its objects alone, as auto_explain logs it. In the
// order of the plan, top first. The error says what is missing and where.
core::Result<std::vector<core::PlanOperation>> read_explain_plan(std::string_view text);

}  // namespace palloscope::trace
