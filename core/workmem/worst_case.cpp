#include "core/workmem/worst_case.h"

#include <limits>

namespace palloscope::core {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();

// Settings may be absurd: sums and products stop at the greatest number instead of beginning anew.
std::uint64_t add(std::uint64_t a, std::uint64_t b) { return a > kMost - b ? kMost : a + b; }
std::uint64_t times(std::uint64_t a, std::uint64_t b) { return b != 0 && a > kMost / b ? kMost : a * b; }

}  // namespace

std::uint64_t limit_of(const PlanOperation& operation, const WorkSettings& settings) {
  const std::uint64_t each =
      operation.limit == NodeLimit::WorkMem ? times(settings.work_mem_kb, 1024) : settings.hash_limit_bytes();
  return times(each, operation.processes);
}

std::vector<PlanOperation> common_plan() {
  return {{"Sort", NodeLimit::WorkMem, 1, std::nullopt, 0, 0}, {"Hash", NodeLimit::HashMem, 1, std::nullopt, 0, 0}};
}

WorstCase worst_case(const ServerSettings& settings, std::span<const PlanOperation> plan) {
  WorstCase all;
  all.base = settings.base_bytes;
  std::uint32_t processes = 1;
  for (const PlanOperation& operation : plan) {
    all.operations = add(all.operations, limit_of(operation, settings.work));
    processes = std::max(processes, operation.processes);
  }
  // Workers have caches too, but no temporary tables.
  all.base = times(all.base, processes);
  all.temp_buffers = times(settings.temp_buffers, 8192);
  all.backend = add(add(all.base, all.operations), all.temp_buffers);
  all.backends = times(all.backend, settings.max_connections);
  const std::uint64_t maintenance_kb = settings.autovacuum_work_mem_kb < 0
                                           ? settings.work.maintenance_work_mem_kb
                                           : static_cast<std::uint64_t>(settings.autovacuum_work_mem_kb);
  all.maintenance = times(times(maintenance_kb, 1024), settings.autovacuum_max_workers);
  all.shared = settings.shared_bytes;
  all.total = add(add(all.backends, all.maintenance), all.shared);
  return all;
}

}  // namespace palloscope::core
