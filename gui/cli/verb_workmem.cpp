// palloscope workmem: what a server may take at the worst, and what one sort, hash join or hash aggregate takes.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "core/shmem/shmem_map.h"
#include "core/workmem/trial.h"
#include "core/workmem/worst_case.h"
#include "gui/cli/arguments.h"
#include "trace/importers/explain_plan.h"

namespace palloscope::gui::cli {
namespace {

using core::OperationKind;
using core::OperationPhase;
using core::PlanOperation;
using core::Trial;
using Json = nlohmann::ordered_json;

struct Wish {
  std::string what = "worst", format = "text", plan_file, base = "6MB", order = "random", column;
  std::vector<std::string> assignments;
  core::TrialSpec trial;
  double planned_rows = 0;
  std::uint64_t planned_width = 0;
};

std::string in_units(std::uint64_t bytes) {
  const auto of = [bytes](int shift) {
    return static_cast<double>(bytes) / static_cast<double>(std::uint64_t{1} << shift);
  };
  if (bytes >= std::uint64_t{1} << 40) return fmt::format("{:.1f} TB", of(40));
  if (bytes >= std::uint64_t{1} << 30) return fmt::format("{:.1f} GB", of(30));
  if (bytes >= std::uint64_t{1} << 20) return fmt::format("{:.1f} MB", of(20));
  return fmt::format("{} kB", (bytes + 1023) / 1024);
}

// --- settings ---------------------------------------------------------------------------------------------------

struct Settings {
  core::ServerSettings server;
  std::optional<core::ShmemMap> shared;
};

core::Result<Settings> settings_from(const Wish& wish) {
  Settings all;
  core::ShmemSettings shared(wish.trial.major);
  for (const std::string& assignment : wish.assignments) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos)
      return core::Error{core::ErrorCode::BadArgument, fmt::format("--set {}: write it as NAME=VALUE", assignment)};
    const std::string name = assignment.substr(0, equals), value = assignment.substr(equals + 1);
    const auto ours = core::set_server_setting(all.server, name, value);
    if (!ours && ours.error().code != core::ErrorCode::NotFound) return ours.error();
    // max_connections and autovacuum_max_workers decide about shared memory too.
    if (!ours || core::find_guc(name, wish.trial.major) != nullptr)
      if (const auto theirs = shared.set(name, value); !theirs) return theirs.error();
  }
  const auto base = core::parse_bytes(wish.base, 1);
  if (!base) return core::Error{base.error().code, "--base: " + base.error().message};
  all.server.base_bytes = static_cast<std::uint64_t>(*base);
  auto map = core::compute_shmem_map(shared);
  if (!map) return map.error();
  all.server.shared_bytes = map->total_bytes;
  all.shared = std::move(*map);
  return all;
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

std::vector<Line> lines_of(const core::WorstCase& all, const Settings& settings) {
  const core::ServerSettings& server = settings.server;
  const bool own = server.autovacuum_work_mem_kb >= 0;
  return {{"backend, idle", all.base, "caches of each of its processes; --base"},
          {"backend, operations", all.operations, "the plan's limits, below"},
          {"backend, temporary tables", all.temp_buffers, fmt::format("temp_buffers: {} pages", server.temp_buffers)},
          {"a backend", all.backend, "the three"},
          {"all backends", all.backends, fmt::format("{} connections", server.max_connections)},
          {"maintenance", all.maintenance,
           fmt::format("{} autovacuum workers, {} each", server.autovacuum_max_workers,
                       own ? "autovacuum_work_mem" : "maintenance_work_mem")},
          {"shared memory", all.shared, settings.shared->complete ? "palloscope shmem tells its parts" : "at least"},
          {"worst case", all.total, "not a hard limit: see NOTES of --help"}};
}

void write_worst(const core::WorstCase& all, const Settings& settings, const std::vector<PlanOperation>& plan,
                 const Wish& wish, std::ostream& out) {
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

std::vector<Figure> figures_of(const Trial& trial, const Wish& wish) {
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

std::string decision_text(const core::TrialDecision& one, OperationKind kind) {
  std::string text = fmt::format("{}; {} of {}", phase_word(one.phase), in_units(one.counted.used_bytes),
                                 in_units(one.counted.limit_bytes));
  if (kind == OperationKind::Sort)
    text += fmt::format("; {} slots, {} runs", one.counted.slots, one.counted.parts);
  else if (kind == OperationKind::HashJoin)
    text += fmt::format("; {} buckets, {} batches", one.counted.slots, one.counted.parts);
  else
    text +=
        fmt::format("; {} groups, {} slots, {} partitions", one.counted.tuples, one.counted.slots, one.counted.parts);
  return text;
}

void write_trial(const Trial& trial, const Wish& wish, const core::WorkSettings& work, std::ostream& out) {
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
    if (spec.kind == OperationKind::Sort) root["method"] = trial.method;
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
  out << fmt::format("PostgreSQL {}, work_mem {} kB: {} of {} rows, {} bytes wide\n\n  {}\n\n", spec.major,
                     work.work_mem_kb, wish.what, spec.rows, spec.width, explain_line(trial, spec.kind));
  for (const Figure& one : figures) {
    std::string name = one.name;
    if (name.ends_with("_bytes")) name.resize(name.size() - 6);
    std::replace(name.begin(), name.end(), '_', ' ');
    out << fmt::format("  {:<18}{:>12}\n", name, one.text);
  }
  out << "\nWhat it decided\n";
  constexpr std::size_t kShown = 24;
  for (std::size_t i = 0; i < trial.decisions.size() && i < kShown; ++i) {
    const core::TrialDecision& one = trial.decisions[i];
    const std::string when = one.row > spec.rows ? "at the end" : fmt::format("row {}", one.row);
    out << fmt::format("  {:<12}{}\n", when, decision_text(one, spec.kind));
  }
  if (trial.decision_count > kShown) out << fmt::format("  ... {} more\n", trial.decision_count - kShown);
}

core::Result<std::string> read_file(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  if (!in) return core::Error{core::ErrorCode::Io, name + ": cannot be read"};
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

constexpr const char* kNotes =
    "NOTES: No limit of PostgreSQL's is hard. A sort on disk has tape buffers within work_mem, a hash join has 8 kB "
    "for\n"
    "each open batch file beyond it, and rows of one key cannot be divided into batches. A row of --width bytes has a\n"
    "header of 16 more. Figures of sorts and hash joins are those of real servers (tests/golden/workmem).";

}  // namespace

int run_workmem(Arguments arguments, Streams io) {
  CLI::App app(
      "Works out what a server may take at the worst: connections, their operations under work_mem, workers,\n"
      "temp_buffers, autovacuum, shared memory. Or what one sort, hash join or hash aggregate takes, and when it "
      "decides\nto spill: palloscope workmem sort --rows 20000 --width 32 --pg 17 --set work_mem=64kB");
  Wish wish;
  std::string names;
  for (const std::string_view name : core::server_setting_names())
    names += (names.empty() ? "" : ", ") + std::string(name);
  app.add_option("WHAT", wish.what, "worst; or one operation: sort, join, aggregate")
      ->check(CLI::IsMember({"worst", "sort", "join", "aggregate"}))
      ->capture_default_str();
  app.add_option("--pg", wish.trial.major, "the server's version")->check(CLI::Range(15, 18))->capture_default_str();
  app.add_option("--set", wish.assignments,
                 "a setting, as in postgresql.conf: " + names + ", and those of palloscope shmem")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app.add_option("--format", wish.format, "text, csv, json")
      ->check(CLI::IsMember({"text", "csv", "json"}))
      ->capture_default_str();
  app.add_option("--plan", wish.plan_file, "worst: a plan as EXPLAIN (ANALYZE, FORMAT JSON) prints it")
      ->type_name("FILE");
  app.add_option("--base", wish.base, "worst: memory of a backend that does nothing")->capture_default_str();
  app.add_option("--rows", wish.trial.rows, "rows that come in")->capture_default_str();
  app.add_option("--width", wish.trial.width, "bytes of a row's columns")->capture_default_str();
  app.add_option("--order", wish.order, "sort: in which order rows come")
      ->check(CLI::IsMember({"random", "ascending", "descending"}))
      ->capture_default_str();
  app.add_option("--limit", wish.trial.bound, "sort: LIMIT above it")->type_name("N");
  app.add_option("--column", wish.column, "sort: of one column alone, an int or a text")
      ->check(CLI::IsMember({"int", "text"}));
  CLI::Option* planned = app.add_option("--planned-rows", wish.planned_rows,
                                        "join, aggregate: rows (groups) that the planner expects; left out: the truth");
  CLI::Option* planned_width =
      app.add_option("--planned-width", wish.planned_width, "join, aggregate: the width it expects");
  app.add_option("--distinct", wish.trial.distinct, "join: keys that differ; aggregate: groups; left out: all");
  app.add_option("--frequent", wish.trial.frequent_percent, "join: percent of the rows that have one and the same key")
      ->check(CLI::Range(0, 100));
  app.footer(kNotes);
  if (const auto status = parse_arguments(app, "workmem", arguments, io)) return *status;

  const auto settings = settings_from(wish);
  if (!settings) return complain("workmem", settings.error(), io);
  if (wish.what == "worst") {
    std::vector<PlanOperation> plan = core::common_plan();
    if (!wish.plan_file.empty()) {
      const auto text = read_file(wish.plan_file);
      if (!text) return complain("workmem", text.error(), io);
      auto read = trace::read_explain_plan(*text);
      if (!read) return complain("workmem", fmt::format("{}: {}", wish.plan_file, read.error().message), io);
      plan = std::move(*read);
    }
    write_worst(core::worst_case(settings->server, plan), *settings, plan, wish, io.out);
    return kExitGood;
  }
  core::TrialSpec& spec = wish.trial;
  spec.settings = settings->server.work;
  spec.kind = wish.what == "sort"   ? OperationKind::Sort
              : wish.what == "join" ? OperationKind::HashJoin
                                    : OperationKind::HashAggregate;
  if (wish.order == "ascending") spec.order = core::RowOrder::Ascending;
  if (wish.order == "descending") spec.order = core::RowOrder::Descending;
  if (!wish.column.empty())
    spec.sort_kind = core::sort_kind_of(1, wish.column == "int", core::find_operation_rules(spec.major)->sort);
  if (*planned) spec.planned_rows = wish.planned_rows;
  if (*planned_width) spec.planned_width = wish.planned_width;
  const auto trial = core::run_trial(spec);
  if (!trial) return complain("workmem", trial.error(), io);
  write_trial(*trial, wish, settings->server.work, io.out);
  return kExitGood;
}

}  // namespace palloscope::gui::cli
