#include "core/version/operation_rules.h"

#include <array>

namespace palloscope::core {
namespace {

constexpr OperationRules pg15() { return {.major = 15, .sort = {}, .hash_join = {}, .hash_aggregate = {}}; }

constexpr OperationRules pg16() {
  OperationRules rules = pg15();
  rules.major = 16;
  rules.sort.any_column_is_datum = true;
  rules.hash_join.has_spill_context = true;
  rules.hash_aggregate.chunk_header_bytes = 8;
  return rules;
}

constexpr OperationRules pg17() {
  OperationRules rules = pg16();
  rules.major = 17;
  rules.sort.bump_tuples = true;
  rules.sort.counts_datum_values = false;
  rules.sort.frees_written_tuples = false;
  return rules;
}

constexpr OperationRules pg18() {
  OperationRules rules = pg17();
  rules.major = 18;
  rules.hash_join.functions_in_table = false;
  rules.hash_join.balances_batches = true;
  rules.hash_aggregate.entry_bytes = 16;
  rules.hash_aggregate.has_tuples_context = true;
  return rules;
}

constexpr std::array kRules{pg15(), pg16(), pg17(), pg18()};

}  // namespace

const OperationRules* find_operation_rules(int major) {
  for (const OperationRules& rules : kRules)
    if (rules.major == major) return &rules;
  return nullptr;
}

}  // namespace palloscope::core
