// Operations as golden files write them (spec 15.2), so that what the naive model was asked can be replayed with
// `palloscope golden`, and what golden files ask can be put to the model.
#pragma once

#include <nlohmann/json.hpp>

#include "tests/support/naive_model/naive_model.h"

namespace palloscope::test {

const char* golden_name(const Operation& operation);  // "alloc"
nlohmann::json golden_operation(const Operation& operation);
// None for questions (dump, tree, ...) and for what the model does not know (poke, check).
std::optional<Operation> operation_of(const nlohmann::json& golden);

// What "r" says of the outcome.
nlohmann::json golden_result(const Operation& operation, const Outcome& outcome, const NaiveModel& model);
// The model's answer to a question; null for what is none.
nlohmann::json golden_answer(const nlohmann::json& question, const NaiveModel& model);

// A whole file with one sequence.
nlohmann::json golden_document(int major, bool checking, const std::string& sequence, nlohmann::json operations);

}  // namespace palloscope::test
