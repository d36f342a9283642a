// What a server may take at the worst (spec 12.1): connections times what one backend's operations may take, workers,
// temp_buffers, maintenance, shared memory. Pure arithmetic; none of these limits is hard, as the operations show.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/workmem/work_settings.h"

namespace palloscope::core {

struct ServerSettings {
  WorkSettings work;
  std::uint32_t max_connections = 100;
  std::uint32_t autovacuum_max_workers = 3;
  std::int64_t autovacuum_work_mem_kb = -1;    // -1: maintenance_work_mem
  std::uint64_t temp_buffers = 1024;           // pages of 8 kB, of each backend that uses temporary tables
  std::uint64_t base_bytes = 6 * 1024 * 1024;  // of a backend with nothing to do: its caches (1.5 to 6 MB)
  std::uint64_t shared_bytes = 0;              // shared memory; 0: not asked about
  friend bool operator==(const ServerSettings&, const ServerSettings&) = default;
};

// A setting as in postgresql.conf ("work_mem", "64MB"). NotFound: it is none of those above, by name.
Status set_server_setting(ServerSettings& settings, std::string_view name, std::string_view value);
// Their names, in the order of --help.
std::span<const std::string_view> server_setting_names();

// What limits a node of a plan.
enum class NodeLimit : std::uint8_t {
  WorkMem,     // sort, materialize, window, CTE: work_mem, in each process
  HashMem,     // hash, hash aggregate, hashed subplan, memoize: work_mem * hash_mem_multiplier, in each process
  SharedHash,  // a shared hash table: that limit times its processes, once
};

struct PlanOperation {
  std::string node;  // "Sort", "Hash", as EXPLAIN names it
  NodeLimit limit = NodeLimit::WorkMem;
  std::uint32_t processes = 1;               // that run it: the leader and its workers
  std::optional<std::uint64_t> taken_bytes;  // by EXPLAIN (ANALYZE), of all its processes; none: not said
  std::uint64_t disk_bytes = 0;              // that it spilled
  std::uint64_t batches = 0;                 // of a hash; 0: not said
  friend bool operator==(const PlanOperation&, const PlanOperation&) = default;
};

// A plan's own limits in bytes, all processes together.
std::uint64_t limit_of(const PlanOperation& operation, const WorkSettings& settings);

// What is reckoned with when there is no plan: a sort above a hash join.
std::vector<PlanOperation> common_plan();

struct WorstCase {  // bytes
  std::uint64_t base = 0, operations = 0, temp_buffers = 0;
  std::uint64_t backend = 0;   // the three
  std::uint64_t backends = 0;  // of all connections
  std::uint64_t maintenance = 0, shared = 0;
  std::uint64_t total = 0;
  friend bool operator==(const WorstCase&, const WorstCase&) = default;
};
WorstCase worst_case(const ServerSettings& settings, std::span<const PlanOperation> plan);

}  // namespace palloscope::core
