#include "gui/cli/workmem_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string_view>

#include "core/base/counted.h"

namespace palloscope::gui::cli {
namespace {

using core::OperationKind;
using core::OperationPhase;
using core::PlanOperation;
using core::Trial;
using Json = nlohmann::ordered_json;

std::string in_units(std::uint64_t bytes) {
  const auto of = [bytes](int shift) {
    return static_cast<double>(bytes) / static_cast<double>(std::uint64_t{1} << shift);
  };
  if (bytes >= std::uint64_t{1} << 40) return fmt::format("{:.1f} TB", of(40));
  if (bytes >= std::uint64_t{1} << 30) return fmt::format("{:.1f} GB", of(30));
  if (bytes >= std::uint64_t{1} << 20) return fmt::format("{:.1f} MB", of(20));
  return fmt::format("{} kB", (bytes + 1023) / 1024);
}

// --- the worst case ---------------------------------------------------------------------------------------------

std::string_view limit_word(core::NodeLimit limit) {
  switch (limit) {
    case core::NodeLimit::WorkMem:
      return "work_mem";
    case core::NodeLimit::HashMem:
      return "work_mem * hash_mem_multiplier";
    case core::NodeLimit::SharedHash:
      return "work_mem * hash_mem_multiplier, pooled";
  }
  return "";
}

struct Line {
  std::string what;
  std::uint64_t bytes = 0;
  std::string how;
};

std::vector<Line> lines_of(const core::WorstCase& all, const WorkmemSettings& settings) {
  const core::ServerSettings& server = settings.server;
  const bool own = server.autovacuum_work_mem_kb >= 0;
  return {{"backend, idle", all.base, "caches of each of its processes; --base"},
          {"backend, operations", all.operations, "the plan's limits, below"},
          {"backend, temporary tables", all.temp_buffers,
           fmt::format("temp_buffers: {}", core::counted(server.temp_buffers, "page"))},
          {"a backend", all.backend, "the three"},
          {"all backends", all.backends, core::counted(server.max_connections, "connection")},
          {"maintenance", all.maintenance,
           fmt::format("{}, {} each", core::counted(server.autovacuum_max_workers, "autovacuum worker"),
                       own ? "autovacuum_work_mem" : "maintenance_work_mem")},
          {"shared memory", all.shared, settings.shared->complete ? "palloscope shmem tells its parts" : "at least"},
          {"worst case", all.total, "not a hard limit: see NOTES of --help"}};
}

// --- one operation ----------------------------------------------------------------------------------------------

std::string_view phase_word(OperationPhase phase) {
  switch (phase) {
    case OperationPhase::Initial:
      return "in memory";
    case OperationPhase::Bounded:
      return "bounded heap";
    case OperationPhase::BuildRuns:
      return "building runs";
    case OperationPhase::SortedInMemory:
      return "sorted in memory";
    case OperationPhase::SortedOnTape:
      return "sorted on tape";
    case OperationPhase::FinalMerge:
      return "final merge";
    case OperationPhase::Build:
      return "build";
    case OperationPhase::Probe:
      return "probe";
    case OperationPhase::Fill:
      return "fill";
    case OperationPhase::Spill:
      return "spill";
    case OperationPhase::Refill:
      return "refill";
  }
  return "";
}

struct Figure {
  std::string name;
  std::uint64_t value = 0;
  std::string text;  // as people read it
};

std::vector<Figure> figures_of(const Trial& trial, const WorkmemWish& wish) {
  const auto bytes = [](std::string name, std::uint64_t value) {
    return Figure{std::move(name), value, in_units(value)};
  };
  const auto count = [](std::string name, std::uint64_t value) {
    return Figure{std::move(name), value, std::to_string(value)};
  };
  std::vector<Figure> all{bytes("limit_bytes", trial.limit_bytes),
                          bytes(trial.on_disk ? "file_bytes" : "peak_bytes", trial.peak_bytes),
                          bytes("highest_bytes", trial.highest_bytes), bytes("context_bytes", trial.context_bytes),
                          bytes("disk_bytes", trial.disk_bytes)};
  if (trial.on_disk) all.pop_back();  // the same
  if (wish.trial.kind == OperationKind::Sort) {
    all.push_back(count("memtuples_slots", trial.slots));
    all.push_back(count("runs", trial.parts));
    all.push_back(count("merged_runs", trial.merged_runs));
    all.push_back(count("tapes", trial.tapes));
    all.push_back(count("merged_tapes", trial.merged_tapes));
  } else {
    const bool join = wish.trial.kind == OperationKind::HashJoin;
    all.push_back(count(join ? "buckets" : "slots", trial.slots));
    all.push_back(count(join ? "original_buckets" : "original_slots", trial.original_slots));
    all.push_back(count("batches", trial.parts));
    if (join) all.push_back(count("original_batches", trial.original_parts));
    if (!join) all.push_back(count("groups", trial.groups));
  }
  return all;
}

// The line of EXPLAIN (ANALYZE).
std::string explain_line(const Trial& trial, OperationKind kind) {
  const std::uint64_t kb = (trial.peak_bytes + 1023) / 1024;
  if (kind == OperationKind::Sort)
    return fmt::format("Sort Method: {}  {}: {}kB", trial.method, trial.on_disk ? "Disk" : "Memory", kb);
  if (kind == OperationKind::HashAggregate) return fmt::format("Batches: {}  Memory Usage: {}kB", trial.parts, kb);
  const auto with = [](std::string_view name, std::uint64_t now, std::uint64_t before) {
    return now == before ? fmt::format("{}: {}", name, now) : fmt::format("{}: {} (originally {})", name, now, before);
  };
  return fmt::format("{}  {}  Memory Usage: {}kB", with("Buckets", trial.slots, trial.original_slots),
                     with("Batches", trial.parts, trial.original_parts), kb);
}

// The server's counter goes on while runs are merged into longer ones.
std::string runs_text(std::uint32_t runs, std::uint32_t initial) {
  return runs <= initial
             ? core::counted(runs, "run")
             : fmt::format("{} and {}", core::counted(initial, "run"), core::counted(runs - initial, "merged one"));
}

std::string decision_text(const core::TrialDecision& one, const Trial& trial, OperationKind kind) {
  std::string text = fmt::format("{}; {} of {}", phase_word(one.phase), in_units(one.counted.used_bytes),
                                 in_units(one.counted.limit_bytes));
  if (kind == OperationKind::Sort)
    text +=
        fmt::format("; {}, {}", core::counted(one.counted.slots, "slot"), runs_text(one.counted.parts, trial.parts));
  else if (kind == OperationKind::HashJoin)
    text += fmt::format("; {}, {}", core::counted(one.counted.slots, "bucket"),
                        core::counted(one.counted.parts, "batch", "batches"));
  else
    text += fmt::format("; {}, {}, {}", core::counted(one.counted.tuples, "group"),
                        core::counted(one.counted.slots, "slot"), core::counted(one.counted.parts, "partition"));
  return text;
}

// A sort of one by-reference column: tuplesort_putdatum tells tuplesort_puttuple_common a size of 0 since 17.
bool leaves_values_uncounted(const core::TrialSpec& spec) {
  return spec.kind == OperationKind::Sort && spec.sort_kind == core::SortKind::DatumByReference &&
         !core::find_operation_rules(spec.major)->sort.counts_datum_values;
}

std::string subject(const WorkmemWish& wish) {
  if (wish.column == "int") return fmt::format("{} of {} of one int", wish.what, core::counted(wish.trial.rows, "row"));
  return fmt::format("{} of {}, {} wide", wish.what, core::counted(wish.trial.rows, "row"),
                     core::counted(wish.trial.width, "byte"));
}

}  // namespace

void write_worst(const core::WorstCase& all, const WorkmemSettings& settings, const std::vector<PlanOperation>& plan,
                 const WorkmemWish& wish, std::ostream& out) {
  const core::WorkSettings& work = settings.server.work;
  const std::vector<Line> lines = lines_of(all, settings);
  if (wish.format == "csv") {
    out << "part,bytes,how\n";
    for (const Line& line : lines) out << fmt::format("\"{}\",{},\"{}\"\n", line.what, line.bytes, line.how);
    for (const PlanOperation& one : plan)
      out << fmt::format("\"node {}\",{},\"{} in {} processes\"\n", one.node, core::limit_of(one, work),
                         limit_word(one.limit), one.processes);
    return;
  }
  if (wish.format == "json") {
    Json root{{"pg", wish.trial.major},
              {"work_mem_kb", work.work_mem_kb},
              {"hash_mem_multiplier", work.hash_mem_multiplier},
              {"maintenance_work_mem_kb", work.maintenance_work_mem_kb},
              {"max_connections", settings.server.max_connections}};
    root["bytes"] = {{"base", all.base},       {"operations", all.operations}, {"temp_buffers", all.temp_buffers},
                     {"backend", all.backend}, {"backends", all.backends},     {"maintenance", all.maintenance},
                     {"shared", all.shared},   {"worst_case", all.total}};
    root["plan"] = Json::array();
    for (const PlanOperation& one : plan) {
      Json row{{"node", one.node},
               {"limit", limit_word(one.limit)},
               {"processes", one.processes},
               {"limit_bytes", core::limit_of(one, work)},
               {"taken_bytes", one.taken_bytes ? Json(*one.taken_bytes) : Json(nullptr)},
               {"disk_bytes", one.disk_bytes}};
      if (one.batches != 0) row["batches"] = one.batches;
      root["plan"].push_back(std::move(row));
    }
    out << root.dump(1) << '\n';
    return;
  }
  out << fmt::format("PostgreSQL {}: work_mem {} kB, hash_mem_multiplier {}\n\n", wish.trial.major, work.work_mem_kb,
                     work.hash_mem_multiplier);
  for (const Line& line : lines) {
    const bool sum = line.what == "a backend" || line.what == "all backends" || line.what == "worst case";
    out << fmt::format("{} {:<26}{:>12}  {}\n", sum ? '=' : ' ', line.what, in_units(line.bytes), line.how);
  }
  out << (wish.plan_file.empty() ? "\nNo --plan: reckoned with a sort above a hash join\n"
                                 : fmt::format("\nNodes of {} with a limit\n", wish.plan_file));
  out << "  processes        may take      took      on disk  node\n";
  std::uint64_t may = 0, took = 0, disk = 0;
  bool said = false;
  for (const PlanOperation& one : plan) {
    const std::uint64_t limit = core::limit_of(one, work);
    may += limit;
    took += one.taken_bytes.value_or(0);
    disk += one.disk_bytes;
    said = said || one.taken_bytes || one.disk_bytes != 0;
    out << fmt::format("  {:>9}{:>16}{:>10}{:>13}  {} ({}{})\n", one.processes, in_units(limit),
                       one.taken_bytes ? in_units(*one.taken_bytes) : "-",
                       one.disk_bytes != 0 ? in_units(one.disk_bytes) : "-", one.node, limit_word(one.limit),
                       one.batches > 1 ? fmt::format("; {} batches", one.batches) : "");
  }
  if (said)
    out << fmt::format("  {:>9}{:>16}{:>10}{:>13}  all\n", "", in_units(may), in_units(took),
                       disk != 0 ? in_units(disk) : "-");
}

void write_trial(const Trial& trial, const WorkmemWish& wish, const core::WorkSettings& work, std::ostream& out) {
  const std::vector<Figure> figures = figures_of(trial, wish);
  const core::TrialSpec& spec = wish.trial;
  if (wish.format == "csv") {
    out << "figure,value\n";
    for (const Figure& one : figures) out << one.name << ',' << one.value << '\n';
    return;
  }
  if (wish.format == "json") {
    Json root{{"operation", wish.what},
              {"pg", spec.major},
              {"rows", spec.rows},
              {"width", spec.width},
              {"work_mem_kb", work.work_mem_kb},
              {"explain", explain_line(trial, spec.kind)}};
    if (spec.kind == OperationKind::Sort) {
      root["method"] = trial.method;
      root["counts_values"] = !leaves_values_uncounted(spec);
    }
    for (const Figure& one : figures) root[one.name] = one.value;
    root["decisions"] = Json::array();
    for (const core::TrialDecision& one : trial.decisions)
      root["decisions"].push_back({{"row", one.row},
                                   {"phase", phase_word(one.phase)},
                                   {"used_bytes", one.counted.used_bytes},
                                   {"limit_bytes", one.counted.limit_bytes},
                                   {"tuples", one.counted.tuples},
                                   {"slots", one.counted.slots},
                                   {"parts", one.counted.parts}});
    root["decision_count"] = trial.decision_count;
    out << root.dump(1) << '\n';
    return;
  }
  out << fmt::format("PostgreSQL {}, work_mem {} kB: {}\n\n  {}\n\n", spec.major, work.work_mem_kb, subject(wish),
                     explain_line(trial, spec.kind));
  for (const Figure& one : figures) {
    std::string name = one.name;
    if (name.ends_with("_bytes")) name.resize(name.size() - 6);
    std::replace(name.begin(), name.end(), '_', ' ');
    out << fmt::format("  {:<18}{:>12}\n", name, one.text);
  }
  if (leaves_values_uncounted(spec))
    out << "\n  Since 17 a sort of a single text column counts its slots of 24 bytes, but not the values: they fill\n"
           "  \"context\" beyond work_mem, and never make it spill.\n";
  out << "\nWhat it decided\n";
  constexpr std::size_t kShown = 24;
  for (std::size_t i = 0; i < trial.decisions.size() && i < kShown; ++i) {
    const core::TrialDecision& one = trial.decisions[i];
    const std::string when = one.row > spec.rows ? "at the end" : fmt::format("row {}", one.row);
    out << fmt::format("  {:<12}{}\n", when, decision_text(one, trial, spec.kind));
  }
  if (trial.decision_count > kShown) out << fmt::format("  ... {} more\n", trial.decision_count - kShown);
}

}  // namespace palloscope::gui::cli
